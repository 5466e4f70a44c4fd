//! What rules read, out of a snapshot: a number for each subject.

use super::{Snapshot, growth::Growth};
use crate::{
    config::Measure,
    monitor::view::{CheckView, DatabaseView, DeploymentView, NodeView},
};

/// Of all calls the share that may fail, for which the burn rate is one: a target of 99.9 %.
const BUDGET: f64 = 0.001;

/// Fewer errors burn nothing, however few the calls: as in deploy/prometheus/rules.yml.
const ENOUGH_ERRORS: u64 = 10;

/// Fewer calls say nothing of a rate: one error of twenty is five per cent.
const ENOUGH_FOR_RATE: u64 = 100;

/// Fewer calls have no p99 to speak of.
const ENOUGH_FOR_P99: u64 = 20;

/// Fewer calls of all tenants in five minutes trouble nobody, whoever makes them.
const ENOUGH_OF_TENANTS: u64 = 1_000;

/// What a reading is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Subject {
    pub(super) kind: String,
    pub(super) name: String,
}

/// What a measure found.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    pub(super) subject: Subject,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) message: String,
}

/// Returns a reading for each subject that can be read.
pub(super) fn read(measure: Measure, snapshot: &Snapshot, growth: &Growth) -> Vec<Reading> {
    let databases = |of: &dyn Fn(&DatabaseView) -> Option<(f64, String)>| {
        let all = snapshot.databases.iter();
        let found = all.filter_map(|one| Some(reading(measure, "database", one.name, of(one)?)));
        found.collect()
    };
    let deployments = |of: &dyn Fn(&DeploymentView) -> Option<(f64, String)>| {
        let all = snapshot.deployments.iter();
        let found = all.filter_map(|one| Some(reading(measure, "deployment", &one.name, of(one)?)));
        found.collect()
    };
    match measure {
        Measure::DatabaseDown => down(measure, snapshot),
        Measure::NoPrimary => deployments(&no_primary),
        Measure::ReplicationLag => deployments(&lag),
        Measure::RetryBudget => deployments(&retry_budget),
        Measure::CircuitOpen => databases(&|database| Some(circuit(growth, database))),
        Measure::SloBurn => databases(&slo_burn),
        Measure::ErrorRate => databases(&error_rate),
        Measure::P99 => databases(&p99),
        Measure::P99OfTarget => databases(&p99_of_target),
        Measure::Places => databases(&places),
        Measure::Queued => databases(&queued),
        Measure::AmbiguousWrites | Measure::UnclassifiedErrors | Measure::ForcedDrops => {
            databases(&|database| Some(grown(measure, growth, database)))
        }
        Measure::TenantShare => tenants(measure, snapshot),
        Measure::Check(name) => checks(measure, name, &snapshot.health.components),
    }
}

fn reading(measure: Measure, kind: &str, name: &str, (value, message): (f64, String)) -> Reading {
    Reading {
        subject: Subject {
            kind: kind.into(),
            name: name.into(),
        },
        value,
        unit: measure.unit(),
        message,
    }
}

/// Unknown is not up: nobody has looked for a while.
fn down(measure: Measure, snapshot: &Snapshot) -> Vec<Reading> {
    let nodes = flat(&snapshot.health.components).into_iter();
    let databases = nodes.filter(|node| node.kind == "database");
    let readings = databases.map(|node| {
        let is_down = ["down", "unknown"].contains(&node.status);
        let mut message = format!("`{}` is {}", node.name, node.status);
        if let Some(reason) = node.reasons.first().filter(|_| is_down) {
            message = format!("{message}: {}", reason.message);
        }
        reading(measure, "database", &node.name, (flag(is_down), message))
    });
    readings.collect()
}

fn no_primary(deployment: &DeploymentView) -> Option<(f64, String)> {
    let takes_writes = ["primary", "mongos", "standalone"];
    let mut servers = deployment.servers.iter();
    let writable = servers.find(|server| takes_writes.contains(&server.kind));
    let message = match writable {
        Some(server) => format!("{} takes writes", server.address),
        None => format!("no server of `{}` takes writes", deployment.name),
    };
    Some((flag(writable.is_none()), message))
}

fn lag(deployment: &DeploymentView) -> Option<(f64, String)> {
    let servers = deployment.servers.iter();
    let lags = servers.filter_map(|server| Some((server.lag_seconds?, &server.address)));
    let (lag, server) = lags.max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some((lag, format!("{server} is {lag:.1} s behind the primary")))
}

/// What a retry takes.
const RETRY_COST: u32 = 5;

fn retry_budget(deployment: &DeploymentView) -> Option<(f64, String)> {
    let budget = &deployment.budget;
    let message = format!(
        "{} of {} tokens for retries are left",
        budget.tokens, budget.capacity
    );
    // What never pays is not exhausted.
    (budget.capacity >= RETRY_COST).then(|| (f64::from(budget.tokens), message))
}

/// Without calls it stays half open, which is no trouble; while it refuses them it is open and half open
/// by turns, which is one trouble. What an operator forced, somebody knows of.
fn circuit(growth: &Growth, database: &DatabaseView) -> (f64, String) {
    let circuit = &database.circuit;
    let refused = growth.of(Measure::CircuitOpen, database.name);
    let is_open = ["open", "half-open"].contains(&circuit.state.as_str()) && refused > 0;
    let message = format!(
        "the circuit of `{}` is {}: {}",
        database.name, circuit.state, circuit.reason
    );
    (flag(is_open), message)
}

