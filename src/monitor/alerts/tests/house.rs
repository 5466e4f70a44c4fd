//! Snapshots as a test wants them.

use std::time::SystemTime;

use crate::{
    meter::{Outcome, Window},
    monitor::view::{
        BudgetView, BulkheadView, CheckView, CircuitView, CountsView, DatabaseView, DeploymentView,
        HealthView, NodeView, OperationView, Outcomes, ProcessView, ReasonView, ServerView,
        Snapshot, TenantView, Windows,
    },
};

/// A process with two logical databases on one deployment, where all is well.
pub(super) fn calm() -> Snapshot {
    let database = |name: &str| node("database", name, Vec::new());
    Snapshot {
        version: 1,
        at: SystemTime::UNIX_EPOCH,
        uptime_seconds: 1.0,
        health: HealthView {
            status: "up",
            ready: true,
            started: true,
            draining: false,
            components: vec![
                node(
                    "deployment",
                    "rs0",
                    vec![database("admin"), database("customer")],
                ),
                node("process", "process", Vec::new()),
            ],
        },
        deployments: vec![DeploymentView {
            name: "rs0".into(),
            databases: vec!["admin", "customer"],
            budget: BudgetView {
                tokens: 500,
                capacity: 500,
            },
            servers: vec![
                server("a:1", "primary", 0.0),
                server("b:1", "secondary", 0.4),
            ],
        }],
        databases: vec![figures("admin"), figures("customer")],
        tenants: Vec::new(),
        slow: Vec::new(),
        alerts: Vec::new(),
        process: ProcessView::default(),
    }
}

pub(super) fn node(kind: &str, name: &str, components: Vec<NodeView>) -> NodeView {
    NodeView {
        name: name.into(),
        kind: kind.into(),
        status: "up",
        required: true,
        reasons: Vec::new(),
        since_seconds: 1.0,
        age_seconds: 0.0,
        checks: Vec::new(),
        components,
    }
}

pub(super) fn server(address: &str, kind: &'static str, lag: f64) -> ServerView {
    ServerView {
        address: address.into(),
        kind,
        round_trip_ms: Some(0.4),
        lag_seconds: Some(lag),
    }
}

pub(super) fn windows(window: Window) -> Windows {
    Windows {
        minute: window,
        five_minutes: window,
        hour: window,
    }
}

pub(super) fn figures(name: &'static str) -> DatabaseView {
    DatabaseView {
        name,
        deployment: "rs0".into(),
        now: None,
        windows: windows(Window::default()),
        circuit: CircuitView {
            state: "closed".into(),
            reason: "since the start".into(),
            since_seconds: 1.0,
        },
        bulkhead: BulkheadView {
            in_use: 0,
            limit: 8,
            queued: 0,
        },
        counts: CountsView {
            retries: 0,
            recovered: 0,
            forced_drops: 0,
            unclassified_errors: 0,
        },
        pool: None,
        operations: Vec::new(),
    }
}

pub(super) fn check(name: &'static str, status: &'static str, observed: Option<f64>) -> CheckView {
    CheckView {
        name,
        status,
        observed,
        threshold: None,
        unit: "%",
        message: None,
        age_seconds: 0.0,
    }
}

/// Returns the same with logical databases down.
pub(super) fn down(names: &[&str]) -> Snapshot {
    let mut snapshot = calm();
    for node in &mut snapshot.health.components[0].components {
        if names.contains(&node.name.as_str()) {
            node.status = "down";
            node.reasons = vec![ReasonView {
                code: "probe",
                message: "gone".into(),
                observed: None,
                threshold: None,
                unit: "",
            }];
        }
    }
    snapshot
}

/// Returns an operation with the figures of a window in all windows.
pub(super) fn operation(
    name: &'static str,
    window: Window,
    target_ms: Option<f64>,
) -> OperationView {
    OperationView {
        collection: "notes",
        operation: name,
        windows: windows(window),
        outcomes: Outcomes::from_iter([]),
        target_ms,
    }
}

/// Returns an operation whose calls ended so.
pub(super) fn ended(outcome: Outcome, count: u64) -> OperationView {
    let outcomes = Outcomes::from_iter([(outcome.as_str(), count)]);
    OperationView {
        outcomes,
        ..operation("update_one", Window::default(), None)
    }
}

pub(super) fn tenant(name: &str, calls: u64, mean_ms: f64) -> TenantView {
    TenantView {
        tenant: name.into(),
        calls,
        per_second: 1.0,
        share: 0.0,
        mean_ms,
    }
}
