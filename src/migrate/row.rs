//! A target's record: what was done to one database. It is one document, so that no two records of a
//! database can disagree, and each change of it is one update that its fence guards.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, DateTime, Document, doc};
use serde::{Deserialize, Serialize};

use super::list::{Direction, digest};

/// What a target is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TargetState {
    /// The last run ended there, or a run is under way, or the next one goes on; it may be behind.
    #[default]
    Ready,
    /// The last run did not end there; the next one tries again.
    Failed,
    /// What failed there fails again: it is left out until somebody has looked.
    Quarantined,
    /// A step was cut off of which only a person can say what it has done.
    Interrupted,
}

impl TargetState {
    /// Every state, in the order in which they are told.
    pub const ALL: [Self; 4] = [
        Self::Ready,
        Self::Failed,
        Self::Quarantined,
        Self::Interrupted,
    ];

    /// Returns it in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
            Self::Interrupted => "interrupted",
        }
    }
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    /// The database's name.
    #[serde(rename = "_id")]
    pub(super) database: String,
    /// The physical name of its logical database.
    pub(super) scope: String,
    /// Its tenant, where it is one's.
    #[serde(default)]
    pub(super) tenant: Option<String>,
    pub(super) state: TargetState,
    /// What stands for all that is applied; empty while something is unfinished.
    pub(super) digest: String,
    /// The number of the run that wrote here last.
    pub(super) fence: i64,
    #[serde(default)]
    pub(super) ledger: BTreeMap<String, Entry>,
    /// Why the last run did not end here.
    #[serde(default)]
    pub(super) failure: Option<Failure>,
}

/// A migration in a target's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) state: EntryState,
    /// Of the steps as they were when it was applied, or begun.
    pub(super) hash: String,
    /// How many of its steps have ended, in its direction.
    #[serde(default)]
    pub(super) done: u32,
    /// Of those steps.
    #[serde(default)]
    pub(super) done_hash: String,
    /// Whether the next step has been begun and only a person can say what it has done.
    #[serde(default)]
    pub(super) begun: bool,
    /// How far its backfill is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) progress: Option<Document>,
    /// The run that wrote here last.
    #[serde(default)]
    pub(super) run: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<DateTime>,
}

/// How far a migration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EntryState {
    /// All of it is done, and durable.
    Applied,
    /// It was said to be done, by `baseline`.
    Baselined,
    /// It has begun.
    Started,
    /// Taking it back has begun.
    Reverting,
}

impl EntryState {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Baselined => "baselined",
            Self::Started => "started",
            Self::Reverting => "reverting",
        }
    }

    pub(super) fn is_unfinished(self) -> bool {
        matches!(self, Self::Started | Self::Reverting)
    }

    pub(super) fn begun(direction: Direction) -> Self {
        match direction {
            Direction::Up => Self::Started,
            Direction::Down => Self::Reverting,
        }
    }

    /// Returns which way an unfinished one goes.
    pub(super) fn direction(self) -> Direction {
        match self {
            Self::Reverting => Direction::Down,
            _ => Direction::Up,
        }
    }
}

/// Why a run did not end at a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Failure {
    /// The migration.
    pub migration: String,
    /// Its hash then: another one is worth another try.
    pub hash: String,
    /// The step.
    pub step: String,
    /// The server's code, where it answered with one.
    #[serde(default)]
    pub code: Option<i32>,
    /// Why, in words without contents of documents.
    pub reason: String,
}

impl Failure {
    pub(super) fn to_bson(&self) -> Bson {
        let Self {
            migration,
            hash,
            step,
            code,
            reason,
        } = self;
        doc! { "migration": migration, "hash": hash, "step": step, "code": code, "reason": reason }
            .into()
    }
}

impl Row {
    /// Returns what stands for all that is applied; empty while something is unfinished.
    pub(super) fn digest(&self) -> String {
        if self.unfinished().is_some() {
            return String::new();
        }
        let applied = self.ledger.iter();
        digest(applied.map(|(id, entry)| (id.as_str(), entry.hash.as_str())))
    }

    /// Returns what has begun and not ended.
    pub(super) fn unfinished(&self) -> Option<(&str, &Entry)> {
        let mut entries = self.ledger.iter();
        let found = entries.find(|(_, entry)| entry.state.is_unfinished());
        found.map(|(id, entry)| (id.as_str(), entry))
    }

    /// Returns the last that is applied.
    pub(super) fn last(&self) -> Option<&str> {
        let applied = self.ledger.iter().rev();
        let mut applied = applied.filter(|(_, entry)| !entry.state.is_unfinished());
        applied.next().map(|(id, _)| id.as_str())
    }
}
