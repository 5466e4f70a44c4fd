//! What the guards stand at: read without changing what time would not change, and forced by an operator.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Budget, CircuitState, Class, Eligible, Force, Guard, Load};

/// How the guard of one logical database stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardState {
    /// The logical database.
    pub database: &'static str,
    /// Its circuit.
    pub circuit: CircuitState,
    /// Its calls under way.
    pub load: Load,
    /// Tokens left for retries, which all databases of the deployment share, and the most there can be.
    pub budget: (u32, u32),
    /// Retries so far.
    pub retries: u64,
    /// Calls so far that succeeded after an attempt of which nobody knew whether it had.
    pub recovered: u64,
    /// Calls so far that only the guard's own timer ended: each cost a connection.
    pub forced: u64,
    /// Errors so far whose code is in no table of this version.
    pub unclassified: u64,
}

impl Guard {
    pub(crate) fn state(&self) -> GuardState {
        let inner = &*self.0;
        let budget = self.budget();
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        GuardState {
            database: inner.database,
            circuit: inner.breaker.state(),
            load: inner.bulkhead.load(),
            budget: (budget.tokens(), budget.capacity()),
            retries: read(&inner.counts.retries),
            recovered: read(&inner.counts.recovered),
            forced: read(&inner.counts.forced),
            unclassified: read(&inner.counts.unclassified),
        }
    }

    /// Does to the circuit what an operator says.
    pub(crate) fn force(&self, force: Force) {
        self.0.breaker.force(force);
    }

    /// Returns from when on a call of a verb is slow; nothing for what is no verb, or never slow.
    pub(crate) fn slow_from(&self, verb: &str) -> Option<Duration> {
        Some(Class::of_verb(verb)?.of(&self.0.config.breaker.slow))
    }

    /// Takes note of a health probe that was answered.
    pub(crate) fn note_probe(&self) {
        self.0.breaker.note_probe();
    }

    /// Takes note of what the driver's topology says.
    pub(crate) fn note_servers(&self, eligible: Eligible) {
        self.0.breaker.note_servers(eligible);
    }

    /// Returns whether its retries are to be paid for at all: not with `RETRY_BUDGET=0`.
    pub(crate) fn has_budget(&self) -> bool {
        self.0.config.retry.budget > 0
    }

    /// Gives the budget to another database of the deployment.
    pub(crate) fn share_budget(&self, other: &Self) {
        let own = || Arc::new(Budget::new(self.0.database, self.0.config.retry.budget));
        let shared = self.0.budget.get_or_init(own).clone();
        // One that has its own already keeps it: it was connected later.
        let _ = other.0.budget.set(shared);
    }
}
