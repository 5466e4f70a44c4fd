//! What `seed` prints: a table of all databases together, or one JSON object a line.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use mongoplex::seed::{At, Counts, Event, Outcome, Status};
use serde_json::{Value, json};

use crate::{exit::Failure, output};

/// Gathers what happens, and prints it as it happens or at the end.
#[derive(Clone)]
pub(super) struct Report {
    is_json: bool,
    verb: &'static str,
    rows: Arc<Mutex<BTreeMap<usize, Row>>>,
}

/// One seed at all databases.
struct Row {
    target: String,
    seed: &'static str,
    kind: &'static str,
    databases: u64,
    failed: u64,
    skipped: Option<String>,
    counts: Counts,
}

impl Report {
    pub(super) fn new(is_json: bool, verb: &'static str) -> Self {
        Self {
            is_json,
            verb,
            rows: Arc::default(),
        }
    }

    pub(super) fn tell(&self, event: &Event) {
        if self.is_json {
            if let Some(line) = line(event) {
                output::result(line);
            }
            return;
        }
        match event {
            Event::Done(done) => self.gather(&done.at, done.rows, |row| {
                row.skipped.clone_from(&done.skipped)
            }),
            Event::Failed(failed) => {
                self.gather(&failed.at, failed.rows, |row| row.failed += 1);
                let At { seed, database, .. } = &failed.at;
                output::note(format_args!(
                    "seed `{seed}` at {database}: {}",
                    failed.reason
                ));
            }
            Event::Password { path } => output::made_up(path),
            _ => {}
        }
    }

    fn gather(&self, at: &At, counts: Counts, change: impl FnOnce(&mut Row)) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let known = rows
            .iter()
            .find(|(_, row)| row.seed == at.seed && row.target == at.target);
        let place = known.map_or(rows.len(), |(place, _)| *place);
        let row = rows.entry(place).or_insert_with(|| Row {
            target: at.target.clone(),
            seed: at.seed,
            kind: at.kind,
            databases: 0,
            failed: 0,
            skipped: None,
            counts: Counts::default(),
        });
        row.databases += 1;
        row.counts += counts;
        change(row);
    }

    /// Prints what became of it all.
    pub(super) fn end(&self, outcome: &Outcome) {
        if self.is_json {
            return;
        }
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = rows.values().map(|row| {
            let mut cells = vec![
                row.target.clone(),
                row.seed.into(),
                row.kind.into(),
                row.databases.to_string(),
            ];
            cells.extend(each(row.counts).map(|(_, count)| count.to_string()));
            cells.push(row.told());
            cells
        });
        let heading = [
            "TARGET",
            "SEED",
            "KIND",
            "DATABASES",
            "INSERTED",
            "UPDATED",
            "UNCHANGED",
            "PRUNED",
            "KEPT",
            "",
        ];
        let cells: Vec<Vec<String>> = cells.collect();
        if !cells.is_empty() {
            output::result(output::table(&heading, cells));
        }
        let conditional = matches!(self.verb, "plan");
        let would = if conditional { "would be " } else { "" };
        let nothing = if outcome.is_pending {
            ""
        } else {
            ", nothing to do"
        };
        output::result(format_args!(
            "{} documents {would}written{nothing}",
            outcome.rows.written()
        ));
        if !outcome.left_out.is_empty() {
            let names = outcome.left_out.join(", ");
            output::note(format_args!(
                "left out, as for development and test only: {names}"
            ));
        }
    }

    /// Prints the last line, whatever happened.
    pub(super) fn summary(&self, outcome: Option<&Outcome>, failure: Option<&Failure>) {
        if !self.is_json {
            return;
        }
        let none = Outcome::default();
        let outcome = outcome.unwrap_or(&none);
        let mut summary = json!({
            "v": 1, "event": "summary", "verb": self.verb, "done": outcome.done,
            "failed": outcome.failed.len(), "leftOut": outcome.left_out, "pending": outcome.is_pending,
            "stopped": outcome.is_stopped, "code": failure.map_or(0, |failure| failure.code),
        });
        count(&mut summary, outcome.rows);
        summary["error"] = failure.map_or(Value::Null, |failure| failure.message.clone().into());
        output::result(summary);
    }

    pub(super) fn status(&self, all: &[Status]) {
        if self.is_json {
            all.iter()
                .for_each(|status| output::result(status_line(status)));
            return;
        }
        let cells = all.iter().map(|status| {
            let counts = [
                status.databases,
                status.done,
                status.changed,
                status.begun,
                status.failed,
                status.skipped,
                status.never,
            ];
            let mut cells = vec![
                status.target.clone(),
                status.seed.into(),
                status.kind.into(),
            ];
            cells.extend(counts.map(|count| count.to_string()));
            cells.push(status.at.clone().unwrap_or_default());
            cells
        });
        let heading = [
            "TARGET",
            "SEED",
            "KIND",
            "DATABASES",
            "DONE",
            "CHANGED",
            "BEGUN",
            "FAILED",
            "SKIPPED",
            "NEVER",
            "LAST RUN",
        ];
        output::result(output::table(&heading, cells.collect()));
    }
}

impl Row {
    fn told(&self) -> String {
        match (&self.skipped, self.failed) {
            (_, failed @ 1..) => format!("{failed} failed"),
            (Some(skipped), _) => skipped.clone(),
            (None, _) => String::new(),
        }
    }
}

fn line(event: &Event) -> Option<Value> {
    let (name, at, rows) = match event {
        Event::Done(done) => ("seed", &done.at, done.rows),
        Event::Failed(failed) => ("failed", &failed.at, failed.rows),
        Event::Password { path } => {
            let file = path.display().to_string();
            return Some(json!({ "v": 1, "event": "password", "file": file }));
        }
        _ => return None,
    };
    let At {
        target,
        database,
        tenant,
        seed,
        kind,
        ..
    } = at;
    let mut line = json!({
        "v": 1, "event": name, "target": target, "database": database, "tenant": tenant, "seed": seed, "kind": kind,
    });
    count(&mut line, rows);
    match event {
        Event::Done(done) => line["skipped"] = done.skipped.clone().into(),
        Event::Failed(failed) => {
            line["reason"] = failed.reason.clone().into();
            line["precondition"] = failed.is_precondition.into();
        }
        _ => {}
    }
    Some(line)
}

fn status_line(status: &Status) -> Value {
    json!({
        "v": 1, "event": "status", "target": status.target, "seed": status.seed, "kind": status.kind,
        "databases": status.databases, "done": status.done, "changed": status.changed,
        "begun": status.begun, "failed": status.failed, "skipped": status.skipped,
        "never": status.never, "written": status.written, "at": status.at,
        "pending": status.is_pending(),
    })
}

fn count(line: &mut Value, rows: Counts) {
    for (name, number) in each(rows) {
        line[name] = number.into();
    }
}

fn each(rows: Counts) -> [(&'static str, u64); 5] {
    [
        ("inserted", rows.inserted),
        ("updated", rows.updated),
        ("unchanged", rows.unchanged),
        ("pruned", rows.pruned),
        ("kept", rows.kept),
    ]
}
