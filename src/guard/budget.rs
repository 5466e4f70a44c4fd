//! What retries may cost a deployment: a bucket of tokens that calls fill and retries empty.
//!
//! With each call that succeeds paying one token and each retry costing five, retries add at most a
//! fifth to what is offered, however long a fault lasts. All databases of a deployment share one.
//!
//! It says when it is exhausted, and when it pays again, once each: that is not before half of it is
//! there, because under a lasting fault it goes on paying now and then.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// What a retry costs, in successful calls.
pub(super) const COST: u32 = 5;

/// Retries a second that are paid for where nothing succeeds: without them a quiet service could not
/// get up again.
const FLOOR: f64 = 2.0;

#[derive(Debug)]
pub(crate) struct Budget {
    /// The first logical database of the deployment, whose size it has.
    database: &'static str,
    capacity: u32,
    /// A `Level` in one word, so that its two halves never contradict each other.
    level: AtomicU64,
    filled: Mutex<Instant>,
}

/// How full it is.
#[derive(Debug, Clone, Copy)]
struct Level {
    tokens: u32,
    /// Retries that it did not pay for since it was exhausted; 0 as long as it is not.
    refused: u32,
}

impl Budget {
    /// Returns a full bucket.
    pub(crate) fn new(database: &'static str, capacity: u32) -> Self {
        Self {
            database,
            capacity,
            level: AtomicU64::new(u64::from(capacity)),
            filled: Mutex::new(Instant::now()),
        }
    }

    /// A call succeeded.
    pub(super) fn deposit(&self) {
        // Full in all quiet times: then nothing is written that others read.
        if self.level.load(Ordering::Relaxed) != u64::from(self.capacity) {
            self.add(1);
        }
    }

    /// Pays for a retry, if there is enough.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        if self.capacity < COST {
            // What never pays is not exhausted: there is nothing to tell.
            return false;
        }
        self.fill(now);
        let before = self.change(|level| match level.tokens.checked_sub(COST) {
            Some(tokens) => Level { tokens, ..level },
            None => Level {
                refused: level.refused.saturating_add(1),
                ..level
            },
        });
        before.tokens >= COST
    }

    fn fill(&self, now: Instant) {
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(*filled).as_secs_f64();
        let due = (elapsed * FLOOR * f64::from(COST)) as u32;
        // What is less than a token is left to grow.
        *filled += Duration::from_secs_f64(f64::from(due) / (FLOOR * f64::from(COST)));
        if due > 0 {
            drop(filled);
            self.add(due);
        }
    }

    fn add(&self, more: u32) {
        let enough = (self.capacity / 2).max(COST);
        self.change(|level| {
            let tokens = level.tokens.saturating_add(more).min(self.capacity);
            let refused = if tokens < enough { level.refused } else { 0 };
            Level { tokens, refused }
        });
    }

    /// Makes one step, tells of it where it is a transition, and returns the level before it.
    fn change(&self, step: impl Fn(Level) -> Level) -> Level {
        let mut word = self.level.load(Ordering::Relaxed);
        loop {
            let before = Level::of(word);
            let after = step(before);
            let exchanged = self.level.compare_exchange_weak(
                word,
                after.word(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match exchanged {
                Ok(_) => {
                    self.tell(before.refused, after.refused);
                    return before;
                }
                Err(newer) => word = newer,
            }
        }
    }

    fn tell(&self, before: u32, after: u32) {
        let database = self.database;
        match (before, after) {
            (0, 1..) => tracing::warn!(
                db.logical = database,
                budget.state = "exhausted",
                "the retry budget of `{database}` and all on its deployment is exhausted, most of what \
                 fails is not sent again"
            ),
            (1.., 0) => tracing::info!(
                db.logical = database,
                budget.state = "paying",
                budget.refused = before,
                "the retry budget of `{database}` and all on its deployment pays again, {before} \
                 retries were refused"
            ),
            _ => {}
        }
    }

    /// Returns the tokens that are left, with those that time has given.
    pub(super) fn tokens(&self) -> u32 {
        self.fill(Instant::now());
        Level::of(self.level.load(Ordering::Relaxed)).tokens
    }

    /// Returns the most tokens that it holds.
    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }
}

impl Level {
    fn of(word: u64) -> Self {
        Self {
            tokens: word as u32,
            refused: (word >> 32) as u32,
        }
    }

    fn word(self) -> u64 {
        u64::from(self.refused) << 32 | u64::from(self.tokens)
    }
}

#[cfg(test)]
mod tests;
