//! From where on a value is amiss, and for how long it must be: data, which `HEALTH_LIMITS` changes.

use std::time::Duration;

/// The limits of one check's value.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Limit {
    /// The check.
    pub check: &'static str,
    /// From where on it is degraded.
    pub degraded: f64,
    /// From where on it is down. What the check belongs to is degraded then too, and not down: it works.
    pub down: f64,
    /// The unit of both; empty for a count.
    pub unit: &'static str,
    /// Which side is the bad one.
    pub side: Side,
    /// How long a value must be past a limit to count; it must be back by a tenth for twice as long.
    pub hold: Duration,
    /// Of how many last values the 95th percentile is taken.
    pub samples: usize,
}

/// The bad side of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// More is worse.
    Above,
    /// Less is worse.
    Below,
}

const fn above(check: &'static str, degraded: f64, down: f64, unit: &'static str) -> Limit {
    Limit {
        check,
        degraded,
        down,
        unit,
        side: Side::Above,
        hold: Duration::from_secs(15),
        samples: 1,
    }
}

impl Limit {
    const fn hold(self, seconds: u64) -> Self {
        Self {
            hold: Duration::from_secs(seconds),
            ..self
        }
    }

    const fn of_last(self, samples: usize) -> Self {
        Self { samples, ..self }
    }

    const fn below(self) -> Self {
        Self {
            side: Side::Below,
            ..self
        }
    }

    /// Returns whether `down` is no sooner than `degraded`, and both are numbers above 0.
    pub(crate) fn is_ordered(&self) -> bool {
        let positive = [self.degraded, self.down].iter().all(|limit| *limit > 0.0);
        let ordered = match self.side {
            Side::Above => self.down >= self.degraded,
            Side::Below => self.down <= self.degraded,
        };
        positive && ordered && self.degraded.is_finite() && self.down.is_finite()
    }
}

/// The limits of every check that has a value, unless `HEALTH_LIMITS` says otherwise.
pub(crate) const LIMITS: [Limit; 10] = [
    above("ping", 250.0, 1_000.0, "ms").of_last(20),
    // Lag is a time already: a short hold only keeps a late heartbeat out.
    above("replication-lag", 15.0, 60.0, "s").hold(2),
    above("connections", 85.0, 95.0, "%"),
    above("disk", 80.0, 90.0, "%").hold(0),
    above("oplog-window", 24.0, 1.0, "h").hold(0).below(),
    above("pool", 80.0, 95.0, "%").hold(10),
    above("memory", 80.0, 90.0, "%"),
    above("cpu", 90.0, 98.0, "%").hold(60),
    above("files", 80.0, 95.0, "%"),
    above("runtime-lag", 100.0, 1_000.0, "ms").of_last(20),
];
