//! One probe per deployment, whatever the number of databases and tenants on it.
//!
//! One task: probes never overlap, and each has a limit of its own. Who asks for health reads what it
//! reported and waits for nothing.

mod database;
mod deployment;
mod look;
mod write;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::time::sleep;

use self::{database::Part, deployment::Deployment};
use super::Connection;
use crate::{config::HealthConfig, health::Health, pauses::Pauses};

/// How long a command may take, on the server and in all.
const SERVER_LIMIT: Duration = Duration::from_millis(900);
const LIMIT: Duration = Duration::from_secs(1);

/// What is known of all databases and deployments of a process.
pub(super) struct Probe {
    connections: Vec<Arc<Connection>>,
    health: Health,
    config: HealthConfig,
    frequency: Duration,
    /// In the order of the connections.
    parts: Vec<Part>,
    deployments: Vec<Deployment>,
    turn: usize,
}

impl Probe {
    /// Registers a node for each connection: before the first probe it is unknown, which is not ready.
    pub(super) fn new(
        connections: Vec<Arc<Connection>>,
        health: &Health,
        config: HealthConfig,
        frequency: Duration,
    ) -> Self {
        let stale = stale(frequency);
        let part = |one: &Arc<Connection>| Part::new(one, health, &config.limits, stale);
        Self {
            parts: connections.iter().map(part).collect(),
            deployments: Vec::new(),
            turn: 0,
            connections,
            health: health.clone(),
            config,
            frequency,
        }
    }

    /// Probes every `frequency`, give or take a tenth so that many processes do not ask at once, until
    /// it is stopped.
    pub(super) async fn run(mut self) {
        let mut pauses = Pauses::tenth(self.frequency);
        loop {
            match self.config.checks {
                true => self.look().await,
                false => self.listen(),
            }
            self.turn += 1;
            sleep(pauses.pause()).await;
        }
    }

    /// Reports what heartbeats tell, and sends nothing.
    fn listen(&mut self) {
        for (part, connection) in self.parts.iter_mut().zip(&self.connections) {
            part.report_seen(connection);
        }
    }

    async fn look(&mut self) {
        self.align();
        let groups = groups(&self.connections);
        let probes = groups
            .iter()
            .map(|group| write::probe(group, self.turn, &self.connections));
        let mut writable = Vec::new();
        for (group, probed) in groups.iter().zip(join_all(probes).await) {
            let shared = probed.shared.as_ref();
            for (position, failure) in probed.own {
                writable.extend((failure.is_none() && shared == Some(&Ok(()))).then_some(position));
                self.parts[position].note_own(failure);
            }
            for &position in group {
                self.parts[position].report(&self.connections[position], shared);
            }
        }
        let looks = self.deployments.iter_mut().map(|deployment| {
            let group = &deployment.group;
            let asked = group.iter().find(|position| writable.contains(position));
            let asked = asked.map(|&position| &*self.connections[position]);
            let seen = asked.unwrap_or(&self.connections[group[0]]);
            deployment.look(seen, asked)
        });
        join_all(looks).await;
    }

    /// Deployments become known, and known better: those that are no more go, with what was seen of them.
    fn align(&mut self) {
        let groups = known_groups(&self.connections).into_iter().map(|group| {
            let name = self.connections[group[0]].deployment_name();
            (group, name)
        });
        let groups: Vec<_> = groups.collect();
        let (kept, gone): (Vec<_>, Vec<_>) = self.deployments.drain(..).partition(|own| {
            let mut known = groups.iter();
            known.any(|(group, name)| *group == own.group && *name == own.name)
        });
        self.deployments = kept;
        gone.into_iter().for_each(Deployment::retire);
        for (group, name) in groups {
            if !self.deployments.iter().any(|own| own.group == group) {
                let (limits, stale) = (&self.config.limits, stale(self.frequency));
                let new = Deployment::new(group, name, &self.health, limits, stale);
                self.deployments.push(new);
            }
        }
    }
}

/// After three turns without a report nothing is known: a turn is a pause, a write and three questions.
fn stale(frequency: Duration) -> Duration {
    (frequency + LIMIT * 4) * 3
}

fn server_limit() -> i64 {
    i64::try_from(SERVER_LIMIT.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the positions of the connections by deployment. One that has seen no server yet is
/// alone: unknown is not the same.
pub(super) fn groups(connections: &[Arc<Connection>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (position, connection) in connections.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| {
            let first = &connections[group[0]];
            first.topology.is_same_deployment(&connection.topology)
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(position),
            None => groups.push(vec![position]),
        }
    }
    groups
}

/// Returns them as far as can be told. A deployment that does not answer is known by its set's name and
/// members: enough to show it, and for nothing else.
pub(super) fn known_groups(connections: &[Arc<Connection>]) -> Vec<Vec<usize>> {
    let mut known: Vec<Vec<usize>> = Vec::new();
    for group in groups(connections) {
        let looks_same = |other: &&mut Vec<usize>| {
            let other = &connections[other[0]].topology;
            other.looks_like(&connections[group[0]].topology)
        };
        match known.iter_mut().find(looks_same) {
            Some(same) => same.extend(group),
            None => known.push(group),
        }
    }
    known
}