/// The lesser of two windows: the long one says that it matters, the short one that it still goes on.
fn slo_burn(database: &DatabaseView) -> Option<(f64, String)> {
    let (short, long) = (&database.windows.five_minutes, &database.windows.hour);
    let burn = short.error_rate.min(long.error_rate) / BUDGET;
    let message = format!(
        "{:.2} % of the calls of 5 minutes failed, and {:.2} % of those of 60",
        short.error_rate * 100.0,
        long.error_rate * 100.0
    );
    (long.errors >= ENOUGH_ERRORS).then_some((burn, message))
}

fn error_rate(database: &DatabaseView) -> Option<(f64, String)> {
    let minute = &database.windows.minute;
    let share = minute.error_rate * 100.0;
    let message = format!("{share:.2} % of the calls of a minute failed");
    (minute.calls >= ENOUGH_FOR_RATE).then_some((share, message))
}

fn p99(database: &DatabaseView) -> Option<(f64, String)> {
    let minute = &database.windows.minute;
    let p99 = minute.p99_ms.filter(|_| minute.calls >= ENOUGH_FOR_P99)?;
    Some((p99, format!("the p99 of a minute is {p99:.1} ms")))
}

fn p99_of_target(database: &DatabaseView) -> Option<(f64, String)> {
    let operations = database.operations.iter().filter_map(|one| {
        let minute = &one.windows.minute;
        let p99 = minute.p99_ms.filter(|_| minute.calls >= ENOUGH_FOR_P99)?;
        let target = one.target_ms?;
        Some((p99 / target * 100.0, one, p99, target))
    });
    let (share, slowest, p99, target) =
        operations.max_by(|one, other| one.0.total_cmp(&other.0))?;
    let (operation, collection) = (slowest.operation, slowest.collection);
    let message = format!(
        "the p99 of `{operation}` on `{collection}` is {p99:.1} ms, its target {target:.0} ms"
    );
    Some((share, message))
}

fn places(database: &DatabaseView) -> Option<(f64, String)> {
    let places = &database.bulkhead;
    let share = places.in_use as f64 / places.limit.max(1) as f64 * 100.0;
    let message = format!(
        "{} of {} calls are under way, {} wait",
        places.in_use, places.limit, places.queued
    );
    Some((share, message))
}

fn queued(database: &DatabaseView) -> Option<(f64, String)> {
    let queued = database.bulkhead.queued;
    Some((queued as f64, format!("{queued} calls wait for a place")))
}

fn grown(measure: Measure, growth: &Growth, database: &DatabaseView) -> (f64, String) {
    let grown = growth.of(measure, database.name);
    let what = match measure {
        Measure::AmbiguousWrites => "writes of which nobody knows",
        Measure::ForcedDrops => "calls that only the guard's timer ended",
        _ => "errors that are in no table",
    };
    (grown as f64, format!("{grown} {what} in the last minute"))
}

/// From how many tenants on one can be too much for the others.
const FEW_TENANTS: usize = 4;

/// Only among several, and what is nobody's by name is nobody's fault.
fn tenants(measure: Measure, snapshot: &Snapshot) -> Vec<Reading> {
    let all = &snapshot.tenants;
    let calls: u64 = all.iter().map(|one| one.calls).sum();
    let time: f64 = all.iter().map(|one| one.mean_ms * one.calls as f64).sum();
    // Of two or three one has half of it without making noise.
    if all.len() < FEW_TENANTS || calls < ENOUGH_OF_TENANTS {
        return Vec::new();
    }
    let named = all.iter().filter(|one| one.tenant != "_other");
    let readings = named.map(|one| {
        let of_calls = one.calls as f64 / calls as f64 * 100.0;
        // How long calls take all together is how many places they hold on average.
        let of_places = one.mean_ms * one.calls as f64 / time.max(f64::MIN_POSITIVE) * 100.0;
        let tenant = &one.tenant;
        let message =
            format!("`{tenant}` has {of_calls:.0} % of all tenants' calls and {of_places:.0} % of their time");
        reading(measure, "tenant", tenant, (of_calls.max(of_places), message))
    });
    readings.collect()
}

/// A check that is not there, or cannot be made, is no reading.
fn checks(measure: Measure, name: &str, nodes: &[NodeView]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for node in flat(nodes) {
        let own = node.checks.iter().filter(|check| check.name == name);
        readings.extend(own.filter_map(|check| {
            let found = checked(node, check)?;
            Some(reading(measure, &node.kind, &node.name, found))
        }));
    }
    readings
}

fn checked(node: &NodeView, check: &CheckView) -> Option<(f64, String)> {
    let observed = check.observed?;
    let is_made = !["unsupported", "unknown"].contains(&check.status);
    let plain = || {
        format!(
            "`{}` of `{}` is {observed:.1} {}",
            check.name, node.name, check.unit
        )
    };
    is_made.then(|| (observed, check.message.clone().unwrap_or_else(plain)))
}

fn flat(nodes: &[NodeView]) -> Vec<&NodeView> {
    let deep = |node| {
        let node: &NodeView = node;
        std::iter::once(node).chain(flat(&node.components))
    };
    nodes.iter().flat_map(deep).collect()
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}
