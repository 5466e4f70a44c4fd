//! What rules can read, by name. Reading it out of a snapshot is the monitor's work.

use crate::health::LIMITS;

/// What a rule reads: one number for each of its subjects, once a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Measure {
    /// 1 where a logical database is down or unknown.
    DatabaseDown,
    /// 1 where a deployment has no server that takes writes.
    NoPrimary,
    /// 1 where a logical database's circuit is open or half open, and has just refused calls.
    CircuitOpen,
    /// How many times faster than allowed errors use up what a target of 99.9 % leaves for them.
    SloBurn,
    /// Of the slowest operation: the p99 of a minute, as a share of its class's target.
    P99OfTarget,
    /// The p99 of a minute.
    P99,
    /// The share of calls of a minute that count as errors.
    ErrorRate,
    /// How far the last server is behind its primary.
    ReplicationLag,
    /// Calls under way, as a share of how many there may be.
    Places,
    /// Calls that wait for a place.
    Queued,
    /// Tokens that are left for retries.
    RetryBudget,
    /// Writes of the last minute of which nobody knows.
    AmbiguousWrites,
    /// Errors of the last minute that are in no table.
    UnclassifiedErrors,
    /// Calls of the last minute that only the guard's own timer ended.
    ForcedDrops,
    /// A tenant's share of all tenants' calls, or of their time, whichever is more.
    TenantShare,
    /// What a check of the health tree has found; its name is one of those that [`checks`] tells.
    Check(&'static str),
}

/// A measure as rules name it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub measure: Measure,
    /// The unit of its readings; empty for a count.
    pub unit: &'static str,
}

const fn named(name: &'static str, measure: Measure, unit: &'static str) -> Named {
    Named {
        name,
        measure,
        unit,
    }
}

/// Every measure but those of checks.
pub const MEASURES: &[Named] = &[
    named("database-down", Measure::DatabaseDown, ""),
    named("no-primary", Measure::NoPrimary, ""),
    named("circuit-open", Measure::CircuitOpen, ""),
    named("slo-burn", Measure::SloBurn, "x"),
    named("p99-of-target", Measure::P99OfTarget, "%"),
    named("p99", Measure::P99, "ms"),
    named("error-rate", Measure::ErrorRate, "%"),
    named("replication-lag", Measure::ReplicationLag, "s"),
    named("places", Measure::Places, "%"),
    named("queued", Measure::Queued, ""),
    named("retry-budget", Measure::RetryBudget, ""),
    named("ambiguous-writes", Measure::AmbiguousWrites, ""),
    named("unclassified-errors", Measure::UnclassifiedErrors, ""),
    named("forced-drops", Measure::ForcedDrops, ""),
    named("tenant-share", Measure::TenantShare, "%"),
];

/// Returns the checks of the health tree that have a value, each with its unit. A rule reads one as
/// `check:ping`.
pub fn checks() -> impl Iterator<Item = (&'static str, &'static str)> {
    LIMITS.iter().map(|limit| (limit.check, limit.unit))
}

impl Measure {
    /// Returns the measure of that name, such as `p99` or `check:disk`.
    pub fn parse(name: &str) -> Option<Self> {
        let check = name
            .strip_prefix("check:")
            .and_then(|name| checks().find(|(known, _)| *known == name));
        let named = || MEASURES.iter().find(|named| named.name == name);
        check
            .map(|(name, _)| Self::Check(name))
            .or_else(|| named().map(|named| named.measure))
    }

    /// Returns the unit of its readings; empty for a count.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Check(name) => checks()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, unit)| unit),
            other => MEASURES
                .iter()
                .find(|named| named.measure == other)
                .map_or("", |named| named.unit),
        }
    }
}
