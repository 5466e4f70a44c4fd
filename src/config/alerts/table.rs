//! The rules that are built in. docs/alerts.md has them with what to do; a test holds it to this.

use std::time::Duration;

use super::{
    Measure, Rule,
    Severity::{self, Page, Ticket},
    When::{self, Above, Below},
};

/// For how long nobody is told again that the same alert fires.
pub(super) const COOLDOWN: Duration = Duration::from_secs(300);

/// Where it is written what to do.
const RUNBOOKS: &str = "docs/alerts.md";

/// A rule that is built in.
pub(super) struct BuiltIn {
    pub(super) id: &'static str,
    measure: Measure,
    when: When,
    threshold: f64,
    fires_after: u64,
    clears_after: u64,
    severity: Severity,
}

impl BuiltIn {
    pub(super) fn rule(&self) -> Rule {
        Rule {
            id: self.id.into(),
            measure: self.measure,
            threshold: self.threshold,
            when: self.when,
            fires_after: Duration::from_secs(self.fires_after),
            clears_after: Duration::from_secs(self.clears_after),
            severity: self.severity,
            cooldown: COOLDOWN,
            runbook: Some(format!("{RUNBOOKS}#{}", self.id)),
        }
    }
}

/// Times are in seconds: how long until it fires, and how long until it is resolved.
const fn rule(
    id: &'static str,
    measure: Measure,
    (when, threshold): (When, f64),
    (fires_after, clears_after): (u64, u64),
    severity: Severity,
) -> BuiltIn {
    BuiltIn {
        id,
        measure,
        when,
        threshold,
        fires_after,
        clears_after,
        severity,
    }
}

pub(super) const BUILT_IN: &[BuiltIn] = &[
    rule(
        "database-down",
        Measure::DatabaseDown,
        (Above, 0.0),
        (10, 20),
        Page,
    ),
    rule(
        "no-primary",
        Measure::NoPrimary,
        (Above, 0.0),
        (5, 10),
        Page,
    ),
    rule(
        "circuit-open",
        Measure::CircuitOpen,
        (Above, 0.0),
        (30, 60),
        Page,
    ),
    // Both of its windows look back far enough by themselves.
    rule("slo-burn", Measure::SloBurn, (Above, 14.4), (0, 60), Page),
    rule(
        "p99-above-target",
        Measure::P99OfTarget,
        (Above, 100.0),
        (300, 300),
        Ticket,
    ),
    rule(
        "replication-lag",
        Measure::ReplicationLag,
        (Above, 15.0),
        (2, 15),
        Ticket,
    ),
    rule(
        "replication-lag-high",
        Measure::ReplicationLag,
        (Above, 60.0),
        (5, 30),
        Page,
    ),
    rule(
        "pool-saturation",
        Measure::Places,
        (Above, 90.0),
        (30, 60),
        Ticket,
    ),
    rule(
        "connections",
        Measure::Check("connections"),
        (Above, 85.0),
        (60, 120),
        Ticket,
    ),
    rule(
        "disk",
        Measure::Check("disk"),
        (Above, 90.0),
        (60, 300),
        Ticket,
    ),
    rule(
        "oplog-window",
        Measure::Check("oplog-window"),
        (Below, 24.0),
        (300, 600),
        Ticket,
    ),
    // A retry takes five tokens.
    rule(
        "retry-budget-exhausted",
        Measure::RetryBudget,
        (Below, 5.0),
        (60, 120),
        Ticket,
    ),
    rule(
        "ambiguous-writes",
        Measure::AmbiguousWrites,
        (Above, 0.0),
        (0, 60),
        Ticket,
    ),
    rule(
        "unclassified-errors",
        Measure::UnclassifiedErrors,
        (Above, 0.0),
        (0, 60),
        Ticket,
    ),
    rule(
        "forced-drops",
        Measure::ForcedDrops,
        (Above, 0.0),
        (0, 60),
        Ticket,
    ),
    rule(
        "tenant-noisy",
        Measure::TenantShare,
        (Above, 50.0),
        (60, 120),
        Ticket,
    ),
    rule(
        "runtime-lag",
        Measure::Check("runtime-lag"),
        (Above, 100.0),
        (30, 60),
        Ticket,
    ),
];
