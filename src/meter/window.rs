//! Figures over the last minutes.

use std::time::Duration;

use histogram::Histogram32;
use serde::Serialize;

use super::{series, series::Totals};

/// How far back a window reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Span {
    /// One minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// Sixty minutes.
    Hour,
}

impl Span {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::FiveMinutes, Self::Hour];

    /// Returns its name: `1m`, `5m` or `60m`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::Hour => "60m",
        }
    }

    /// Returns how many seconds it has.
    pub fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::Hour => 3_600,
        }
    }
}

/// What the calls of a window have in common. Times are in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Window {
    /// How many there were.
    pub calls: u64,
    /// How many of them count as [errors](super::Outcome::is_error).
    pub errors: u64,
    /// How often they were sent again by us.
    pub retries: u64,
    /// Calls a second.
    pub per_second: f64,
    /// Errors a call.
    pub error_rate: f64,
    /// Retries a call.
    pub retry_rate: f64,
    /// The time that half of those did not exceed that were not rejected, within 1 %; nothing where there
    /// was none.
    pub p50_ms: Option<f64>,
    /// That of nine of ten.
    pub p90_ms: Option<f64>,
    /// That of 95 of a hundred.
    pub p95_ms: Option<f64>,
    /// That of 99 of a hundred.
    pub p99_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
    /// What a call waited on average for a place among the calls under way.
    pub waiting_ms: Option<f64>,
    /// What one that was not rejected was on average in the driver.
    pub driver_ms: Option<f64>,
}

impl Window {
    pub(super) fn new(totals: &Totals, latencies: &Histogram32, seconds: u32) -> Self {
        let calls = totals.calls();
        let per_call = |count: f64| {
            if calls == 0 {
                0.0
            } else {
                count / calls as f64
            }
        };
        let mean = |time: Duration, calls: u64| (calls > 0).then(|| millis(time) / calls as f64);
        let mut quantiles = [const { None }; 5];
        // It fails for quantiles beyond 1 only.
        let _ = latencies.quantile_buckets_into(&[0.5, 0.9, 0.95, 0.99, 1.0], &mut quantiles);
        let [p50_ms, p90_ms, p95_ms, p99_ms, max_ms] = quantiles
            .map(|bucket| bucket.map(|bucket| millis(series::time(middle(bucket.range())))));
        Self {
            calls,
            errors: totals.errors(),
            retries: totals.retries,
            per_second: calls as f64 / f64::from(seconds.max(1)),
            error_rate: per_call(totals.errors() as f64),
            retry_rate: per_call(totals.retries as f64),
            p50_ms,
            p90_ms,
            p95_ms,
            p99_ms,
            max_ms,
            waiting_ms: mean(totals.waiting, calls),
            driver_ms: mean(totals.driver, totals.sent()),
        }
    }
}

fn middle(range: std::ops::RangeInclusive<u64>) -> u64 {
    range.start() + (range.end() - range.start()) / 2
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
