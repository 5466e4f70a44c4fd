//! How seeds stand: read from the control database alone, and nothing is written.

use super::{
    compare,
    describe::{Described, Source},
    error::{Error, SeedError},
    ledger::{Entry, entry_id},
    scope::{Ask, Scope},
    worker::Worker,
};

/// How one seed of a list stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The list, such as `tenants of customer`.
    pub target: String,
    /// The seed.
    pub seed: &'static str,
    /// Its kind, in a word.
    pub kind: &'static str,
    /// How many databases are meant.
    pub databases: u64,
    /// Where it is done, as it is written now.
    pub done: u64,
    /// Where it was done, and is written otherwise now.
    pub changed: u64,
    /// Where a run of it has begun and not ended.
    pub begun: u64,
    /// Where the last run of it failed.
    pub failed: u64,
    /// Where it has nothing to do now, by its own word.
    pub skipped: u64,
    /// Where it never ran.
    pub never: u64,
    /// How many documents the last runs have written, all databases together.
    pub written: u64,
    /// When it last ran anywhere, as RFC 3339.
    pub at: Option<String>,
}

impl Status {
    /// Returns whether a run has something to do, as far as the records tell: rows that people changed or
    /// took away are seen by `plan`. Volume is only there when somebody asks for it.
    pub fn is_pending(&self) -> bool {
        self.kind != "volume" && self.done + self.skipped < self.databases
            || self.begun + self.failed > 0
    }
}

impl Scope {
    pub(super) async fn status(&self, ask: &Ask) -> Result<Vec<Status>, Error> {
        let places = self.places(ask).await?;
        let entries = self.entries(&places).await?;
        let mut all = Vec::new();
        for seed in &self.seeds {
            let mut status = self.blank(seed, places.len() as u64);
            let mut last = None;
            for place in &places {
                let worker = self.worker(ask, place, &entries);
                let entry = entries.get(&entry_id(place, seed));
                last = last.max(entry.and_then(|entry| entry.at));
                status.written += entry.map_or(0, |entry| entry.rows.written());
                *count(&mut status, &worker, seed, entry) += 1;
            }
            status.at = last.and_then(|at| at.try_to_rfc3339_string().ok());
            all.push(status);
        }
        Ok(all)
    }

    fn blank(&self, seed: &Described, databases: u64) -> Status {
        Status {
            target: self.list.target(),
            seed: seed.name,
            kind: seed.kind.as_str(),
            databases,
            done: 0,
            changed: 0,
            begun: 0,
            failed: 0,
            skipped: 0,
            never: 0,
            written: 0,
            at: None,
        }
    }
}

/// Returns the number that a database belongs to.
fn count<'s>(
    status: &'s mut Status,
    worker: &Worker<'_>,
    seed: &Described,
    entry: Option<&Entry>,
) -> &'s mut u64 {
    let rows = match &seed.source {
        Source::Rows(rows) => rows(&worker.context),
        _ => Ok(Vec::new()),
    };
    let is_skipped = matches!(rows, Err(SeedError::Skip(_)));
    let Some(entry) = entry else {
        return if is_skipped {
            &mut status.skipped
        } else {
            &mut status.never
        };
    };
    let hash = rows.map(|rows| compare::hex(&compare::digest(&seed.rendered(&rows))));
    let is_same = seed.is_volume() || is_skipped || hash.is_ok_and(|hash| hash == entry.hash);
    match entry.state.as_str() {
        "failed" => &mut status.failed,
        "running" => &mut status.begun,
        _ if is_same => &mut status.done,
        _ => &mut status.changed,
    }
}
