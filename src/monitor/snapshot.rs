//! Makes the snapshot of what meters, guards, heartbeats and health know.

use std::time::{Duration, SystemTime};

use super::{
    health,
    history::Point,
    slow,
    view::{
        BudgetView, BulkheadView, CircuitView, CountsView, DatabaseView, DeploymentView,
        OperationView, Outcomes, PoolView, ServerView, Snapshot, TenantView, Windows, millis,
    },
};
use crate::{
    guard::GuardState,
    meter::{Measured, Names, PoolState, Share, Window},
    orchestrator::{Connection, Databases, Server},
};

/// The version of the JSON: fields may be added within one.
const VERSION: u32 = 1;

pub(super) fn snapshot(databases: &Databases) -> Snapshot {
    let watch = databases.watch();
    let connections = databases.connections();
    let deployments = databases.known();
    let name_of = |position: usize| {
        let own = deployments.iter().find(|own| own.group.contains(&position));
        own.map_or_else(String::new, |own| own.name.clone())
    };
    let views = connections.iter().enumerate();
    let monitor = databases.monitor();
    Snapshot {
        version: VERSION,
        at: SystemTime::now(),
        uptime_seconds: watch.started.elapsed().as_secs_f64(),
        health: health::view(databases),
        deployments: deployments
            .iter()
            .map(|known| {
                let own = known.group.iter().map(|&at| &*connections[at]);
                deployment(known.name.clone(), own.collect())
            })
            .collect(),
        databases: views
            .map(|(at, connection)| {
                let now = watch.history.last(connection.declared.name);
                database(connection, name_of(at), now)
            })
            .collect(),
        tenants: tenants(
            &monitor.tenants(),
            databases.tenant_names(),
            watch.started.elapsed(),
        ),
        slow: slow::worst(monitor.slow()),
        alerts: watch.alerts(),
        process: watch.process.last(),
    }
}

fn deployment(name: String, connections: Vec<&Connection>) -> DeploymentView {
    let first = connections[0];
    let (tokens, capacity) = first.guard.state().budget;
    DeploymentView {
        name,
        databases: connections
            .iter()
            .map(|connection| connection.declared.name)
            .collect(),
        budget: BudgetView { tokens, capacity },
        servers: first.servers().into_iter().map(server).collect(),
    }
}

fn server(seen: Server) -> ServerView {
    ServerView {
        address: seen.address,
        kind: seen.kind,
        round_trip_ms: seen.round_trip.map(millis),
        lag_seconds: seen.lag.map(|lag| lag.as_secs_f64()),
    }
}

fn database(connection: &Connection, deployment: String, now: Option<Point>) -> DatabaseView {
    let meter = connection.meter();
    let state = connection.guard.state();
    let counts = CountsView {
        retries: state.retries,
        recovered: state.recovered,
        forced_drops: state.forced,
        unclassified_errors: state.unclassified,
    };
    let GuardState { circuit, load, .. } = state;
    let operations = meter.map(|meter| meter.measured()).unwrap_or_default();
    DatabaseView {
        name: connection.declared.name,
        deployment,
        now,
        windows: windows(meter.map(|meter| meter.windows()).unwrap_or_default()),
        circuit: CircuitView {
            state: circuit.circuit.to_string(),
            reason: circuit.reason.to_string(),
            since_seconds: circuit.since.as_secs_f64(),
        },
        bulkhead: BulkheadView {
            in_use: load.in_use,
            limit: load.limit,
            queued: load.queued,
        },
        counts,
        pool: connection.pool().map(pool),
        operations: operations
            .into_iter()
            .map(|measured| operation(connection, measured))
            .collect(),
    }
}

fn windows([minute, five_minutes, hour]: [Window; 3]) -> Windows {
    Windows {
        minute,
        five_minutes,
        hour,
    }
}

fn pool(state: PoolState) -> PoolView {
    let taken = (state.checkouts > 0).then(|| millis(state.checkout) / state.checkouts as f64);
    PoolView {
        in_use: state.in_use,
        idle: state.idle,
        connecting: state.connecting,
        max: state.max,
        created: state.created,
        closed: state.closed,
        cleared: state.cleared,
        checkout_ms: taken,
    }
}

fn operation(connection: &Connection, measured: Measured) -> OperationView {
    OperationView {
        target_ms: connection.guard.slow_from(measured.operation).map(millis),
        collection: measured.collection,
        operation: measured.operation,
        windows: windows(measured.windows),
        outcomes: Outcomes::from(&measured.totals),
    }
}

fn tenants(shares: &[Share], names: Names, uptime: Duration) -> Vec<TenantView> {
    let all: u64 = shares.iter().map(|share| share.calls).sum();
    let seconds = tenants_seconds(uptime.as_secs());
    let view = |share: &Share| TenantView {
        tenant: share.label(names),
        calls: share.calls,
        per_second: share.calls as f64 / seconds,
        share: share.calls as f64 / all.max(1) as f64,
        mean_ms: millis(share.elapsed) / share.calls.max(1) as f64,
    };
    shares.iter().map(view).collect()
}

/// Tenants' shares are of the last five whole minutes and of the one that has begun.
fn tenants_seconds(uptime: u64) -> f64 {
    let window = if uptime < 300 {
        uptime
    } else {
        300 + uptime % 60
    };
    window.max(1) as f64
}
