//! The health snapshot as a tree: deployments, and on them the logical databases.

use super::view::{HealthView, NodeView, ReasonView, name};
use crate::{
    health::{Need, NodeSnapshot, Status},
    orchestrator::Databases,
};

/// What a logical database's node is called before its name.
const DATABASE: &str = "database:";

pub(super) fn view(databases: &Databases) -> HealthView {
    let seen = databases.health().snapshot();
    let (status, ready) = (seen.status().as_str(), seen.is_ready());
    let (mut own, others): (Vec<_>, Vec<_>) = seen
        .nodes
        .into_iter()
        .partition(|node| node.name.starts_with(DATABASE));
    let connections = databases.connections();
    let groups = databases.grouped();
    let deployments = groups.iter().map(|group| {
        let names: Vec<_> = group
            .iter()
            .map(|&at| connections[at].declared.name)
            .collect();
        let on_it = |node: &mut NodeSnapshot| names.contains(&&node.name[DATABASE.len()..]);
        let on_it: Vec<NodeSnapshot> = own.extract_if(.., on_it).collect();
        deployment(name(&connections[group[0]]), on_it)
    });
    let deployments: Vec<NodeView> = deployments.collect();
    HealthView {
        status,
        ready,
        draining: seen.draining,
        components: deployments
            .into_iter()
            .chain(others.into_iter().map(node))
            .collect(),
    }
}

/// A deployment is as its worst database is.
fn deployment(name: String, databases: Vec<NodeSnapshot>) -> NodeView {
    let rank = |status| match status {
        Status::Up => 0,
        Status::Degraded => 1,
        Status::Unknown => 2,
        Status::Down => 3,
    };
    let worst = databases.iter().max_by_key(|node| rank(node.status));
    NodeView {
        name,
        kind: "deployment".into(),
        status: worst.map_or(Status::Unknown, |node| node.status).as_str(),
        required: databases.iter().any(|node| node.need == Need::Required),
        reasons: Vec::new(),
        since_seconds: worst.map_or(0.0, |node| node.since.as_secs_f64()),
        age_seconds: 0.0,
        checks: Vec::new(),
        components: databases.into_iter().map(node).collect(),
    }
}

fn node(seen: NodeSnapshot) -> NodeView {
    let (kind, name) = match seen.name.split_once(':') {
        Some((kind, name)) => (kind.to_owned(), name.to_owned()),
        None => ("part".into(), seen.name),
    };
    let message = seen.reason.into_iter();
    NodeView {
        name,
        kind,
        status: seen.status.as_str(),
        required: seen.need == Need::Required,
        reasons: message
            .map(|message| ReasonView {
                code: "probe",
                message,
                observed: None,
                threshold: None,
                unit: "",
            })
            .collect(),
        since_seconds: seen.since.as_secs_f64(),
        age_seconds: 0.0,
        checks: Vec::new(),
        components: Vec::new(),
    }
}
