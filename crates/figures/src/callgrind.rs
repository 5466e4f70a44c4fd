//! Counting instructions, which no other program on the machine disturbs.

use std::{env, fs, io, process::Command};

use crate::report::target;

/// Runs this very program once more under callgrind, with `words` as its arguments, and returns how
/// many instructions it took; `None` where there is no valgrind.
///
/// What callgrind saw stays in `target/callgrind/<words>.out`, for `callgrind_annotate`.
///
/// # Errors
/// When the program fails, with what it printed.
pub fn instructions(words: &[&str]) -> io::Result<Option<u64>> {
    let folder = target().join("callgrind");
    fs::create_dir_all(&folder)?;
    let name: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| is_plain(word))
        .collect();
    let out = folder.join(format!("{}.out", name.join("-")));
    let answer = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(env::current_exe()?)
        .args(words)
        .output();
    let output = match answer {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        answer => answer?,
    };
    let told = String::from_utf8_lossy(&output.stderr);
    let counted = told.lines().find_map(collected);
    match counted.filter(|_| output.status.success()) {
        Some(count) => Ok(Some(count)),
        None => Err(io::Error::other(format!("under callgrind: {told}"))),
    }
}

/// A URI among the words makes no file name.
fn is_plain(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Reads `==12== Collected : 34`.
fn collected(line: &str) -> Option<u64> {
    let (_, count) = line.split_once("Collected : ")?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_read_from_what_valgrind_says() {
        assert_eq!(collected("==12== Collected : 3456"), Some(3456));
        assert_eq!(collected("==12== Events    : Ir"), None);
    }
}
