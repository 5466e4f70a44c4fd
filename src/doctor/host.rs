//! What Linux tells of processes under /proc: their limit of open files and their command line.
//!
//! Elsewhere every answer is `None`, and the check that asks reads "not tested".

use std::fs;

/// A process's limit of open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Files(u64),
    None,
}

/// Returns the soft limit of open files of a process: `self`, or its number.
pub(super) fn open_files(process: &str) -> Option<Limit> {
    parse(&fs::read_to_string(format!("/proc/{process}/limits")).ok()?)
}

fn parse(limits: &str) -> Option<Limit> {
    let row = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match row.split_whitespace().next()? {
        "unlimited" => Some(Limit::None),
        number => number.parse().ok().map(Limit::Files),
    }
}

/// Returns the words with which a process was started.
pub(super) fn command_line(pid: i64) -> Option<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    let words = line.split_terminator('\0').map(str::to_owned);
    Some(words.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_of_open_files_is_read_out_of_the_table() {
        let row = "Limit  Soft Limit  Hard Limit  Units\nMax processes 5 6 processes\n";

        let some = parse(&format!(
            "{row}Max open files            1024   20000   files \n"
        ));
        let none = parse(&format!(
            "{row}Max open files   unlimited   unlimited   files \n"
        ));

        assert_eq!(some, Some(Limit::Files(1024)));
        assert_eq!(none, Some(Limit::None));
        assert_eq!(parse(row), None);
    }
}
