//! What a run tells while it goes on, and at its end.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    row::{Failure, TargetState},
    work::Obstacle,
};

/// What happens in a run, as it happens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// Work on so many targets of a list begins.
    Began {
        /// The list, such as `tenants of customer`.
        target: String,
        /// How many there are.
        targets: usize,
        /// The run, as it is recorded: what `down` can take back.
        run: String,
    },
    /// A target is done.
    Done {
        /// The list.
        target: String,
        /// The database.
        database: String,
        /// Its tenant.
        tenant: Option<String>,
        /// How many migrations were carried out.
        migrations: usize,
        /// How long it took, the writing of its record not counted.
        elapsed: Duration,
    },
    /// A target is not done.
    Failed(Failed),
    /// The databases do not answer; it goes on as soon as they do.
    Paused {
        /// The list.
        target: String,
    },
    /// So many have failed that no more are begun.
    Halted {
        /// The list.
        target: String,
        /// Why.
        reason: String,
    },
}

/// A target that a run did not finish.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failed {
    /// The list.
    pub target: String,
    /// The database.
    pub database: String,
    /// Its tenant.
    pub tenant: Option<String>,
    /// What it is in now.
    pub state: TargetState,
    /// Why.
    pub failure: Failure,
}

/// What became of a run.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// How many targets are done.
    pub done: u64,
    /// How many migrations were carried out there.
    pub migrations: u64,
    /// Those that are not done.
    pub failed: Vec<Failed>,
    /// Databases to which nothing was done, because their records do not speak of what the lists do.
    pub blocked: Vec<(String, Obstacle)>,
    /// How many were left out because they had failed before, and nothing has changed since.
    pub quarantined_before: u64,
    /// How many wait for a person.
    pub interrupted_before: u64,
    /// Why no more were begun, where that is so.
    pub halted: Option<String>,
    /// Whether it was stopped from outside.
    pub is_stopped: bool,
    /// The runs, as they are recorded: what `down` can take back.
    pub runs: Vec<String>,
}

impl Outcome {
    /// Returns whether no more targets are begun.
    pub fn is_halted(&self) -> bool {
        self.halted.is_some() || self.is_stopped
    }

    /// Returns whether every target that was meant is where it was to be.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty()
            && self.blocked.is_empty()
            && !self.is_halted()
            && self.quarantined_before + self.interrupted_before == 0
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
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("told")
    }
}
