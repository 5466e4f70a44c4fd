//! What a run of seeds tells while it goes on, and at its end.

use std::{fmt, path::PathBuf, sync::Arc};

/// What happens in a run, as it happens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A seed has been compared with a database, and written where it differed.
    Done(Done),
    /// A seed is not done at a database.
    Failed(Failed),
    /// A password was made up; it is in this file, and nowhere else.
    Password {
        /// The file, which its owner alone may read.
        path: PathBuf,
    },
}

/// Which seed, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct At {
    /// The list, such as `tenants of customer`.
    pub target: String,
    /// The database.
    pub database: String,
    /// Its tenant.
    pub tenant: Option<String>,
    /// The seed.
    pub seed: &'static str,
    /// Its kind, in a word.
    pub kind: &'static str,
}

/// A seed at a database: what was done there, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done {
    /// Which, and where.
    pub at: At,
    /// The rows.
    pub rows: Counts,
    /// Why nothing was to be done, where the seed says so.
    pub skipped: Option<String>,
}

/// A seed that a run did not finish at a database.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failed {
    /// Which, and where.
    pub at: At,
    /// What was done there before.
    pub rows: Counts,
    /// Why.
    pub reason: String,
    /// Whether something must be there first that is not, such as an index.
    pub is_precondition: bool,
}

/// How many rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// That were not there.
    pub inserted: u64,
    /// That differed.
    pub updated: u64,
    /// That were as they are to be.
    pub unchanged: u64,
    /// That the seed has no longer.
    pub pruned: u64,
    /// That people changed, or took away, and that stay so.
    pub kept: u64,
}

impl Counts {
    /// Returns how many documents are written.
    pub fn written(self) -> u64 {
        self.inserted + self.updated + self.pruned
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.pruned += other.pruned;
        self.kept += other.kept;
    }
}

/// What became of a run, or would.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// How many pairs of a seed and a database are done.
    pub done: u64,
    /// All their rows.
    pub rows: Counts,
    /// Those that are not done.
    pub failed: Vec<Failed>,
    /// Seeds that do not belong into this environment, and were left out.
    pub left_out: Vec<&'static str>,
    /// Whether it was stopped from outside.
    pub is_stopped: bool,
    /// Whether something was to be written, be it only a record.
    pub is_pending: bool,
}

impl Outcome {
    /// Returns whether everything that was meant is done.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && !self.is_stopped
    }

    pub(super) fn count(&mut self, ended: Result<Done, Failed>) {
        match ended {
            Ok(done) => {
                self.done += 1;
                self.rows += done.rows;
            }
            Err(failed) => {
                self.rows += failed.rows;
                self.failed.push(failed);
            }
        }
    }
}

type Tell = dyn Fn(&Event) + Send + Sync;

/// Who is told.
#[derive(Clone, Default)]
pub(super) struct Told(Option<Arc<Tell>>);

impl Told {
    pub(super) fn new(tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    pub(super) fn tell(&self, event: &Event) {
        if let Some(tell) = &self.0 {
            tell(event);
        }
    }

    pub(super) fn ended(&self, ended: &Result<Done, Failed>) {
        self.tell(&match ended {
            Ok(done) => Event::Done(done.clone()),
            Err(failed) => Event::Failed(failed.clone()),
        });
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("told")
    }
}
