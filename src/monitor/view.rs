//! The snapshot: plain values, the same in code and as JSON. What makes them is in snapshot.rs.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Serialize, Serializer};

use super::{AlertView, history::Point, slow::SlowView};
use crate::meter::{Outcome, Totals, Window};

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[non_exhaustive]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
    )* };
}

views! {
    /// Everything at one moment.
    Snapshot {
        /// The version of this shape.
        version: u32,
        /// When.
        #[serde(serialize_with = "timestamp")]
        at: SystemTime,
        /// For how long the databases have been connected.
        uptime_seconds: f64,
        /// How the parts are doing.
        health: HealthView,
        /// Where the databases lie.
        deployments: Vec<DeploymentView>,
        /// The logical databases, in the order of the registry.
        databases: Vec<DatabaseView>,
        /// The busiest tenants of the last five minutes, and the rest as one.
        tenants: Vec<TenantView>,
        /// The 20 shapes of slow calls that cost most; all of them are in [`Monitor::slow`](super::Monitor::slow).
        slow: Vec<SlowView>,
        /// What fires, may soon fire, or did within the last hour.
        alerts: Vec<AlertView>,
        /// This process.
        process: ProcessView,
    }
    /// How the parts are doing; see [`Health`](crate::Health).
    HealthView {
        /// `up`, `degraded`, `down` or `unknown`.
        status: &'static str,
        /// Whether requests should be sent here.
        ready: bool,
        /// Whether all that is required has been up once.
        started: bool,
        /// Whether the process is going down.
        draining: bool,
        /// The parts.
        components: Vec<NodeView>,
    }
    /// One part.
    NodeView {
        /// Its name, such as `customer`.
        name: String,
        /// What it is: `deployment`, `database`, or another part.
        kind: String,
        /// `up`, `degraded`, `down` or `unknown`.
        status: &'static str,
        /// Whether the process is of no use without it.
        required: bool,
        /// Why, unless it is up.
        reasons: Vec<ReasonView>,
        /// How long it has had this status.
        since_seconds: f64,
        /// How long ago it was last looked at.
        age_seconds: f64,
        /// What was looked at.
        checks: Vec<CheckView>,
        /// What it is made of.
        components: Vec<NodeView>,
    }
    /// Why a part is not up.
    ReasonView {
        /// What found it.
        code: &'static str,
        /// In words.
        message: String,
        /// What was found, where it is a number.
        observed: Option<f64>,
        /// What it should not go past.
        threshold: Option<f64>,
        /// The unit of both: `ms`, `s`, `h`, `%`; empty for a count.
        unit: &'static str,
    }
    /// One thing that is looked at.
    CheckView {
        /// Its name, such as `ping`.
        name: &'static str,
        /// `up`, `degraded`, `down`, `unknown`, or `unsupported` where it cannot be looked at.
        status: &'static str,
        /// What was found.
        observed: Option<f64>,
        /// From where on it is degraded.
        threshold: Option<f64>,
        /// The unit of both: `ms`, `s`, `h`, `%`; empty for a count.
        unit: &'static str,
        /// Why it is not up.
        message: Option<String>,
        /// How long ago it was looked at.
        age_seconds: f64,
    }
    /// A deployment: one replica set, sharded cluster or lone server.
    DeploymentView {
        /// The replica set's name; else the first server's address.
        name: String,
        /// The logical databases on it.
        databases: Vec<&'static str>,
        /// What retries may cost it.
        budget: BudgetView,
        /// Its servers as the heartbeats show them.
        servers: Vec<ServerView>,
    }
    /// The tokens for retries; see docs/resilience.md.
    BudgetView {
        /// Those that are left.
        tokens: u32,
        /// The most there can be.
        capacity: u32,
    }
    /// A server.
    ServerView {
        /// Its `host:port`.
        address: String,
        /// `primary`, `secondary`, `arbiter`, `mongos`, `standalone`, `other`, or `unknown` where it does not answer.
        kind: &'static str,
        /// A heartbeat's way there and back.
        round_trip_ms: Option<f64>,
        /// How far it is behind the primary; of an idle deployment up to 10 s of it mean nothing.
        lag_seconds: Option<f64>,
    }
    /// A logical database.
    DatabaseView {
        /// Its name.
        name: &'static str,
        /// The name of its deployment.
        deployment: String,
        /// The last whole second; nothing with `ENABLE_METRICS=false`.
        now: Option<Point>,
        /// The last minutes, over all of its calls.
        windows: Windows,
        /// Its circuit.
        circuit: CircuitView,
        /// Its calls under way.
        bulkhead: BulkheadView,
        /// What its guard has counted.
        counts: CountsView,
        /// Its connections.
        pool: Option<PoolView>,
        /// Its operations, by collection.
        operations: Vec<OperationView>,
    }
    /// Figures over the last minutes.
    Windows {
        /// One.
        #[serde(rename = "1m")]
        minute: Window,
        /// Five.
        #[serde(rename = "5m")]
        five_minutes: Window,
        /// Sixty.
        #[serde(rename = "60m")]
        hour: Window,
    }
    /// A circuit.
    CircuitView {
        /// `closed`, `open`, `half-open`, `forced-open` or `disabled`.
        state: String,
        /// Why.
        reason: String,
        /// For how long.
        since_seconds: f64,
    }
    /// Calls under way.
    BulkheadView {
        /// How many there are.
        in_use: usize,
        /// How many there may be.
        limit: usize,
        /// How many wait.
        queued: usize,
    }
    /// What a guard has counted since the start.
    CountsView {
        /// Calls that were sent again by us.
        retries: u64,
        /// Calls that succeeded after an attempt of which nobody knew.
        recovered: u64,
        /// Calls that only the guard's own timer ended: each cost a connection.
        forced_drops: u64,
        /// Errors whose code is in no table.
        unclassified_errors: u64,
    }
    /// Connections.
    PoolView {
        /// Those that a call uses.
        in_use: u64,
        /// Those that are ready for one.
        idle: u64,
        /// Those that are being made.
        connecting: u64,
        /// The most there may be to one server.
        max: u32,
        /// Those made since the start.
        created: u64,
        /// Those closed since the start.
        closed: u64,
        /// How often all to one server were given up.
        cleared: u64,
        /// What taking one took on average, since the start.
        checkout_ms: Option<f64>,
    }
    /// One operation on one collection.
    OperationView {
        /// The collection.
        collection: &'static str,
        /// The verb, such as `find_one`.
        operation: &'static str,
        /// The last minutes.
        windows: Windows,
        /// How its calls ended since the start.
        outcomes: Outcomes,
        /// From when on a call is slow, by its class; nothing for work on the schema.
        target_ms: Option<f64>,
    }
    /// A tenant's part of the last five minutes.
    TenantView {
        /// Who; `_other` for the rest.
        tenant: String,
        /// How many calls.
        calls: u64,
        /// Calls a second.
        per_second: f64,
        /// Of all tenants' calls.
        share: f64,
        /// What they took on average.
        mean_ms: f64,
    }
}

/// How calls ended, by [`Outcome`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcomes(BTreeMap<&'static str, u64>);

/// The process; what the system does not tell is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProcessView {
    /// Memory that is really in use.
    pub resident_bytes: Option<u64>,
    /// Processors in use: 1 is one of them all the time.
    pub cpu: Option<f64>,
    /// Open files and sockets.
    pub open_files: Option<u64>,
    /// The most there may be.
    pub open_files_limit: Option<u64>,
}

impl Outcomes {
    /// Returns how many calls ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.get(outcome.as_str()).copied().unwrap_or_default()
    }
}

impl FromIterator<(&'static str, u64)> for Outcomes {
    fn from_iter<I: IntoIterator<Item = (&'static str, u64)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

impl From<&Totals> for Outcomes {
    fn from(totals: &Totals) -> Self {
        let names = Outcome::ALL.map(Outcome::as_str);
        names.into_iter().zip(totals.outcomes).collect()
    }
}

pub(super) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Writes a moment as RFC 3339, in UTC.
pub(super) fn timestamp<S: Serializer>(at: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_rfc3339_millis(*at))
}
