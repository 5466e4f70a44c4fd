//! The health snapshot as a tree: deployments, on them the logical databases, and the process.

use super::view::{CheckView, HealthView, NodeView, ReasonView};
use crate::{
    health::{CheckSnapshot, Need, NodeSnapshot, Reason, Status},
    orchestrator::{Databases, Known},
};

/// What the nodes of logical databases and of deployments are called before their names.
const DATABASE: &str = "database:";
const DEPLOYMENT: &str = "deployment:";

pub(super) fn view(databases: &Databases) -> HealthView {
    let seen = databases.health().snapshot();
    let (status, ready) = (seen.status().as_str(), seen.is_ready());
    let (started, draining) = (seen.started, seen.draining);
    let mut rest = seen.nodes;
    let mut take = |kind: &str, names: &[&str]| -> Vec<NodeSnapshot> {
        let own = |node: &mut NodeSnapshot| {
            let name = node.name.strip_prefix(kind);
            name.is_some_and(|name| names.contains(&name))
        };
        rest.extract_if(.., own).collect()
    };
    let connections = databases.connections();
    let mut components = Vec::new();
    for Known { group, name } in databases.known() {
        let on_it = group.iter().map(|&at| connections[at].declared.name);
        let on_it: Vec<NodeSnapshot> = take(DATABASE, &on_it.collect::<Vec<_>>());
        let own = take(DEPLOYMENT, &[&name]).pop();
        components.push(deployment(name, own, on_it));
    }
    let others = rest.into_iter();
    // A deployment that was known by another name a moment ago is not shown twice.
    components.extend(
        others
            .filter(|node| !node.name.starts_with(DEPLOYMENT))
            .map(node),
    );
    HealthView {
        status,
        ready,
        started,
        draining,
        components,
    }
}

/// A deployment is as its worst database is, or as it was found itself.
fn deployment(name: String, own: Option<NodeSnapshot>, databases: Vec<NodeSnapshot>) -> NodeView {
    let rank = |status| match status {
        Status::Up => 0,
        Status::Degraded => 1,
        Status::Unknown => 2,
        Status::Down => 3,
    };
    let required = databases.iter().any(|node| node.need == Need::Required);
    let all = databases.iter().chain(&own);
    let worst = all.max_by_key(|node| rank(node.status));
    let status = worst.map_or(Status::Unknown, |node| node.status).as_str();
    let since_seconds = worst.map_or(0.0, |node| node.since.as_secs_f64());
    let own = own.map(node);
    NodeView {
        name,
        kind: "deployment".into(),
        status,
        required,
        reasons: own
            .as_ref()
            .map_or_else(Vec::new, |own| own.reasons.clone()),
        since_seconds,
        age_seconds: own.as_ref().map_or(0.0, |own| own.age_seconds),
        checks: own.map_or_else(Vec::new, |own| own.checks),
        components: databases.into_iter().map(node).collect(),
    }
}

fn node(seen: NodeSnapshot) -> NodeView {
    let (kind, name) = match seen.name.split_once(':') {
        Some((kind, name)) => (kind.to_owned(), name.to_owned()),
        None if seen.name == super::PROCESS => (seen.name.clone(), seen.name),
        None => ("part".into(), seen.name),
    };
    NodeView {
        name,
        kind,
        status: seen.status.as_str(),
        required: seen.need == Need::Required,
        reasons: seen.reasons.into_iter().map(reason).collect(),
        since_seconds: seen.since.as_secs_f64(),
        age_seconds: seen.age.as_secs_f64(),
        checks: seen.checks.into_iter().map(check).collect(),
        components: Vec::new(),
    }
}

fn reason(seen: Reason) -> ReasonView {
    ReasonView {
        code: seen.code,
        message: seen.message,
        observed: seen.observed,
        threshold: seen.threshold,
        unit: seen.unit,
    }
}

fn check(seen: CheckSnapshot) -> CheckView {
    CheckView {
        name: seen.name,
        status: seen.status.as_str(),
        observed: seen.observed,
        threshold: seen.threshold,
        unit: seen.unit,
        message: seen.message,
        age_seconds: seen.age.as_secs_f64(),
    }
}
