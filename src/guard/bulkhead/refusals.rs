//! Since when calls are refused, and what is told of it: once when it begins, once when it is over.
//!
//! Under a lasting overload calls are taken and refused in turn. It is over when one is taken, or may
//! wait, and none was refused for a while; only so long is the clock read.

use std::time::Duration;

use tokio::time::Instant;

use super::Load;

/// For how long no call must have been refused.
pub(super) const CALM: Duration = Duration::from_secs(5);

/// The calls that were refused, one after the other without a calm between them.
pub(super) struct Refusals {
    first: Instant,
    last: Instant,
    count: u64,
}

impl Refusals {
    /// Returns none so far, from now on.
    pub(super) fn from(now: Instant) -> Self {
        Self {
            first: now,
            last: now,
            count: 0,
        }
    }

    pub(super) fn note(&mut self, now: Instant) {
        self.last = now;
        self.count += 1;
    }

    pub(super) fn are_over(&self) -> bool {
        self.last.elapsed() >= CALM
    }

    pub(super) fn tell_over(&self, database: &'static str) {
        let count = self.count;
        let elapsed_ms = (self.last - self.first).as_millis() as u64;
        tracing::info!(
            db.logical = database,
            bulkhead.state = "taking",
            bulkhead.refused = count,
            elapsed_ms,
            "the bulkhead of `{database}` takes calls again: {count} were refused within \
             {elapsed_ms} ms, none for {CALM:?}"
        );
    }
}

pub(super) fn tell_begun(database: &'static str, load: Load) {
    let Load {
        in_use,
        limit,
        queued,
    } = load;
    tracing::warn!(
        db.logical = database,
        bulkhead.state = "refusing",
        "the bulkhead of `{database}` refuses calls: {in_use} of {limit} places are taken, {queued} wait"
    );
}
