//! The figures of one operation on one collection, written by every call: atomics, and no lock.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use histogram::{AtomicHistogram32, Config, Histogram32};

use super::{Call, Outcome};

/// Latencies are counted in tenths of a microsecond, in buckets 1/64 wide: their middles are within
/// 0.8 % of what was measured, from 7 µs up.
const TICK: Duration = Duration::from_nanos(100);
const GROUPING: u8 = 6;
/// 2^30 ticks are 107 s. What takes longer counts as that.
const LARGEST: u8 = 30;

/// The upper bounds of the cumulative buckets in seconds: those of OpenTelemetry's convention for
/// `db.client.operation.duration`, and two finer ones below.
pub const BUCKETS: [f64; 11] = [
    0.000_25, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];

/// What was counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// By outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::ALL.len()],
    /// How often calls were sent again by us.
    pub retries: u64,
    /// All time that calls took which were not rejected, from their first step to their end.
    pub elapsed: Duration,
    /// Of that: waiting for a place among the calls under way.
    pub waiting: Duration,
    /// Of that: in the driver.
    pub driver: Duration,
}

#[derive(Debug)]
pub(super) struct Series {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    retries: AtomicU64,
    elapsed: AtomicU64,
    waiting: AtomicU64,
    driver: AtomicU64,
    latencies: AtomicHistogram32,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            outcomes: array::from_fn(|_| AtomicU64::new(0)),
            retries: AtomicU64::new(0),
            elapsed: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            driver: AtomicU64::new(0),
            latencies: AtomicHistogram32::with_config(&layout()),
        }
    }
}

impl Series {
    pub(super) fn record(&self, call: &Call<'_>) {
        let add = |counter: &AtomicU64, count| counter.fetch_add(count, Ordering::Relaxed);
        if !call.waiting.is_zero() {
            add(&self.waiting, nanos(call.waiting));
        }
        if call.retries > 0 {
            add(&self.retries, call.retries.into());
        }
        // What never reached the database says nothing of how quick that is: a thousand refusals in no
        // time would hide one call that took long.
        if call.outcome != Outcome::Rejected {
            add(&self.elapsed, nanos(call.elapsed));
            add(&self.driver, nanos(call.driver));
            let ticks = nanos(call.elapsed) / TICK.as_nanos() as u64;
            // It fails beyond the last bucket only.
            let _ = self.latencies.increment(ticks.min((1 << LARGEST) - 1));
        }
        // Last: whoever sees the call counted finds its latency.
        self.outcomes[call.outcome as usize].fetch_add(1, Ordering::Release);
    }

    pub(super) fn is_used(&self) -> bool {
        let counted = self.outcomes.iter();
        counted
            .map(|count| count.load(Ordering::Relaxed))
            .any(|count| count > 0)
    }

    pub(super) fn totals(&self) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            outcomes: array::from_fn(|outcome| self.outcomes[outcome].load(Ordering::Acquire)),
            retries: read(&self.retries),
            elapsed: Duration::from_nanos(read(&self.elapsed)),
            waiting: Duration::from_nanos(read(&self.waiting)),
            driver: Duration::from_nanos(read(&self.driver)),
        }
    }

    /// Moves the latencies into `into`, which is overwritten.
    pub(super) fn drain(&self, into: &mut Histogram32) {
        // It fails where the layouts differ only, and there is one.
        let _ = self.latencies.drain_into(into);
    }
}

impl Totals {
    /// Returns how many calls there were.
    pub fn calls(&self) -> u64 {
        self.outcomes.iter().sum()
    }

    /// Returns how many of them were not rejected: these have a latency.
    pub fn sent(&self) -> u64 {
        self.calls() - self.outcomes[Outcome::Rejected as usize]
    }

    /// Returns how many of them count as errors.
    pub fn errors(&self) -> u64 {
        let counted = Outcome::ALL.iter().zip(self.outcomes);
        counted
            .filter(|(outcome, _)| outcome.is_error())
            .map(|(_, count)| count)
            .sum()
    }

    pub(super) fn plus(self, other: &Self) -> Self {
        self.with(other, u64::saturating_add, Duration::saturating_add)
    }

    pub(super) fn minus(self, other: &Self) -> Self {
        self.with(other, u64::saturating_sub, Duration::saturating_sub)
    }

    fn with(
        self,
        other: &Self,
        count: impl Fn(u64, u64) -> u64,
        time: impl Fn(Duration, Duration) -> Duration,
    ) -> Self {
        Self {
            outcomes: array::from_fn(|at| count(self.outcomes[at], other.outcomes[at])),
            retries: count(self.retries, other.retries),
            elapsed: time(self.elapsed, other.elapsed),
            waiting: time(self.waiting, other.waiting),
            driver: time(self.driver, other.driver),
        }
    }
}

/// Returns the one layout of all histograms.
pub(super) fn layout() -> Config {
    #[expect(clippy::expect_used, reason = "the powers are constants that fit")]
    Config::new(GROUPING, LARGEST).expect("the powers fit")
}

/// Returns the time that a number of ticks stands for.
pub(super) fn time(ticks: u64) -> Duration {
    Duration::from_nanos(ticks * TICK.as_nanos() as u64)
}

/// Returns whether a number of ticks is within a bound in seconds.
pub(super) fn is_within(ticks: u64, bound: f64) -> bool {
    time(ticks).as_secs_f64() <= bound
}

fn nanos(time: Duration) -> u64 {
    // Without the detour by 128 bits: it is on the way of every call.
    time.as_secs().saturating_mul(1_000_000_000) + u64::from(time.subsec_nanos())
}
