//! The slow operations of all logical databases, the costliest first.

use std::time::SystemTime;

use serde::Serialize;

use super::view::{millis, timestamp};
use crate::{orchestrator::Connection, slow::Seen};

/// How many shapes a snapshot shows.
const WORST: usize = 20;

/// The slow calls of one shape since the start.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SlowView {
    /// The logical database.
    pub database: &'static str,
    /// The collection; `_other` for all shapes that found no room.
    pub collection: &'static str,
    /// The verb, such as `find`; `getMore` for a later batch of one.
    pub operation: &'static str,
    /// Operators and the model's own names; `?` for values and all other names.
    pub shape: String,
    /// How many calls.
    pub count: u64,
    /// The time that 95 of a hundred did not exceed, in milliseconds, within 2 %.
    pub p95_ms: f64,
    /// That of the slowest.
    pub max_ms: f64,
    /// When the last one ended.
    #[serde(serialize_with = "timestamp")]
    pub last_at: SystemTime,
    /// What the server does for it: `COLLSCAN`, `IXSCAN { tier: 1 }`; or why that is not known.
    pub plan: Option<String>,
    /// How many documents it looks at.
    pub examined: Option<u64>,
    /// How many keys of indexes.
    pub keys_examined: Option<u64>,
    /// How many documents come of these.
    pub returned: Option<u64>,
    /// What would help, where something is known to.
    pub advice: Option<String>,
}

/// Returns all shapes, those first that cost most: their p95 times how often they were slow.
pub(super) fn all<'a>(connections: impl Iterator<Item = &'a Connection>) -> Vec<SlowView> {
    let seen = connections.flat_map(|connection| {
        let seen = connection.slow().map(|log| log.seen());
        let name = connection.declared.name;
        seen.into_iter().flatten().map(move |seen| view(name, seen))
    });
    let mut all: Vec<_> = seen.collect();
    let cost = |view: &SlowView| view.p95_ms * view.count as f64;
    all.sort_by(|one, other| {
        let names = |view: &SlowView| (view.database, view.collection, view.operation);
        let by_cost = cost(other).total_cmp(&cost(one));
        by_cost
            .then_with(|| names(one).cmp(&names(other)))
            .then_with(|| one.shape.cmp(&other.shape))
    });
    all
}

pub(super) fn worst(mut all: Vec<SlowView>) -> Vec<SlowView> {
    all.truncate(WORST);
    all
}

fn view(database: &'static str, seen: Seen) -> SlowView {
    let finding = seen.finding.as_ref();
    SlowView {
        database,
        collection: seen.collection,
        operation: seen.operation,
        shape: seen.shape.to_string(),
        count: seen.count,
        p95_ms: millis(seen.p95),
        max_ms: millis(seen.max),
        last_at: seen.last,
        plan: finding.map(|own| own.plan.clone()),
        examined: finding.and_then(|own| own.examined),
        keys_examined: finding.and_then(|own| own.keys_examined),
        returned: finding.and_then(|own| own.returned),
        advice: finding.and_then(|own| own.advice.clone()),
    }
}
