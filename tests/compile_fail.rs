//! The promises that the compiler keeps, with our lines of its messages.
//!
//! Each file in `compile_fail/cases` says at its top what is expected of it:
//!
//! - `//~ errors: 1`: how many errors, no more and no fewer; with 0 it must compile;
//! - `//~ error: …`, `//~ note: …`: a line of ours, whole;
//! - `//~ code: E0119`, `//~ names: Invoice`: where the words are the compiler's, only the error's
//!   code and what its message names.
//!
//! Line numbers and the compiler's own words are not compared: they change with every toolchain.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    ffi::OsStr,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_mistake_is_told_once_and_with_its_cure() {
    let cases = cases();
    let told = build(&cases);

    let faults: Vec<String> = cases.iter().filter_map(|case| case.judge(&told)).collect();

    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// One file of `compile_fail/cases` and what it expects.
struct Case {
    name: String,
    path: PathBuf,
    errors: usize,
    expected: Vec<(String, String)>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(ROOT).join("tests/compile_fail/cases");
    let mut cases: Vec<Case> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| Case::read(entry.unwrap().path()))
        .collect();
    cases.sort_by(|one, two| one.name.cmp(&two.name));
    assert!(
        cases.iter().any(|case| case.errors == 0),
        "without a case that compiles, a broken fixture would pass for every mistake"
    );
    cases
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut errors = None;
        let mut expected = Vec::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("//~ ")) {
            let (kind, text) = line.split_once(": ").unwrap();
            match kind {
                "errors" => errors = Some(text.parse().unwrap()),
                "error" | "note" | "code" | "names" => expected.push((kind.into(), text.into())),
                other => panic!("{name}: `//~ {other}` is no expectation"),
            }
        }
        let errors = errors.unwrap_or_else(|| panic!("{name}: say `//~ errors: …`"));
        assert!(
            errors == 0 || !expected.is_empty(),
            "{name}: any error at all would do; say which"
        );
        Self {
            name,
            path,
            errors,
            expected,
        }
    }

    /// Returns what is wrong with what the compiler said, or `None`.
    fn judge(&self, told: &[Value]) -> Option<String> {
        let ours = |line: &&Value| line["target"]["name"] == self.name.as_str();
        let lines: Vec<&Value> = told.iter().filter(ours).collect();
        let errors: Vec<&Value> = lines.iter().filter_map(|line| error(line)).collect();
        let built = lines
            .iter()
            .any(|line| line["reason"] == "compiler-artifact");

        let mut faults = String::new();
        if errors.len() != self.errors || built != (self.errors == 0) {
            let (found, expected) = (errors.len(), self.errors);
            writeln!(faults, "  {found} errors instead of {expected}").unwrap();
        }
        for (kind, text) in &self.expected {
            if !errors.iter().any(|error| says(error, kind, text)) {
                writeln!(faults, "  no {kind}: {text}").unwrap();
            }
        }
        if faults.is_empty() {
            return None;
        }
        let rendered = rendered(errors.into_iter());
        Some(format!("{}:\n{faults}{rendered}", self.name))
    }
}

/// Returns the error in a line of cargo's, without the one that only counts the others.
fn error(line: &Value) -> Option<&Value> {
    let message = &line["message"];
    let text = message["message"].as_str()?;
    (message["level"] == "error" && !text.starts_with("aborting due to")).then_some(message)
}

fn rendered<'a>(errors: impl Iterator<Item = &'a Value>) -> String {
    errors
        .filter_map(|error| error["rendered"].as_str())
        .collect()
}

fn says(error: &Value, kind: &str, text: &str) -> bool {
    // Whether a path is spelt out depends on what other crates happen to have the name.
    let plain = |message: &Value| {
        message["message"]
            .as_str()
            .unwrap_or_default()
            .replace("fixture::", "")
    };
    match kind {
        "code" => error["code"]["code"] == text,
        "names" => plain(error).contains(&format!("`{text}`")),
        "note" => error["children"]
            .as_array()
            .is_some_and(|children| children.iter().any(|child| plain(child) == text)),
        _ => plain(error) == text,
    }
}

/// Builds all cases in one run and returns what cargo said of them, line by line.
fn build(cases: &[Case]) -> Vec<Value> {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let project = scratch.join("compile_fail");
    fs::create_dir_all(&project).unwrap();
    write_where_new(&project.join("Cargo.toml"), &manifest(cases));
    // The versions of this workspace, so that what they were built to is used again.
    let lock = fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    fs::write(project.join("Cargo.lock"), lock).unwrap();

    // Built and not checked, into the outer target folder: nothing but the cases is new there.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--keep-going", "--examples"]);
    cargo.args(["--quiet", "--message-format=json"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // What the outer cargo says of this package: build scripts that look at it would run again,
    // here and then in the next outer build.
    #[expect(clippy::disallowed_methods, reason = "nothing of ours is read")]
    let outer = std::env::vars_os().map(|(name, _)| name);
    for name in outer.filter(|name| is_of_a_package(name)) {
        cargo.env_remove(name);
    }
    let target = scratch.parent().unwrap();
    let output = cargo
        .arg("--target-dir")
        .arg(target)
        .current_dir(&project)
        .output()
        .unwrap();

    let lines = String::from_utf8(output.stdout).unwrap();
    let told: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of_fixture = |line: &&Value| line["target"]["name"] == "fixture";
    let mut fixture = told.iter().filter(of_fixture);
    assert!(
        fixture.any(|line| line["reason"] == "compiler-artifact"),
        "the fixture does not build:\n{}{}",
        rendered(told.iter().filter_map(error)),
        String::from_utf8_lossy(&output.stderr)
    );
    told
}

fn is_of_a_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// Returns the manifest of a project whose examples are the cases.
///
/// `mongoplex-cli`, `mongoplex-testing` and tokio's `test-util` are there for their features: with
/// those of a build of this workspace, no crate from outside it is built again.
fn manifest(cases: &[Case]) -> String {
    let root = ROOT.replace('\\', "/");
    let mut manifest = format!(
        r#"[workspace]

[package]
name = "fixture"
version = "0.0.0"
edition = "2024"

[lib]
path = "{root}/tests/compile_fail/fixture.rs"

[dependencies]
mongoplex = {{ path = "{root}" }}
mongoplex-cli = {{ path = "{root}/crates/cli" }}
mongoplex-testing = {{ path = "{root}/crates/testing" }}
serde = {{ version = "1", features = ["derive"] }}
tokio = {{ version = "1", features = ["test-util"] }}

[profile.dev]
debug = "line-tables-only"

[profile.dev.package."*"]
debug = false
"#
    );
    for Case { name, path, .. } in cases {
        let path = path.to_str().unwrap().replace('\\', "/");
        let example = format!(
            "\n[[example]]\nname = \"{name}\"\npath = \"{path}\"\ncrate-type = [\"lib\"]\n"
        );
        manifest.push_str(&example);
    }
    manifest
}

fn write_where_new(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).unwrap();
}
