//! Debian's `promtool` and `prometheus`; where they are not installed it is said and skipped.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

use super::files::path;

/// Returns whether a program of Debian's package `prometheus` is there; else says what is skipped.
pub(super) fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    let asked = command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let there = asked.status().is_ok_and(|status| status.success());
    if !there {
        // Nobody may be listening.
        let why = "is not installed: Debian's package `prometheus` has it";
        let _ = writeln!(io::stderr(), "skipped: `{program}` {why}");
    }
    there
}

/// Runs `promtool` in the repository's folder; returns its exit code and all that it said.
fn run(words: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = Command::new("promtool");
    let piped = command.args(words).current_dir(path(""));
    let piped = piped
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // It reads all of it before it says anything.
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// Asserts that `promtool` has nothing to say against its input.
pub(super) fn promtool(words: &[&str], input: &str) {
    if is_there("promtool") {
        let (code, said) = run(words, input);
        assert_eq!(code, Some(0), "promtool {words:?}: {said}");
    }
}

/// Asserts that `promtool` can read served figures, and that its linter dislikes one name alone.
pub(super) fn check_metrics(text: &str) {
    // OpenTelemetry's name for it.
    const DISLIKED: &str = "db_client_connection_count ";
    if is_there("promtool") {
        let (code, said) = run(&["check", "metrics"], text);
        // 3 is the linter's, 1 that of a text that cannot be read.
        assert_eq!(code, Some(3), "{said}");
        let mut lines = said.lines();
        assert!(lines.all(|line| line.starts_with(DISLIKED)), "{said}");
    }
}
