//! mongod's own log: kept for two starts, and searched for the one line that says why it ended.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use serde_json::Value;

use crate::{Error, error::file};

/// How much of the log's end is searched, in bytes.
const SEARCHED: u64 = 1 << 18;

/// The longest line that is quoted, in characters.
const QUOTED: usize = 400;

/// Begins a new log at `path`; the one before is kept beside it with the ending `.1`.
pub(crate) fn begin(path: &Path) -> Result<File, Error> {
    // There is none before the first start.
    let _ = fs::rename(path, path.with_extension("log.1"));
    File::create(path).map_err(file("create", path))
}

/// Returns whether the log says that another mongod holds the data folder.
pub(crate) fn says_locked(path: &Path) -> bool {
    end_of(path).contains("DBPathInUse")
}

/// Returns whether the log says that the port is another's. mongod ends with 48 where it cannot bind; a port that is
/// taken between its binding and its listening makes it abort.
pub(crate) fn says_port_taken(path: &Path) -> bool {
    says_in_use(&end_of(path))
}

fn says_in_use(text: &str) -> bool {
    text.lines()
        .any(|line| line.contains("listen") && line.contains("Address already in use"))
}

/// Returns the line that says why mongod ended: its first error, or else its last line, at most 400 characters.
pub(crate) fn decisive_line(path: &Path) -> String {
    let text = end_of(path);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines()
        .find_map(serious)
        .or_else(|| lines().next_back().map(str::to_owned));
    let line = line.unwrap_or_else(|| "it said nothing".to_owned());
    line.chars().take(QUOTED).collect()
}

/// Returns a JSON line of severity error or fatal as short text.
fn serious(line: &str) -> Option<String> {
    let entry: Value = serde_json::from_str(line).ok()?;
    if !matches!(entry["s"].as_str()?, "E" | "F") {
        return None;
    }
    let (message, attributes) = (entry["msg"].as_str()?, &entry["attr"]);
    Some(if attributes.is_object() {
        format!("{message} {attributes}")
    } else {
        message.to_owned()
    })
}

fn end_of(path: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut input = File::open(path)?;
        let length = input.metadata()?.len();
        input.seek(SeekFrom::Start(length.saturating_sub(SEARCHED)))?;
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{says_in_use, serious};

    #[test]
    fn a_port_that_was_taken_before_it_could_listen_is_told_from_the_log() {
        let aborted = r#"{"s":"F","msg":"Error listening for new connections on listen address","attr":{"listenAddrs":"127.0.0.1:26296","error":"Address already in use"}}"#;

        assert!(says_in_use(aborted));
        assert!(!says_in_use(
            r#"{"s":"E","msg":"cannot open","attr":{"error":"no space"}}"#
        ));
    }

    #[test]
    fn an_error_is_quoted_and_information_is_not() {
        let error = r#"{"s":"E","msg":"cannot open","attr":{"error":"no space"}}"#;
        let information = r#"{"s":"I","msg":"exiting","attr":{"exitCode":1}}"#;

        assert_eq!(
            serious(error).as_deref(),
            Some(r#"cannot open {"error":"no space"}"#)
        );
        assert_eq!(serious(information), None);
        assert_eq!(serious("plain text"), None);
    }
}
