//! Where figures go: a table for people, a line each for programs.

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use crate::figure::{Figure, Goal};

/// The figures of one bench.
#[derive(Debug)]
pub struct Report {
    mongod: String,
    figures: Vec<Figure>,
}

impl Report {
    /// Returns an empty report; `mongod` is the version of the server that is measured against.
    pub fn new(mongod: impl Into<String>) -> Self {
        Self {
            mongod: mongod.into(),
            figures: Vec::new(),
        }
    }

    /// Adds a figure.
    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Says what is going on, to the standard error output.
    pub fn note(text: &str) {
        // Nobody may be listening.
        drop(writeln!(io::stderr(), "{text}"));
    }

    /// Prints the table and appends each figure to `target/figures.jsonl`.
    ///
    /// # Errors
    /// When either cannot be written.
    pub fn finish(self) -> io::Result<()> {
        writeln!(io::stdout(), "\n{}\n", self.table())?;
        let path = target().join("figures.jsonl");
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        self.figures
            .iter()
            .try_for_each(|figure| self.append(&mut file, figure))
    }

    fn append(&self, file: &mut File, figure: &Figure) -> io::Result<()> {
        let value = (figure.count() > 0).then(|| figure.rounds.value());
        let line = json!({
            "name": figure.name,
            "value": value,
            "unit": figure.unit,
            "goal": goal(figure.goal),
            "control": figure.control(),
            "rounds": figure.count(),
            "spread": figure.rounds.spread(),
            "mongod": self.mongod,
        });
        writeln!(file, "{line}")
    }

    fn table(&self) -> String {
        let header = [
            "FIGURE", "VALUE", "GOAL", "SPREAD", "CONTROL", "SPREAD", "ROUNDS", "",
        ];
        table(header, self.figures.iter().map(row))
    }
}

/// Returns a table whose first and last columns are words and all others numbers, on the right.
#[must_use]
pub fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    table.add_rows(rows);
    for column in table.column_iter_mut().skip(1).take(N.saturating_sub(2)) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let lines = table.to_string();
    let lines = lines.lines().map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n")
}

fn row(figure: &Figure) -> [String; 8] {
    let control = figure.control();
    let if_any = |value: f64| control.map_or_else(String::new, |_| digits(value));
    let of_rounds = |value: f64| match figure.count() {
        0 => String::new(),
        _ => digits(value),
    };
    let value = match figure.count() {
        0 => String::new(),
        _ => format!("{} {}", digits(figure.rounds.value()), figure.unit),
    };
    [
        figure.name.clone(),
        value,
        goal(figure.goal).unwrap_or_default(),
        of_rounds(figure.rounds.spread()),
        if_any(figure.control.value()),
        if_any(figure.control.spread()),
        figure.count().to_string(),
        figure.verdict().as_str().to_owned(),
    ]
}

fn goal(goal: Goal) -> Option<String> {
    match goal {
        Goal::AtMost(value) => Some(format!("<= {}", digits(value))),
        Goal::AtLeast(value) => Some(format!(">= {}", digits(value))),
        Goal::None => None,
    }
}

/// Returns as many digits as say something.
fn digits(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.4}"),
    }
}

/// Returns cargo's target folder: the one in which the running bench was built.
#[must_use]
pub fn target() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let found = program.ancestors().find(marked).map(Path::to_owned);
    found.unwrap_or_else(env::temp_dir)
}
