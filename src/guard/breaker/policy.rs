//! When a circuit opens by itself: failsafe's policies, and nothing else of failsafe.
//!
//! Its state machine lets every caller through while half-open, and its state cannot be read
//! (decision in ARCHITECTURE.md), so that is the gate's. Its success rate is an average over time: a
//! burst weighs as much as the time it took.

use failsafe::{
    FailurePolicy,
    backoff::{Constant, constant},
    failure_policy::{
        ConsecutiveFailures, SuccessRateOverTimeWindow, consecutive_failures,
        success_rate_over_time_window,
    },
};
use std::time::Duration;

use super::Reason;
use crate::config::BreakerConfig;

/// What has happened lately, and whether it is too much.
pub(super) struct Policies {
    consecutive: ConsecutiveFailures<Constant>,
    rate: SuccessRateOverTimeWindow<Constant>,
    slow: SuccessRateOverTimeWindow<Constant>,
}

/// How an attempt ended, as far as the circuit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The database answered, whatever it said.
    Answered,
    /// It answered, but slowly.
    Slow,
    /// It had not answered when its caller's time was up, which is less than such calls are given.
    Late,
    /// It could not be reached, or not in the time that such calls are given.
    Failed,
    /// A server said that it is no primary any more, or its connection was lost: the driver is about to
    /// look for another.
    StateChange,
    /// It says nothing of the database: the caller went away, or the input was wrong before it was sent.
    Ignored,
}

impl Policies {
    pub(super) fn new(config: &BreakerConfig) -> Self {
        // How long a circuit stays open is the gate's: here it only matters whether.
        let open = constant(Duration::ZERO);
        let rate = |bad: u8| {
            let good = 1.0 - f64::from(bad) / 100.0;
            success_rate_over_time_window(good, config.min_calls, config.window, open.clone())
        };
        Self {
            consecutive: consecutive_failures(config.failures, open.clone()),
            rate: rate(config.failure_rate),
            slow: rate(config.slow_rate),
        }
    }

    /// Takes note of an attempt and returns why it is one too many.
    pub(super) fn note(&mut self, verdict: Verdict) -> Option<Reason> {
        match verdict {
            Verdict::Ignored => None,
            Verdict::Answered => {
                self.consecutive.record_success();
                self.rate.record_success();
                self.slow.record_success();
                None
            }
            Verdict::Slow | Verdict::Late => {
                self.consecutive.record_success();
                self.rate.record_success();
                self.slow.mark_dead_on_failure().map(|_| Reason::SlowRate)
            }
            Verdict::Failed | Verdict::StateChange => {
                let consecutive = self.consecutive.mark_dead_on_failure();
                let rate = self.rate.mark_dead_on_failure();
                let slow = self.slow.mark_dead_on_failure();
                let (in_a_row, rate) = (
                    consecutive.map(|_| Reason::Failures),
                    rate.map(|_| Reason::FailureRate),
                );
                in_a_row.or(rate).or(slow.map(|_| Reason::SlowRate))
            }
        }
    }

    /// Forgets all.
    pub(super) fn forget(&mut self) {
        self.consecutive.revived();
        self.rate.revived();
        self.slow.revived();
    }
}
