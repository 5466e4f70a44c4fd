//! One probe per deployment, whatever the number of databases and tenants on it.
//!
//! One task: probes never overlap, and each has a limit of its own. Who asks for health reads what it
//! reported and waits for nothing.

mod database;
mod deployment;
mod look;
mod write;

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::time::sleep;

use self::{
    database::Part,
    deployment::Deployment,
    write::{Own, Probed},
};
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
        let writable = self.write().await;
        let looks = self.deployments.iter_mut().map(|deployment| {
            let group = &deployment.group;
            let asked = group.iter().find(|position| writable.contains(position));
            let asked = asked.map(|&position| &*self.connections[position]);
            let seen = asked.unwrap_or(&self.connections[group[0]]);
            deployment.look(seen, asked)
        });
        join_all(looks).await;
    }

    /// Lets each deployment take a write, and returns the positions of the connections through which one did.
    async fn write(&mut self) -> Vec<usize> {
        let groups = groups(&self.connections);
        let first: Vec<_> = groups.iter().map(|group| self.first(group)).collect();
        let Self {
            connections, parts, ..
        } = self;
        let probes = groups.into_iter().zip(first).map(|(group, first)| async {
            let probed = write::probe(first, &group, connections).await;
            (group, probed)
        });
        let mut probes: FuturesUnordered<_> = probes.collect();
        let mut writable = Vec::new();
        // As each ends: one that hangs keeps no other from being reported.
        while let Some((group, probed)) = probes.next().await {
            let Probed { shared, own } = probed;
            for (position, own) in own {
                let is_fine = own == Own::Fine && shared == Some(Ok(()));
                writable.extend(is_fine.then_some(position));
                parts[position].note_own(own);
            }
            for position in group {
                parts[position].report(&connections[position], shared.as_ref());
            }
        }
        writable
    }

    /// Returns through whom a group is probed: another one at each turn, so that none stays unseen, and those
    /// whose last probe did not go well.
    fn first(&self, group: &[usize]) -> Vec<usize> {
        let turn = group[self.turn % group.len()];
        let is_first = |at: &&usize| **at == turn || self.parts[**at].is_in_doubt();
        group.iter().filter(is_first).copied().collect()
    }

    /// Deployments become known, and known better: those that are no more go, with what was seen of them.
    fn align(&mut self) {
        let all = known(&self.connections);
        let (kept, gone): (Vec<_>, Vec<_>) = self.deployments.drain(..).partition(|own| {
            let mut known = all.iter();
            known.any(|known| known.group == own.group && known.name == own.name)
        });
        self.deployments = kept;
        gone.into_iter().for_each(Deployment::retire);
        for Known { group, name } in all {
            if !self.deployments.iter().any(|own| own.group == group) {
                let (limits, stale) = (&self.config.limits, stale(self.frequency));
                let new = Deployment::new(group, name, &self.health, limits, stale);
                self.deployments.push(new);
            }
        }
    }
}

/// After three turns without a report nothing is known: a turn is a pause, two rounds of writes and
/// some questions.
fn stale(frequency: Duration) -> Duration {
    (frequency + LIMIT * 8) * 3
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

/// A deployment as it is shown: the positions of its connections, and a name that no other one has.
pub(crate) struct Known {
    pub(crate) group: Vec<usize>,
    pub(crate) name: String,
}

/// Returns the deployments as far as can be told. Where two sets have one name, the first server's address
/// tells them apart.
pub(super) fn known(connections: &[Arc<Connection>]) -> Vec<Known> {
    let groups = known_groups(connections);
    let name = |group: &[usize]| connections[group[0]].deployment_name();
    let names: Vec<String> = groups.iter().map(|group| name(group)).collect();
    let known = groups.into_iter().zip(&names).map(|(group, name)| {
        let is_shared = names.iter().filter(|other| *other == name).count() > 1;
        let first = connections[group[0]].servers().into_iter().next();
        let name = match first.filter(|_| is_shared) {
            Some(server) => format!("{name} ({})", server.address),
            None => name.clone(),
        };
        Known { group, name }
    });
    known.collect()
}

/// Returns them as far as can be told. A deployment that does not answer is known by its set's name and
/// members: enough to show it, and for nothing else.
fn known_groups(connections: &[Arc<Connection>]) -> Vec<Vec<usize>> {
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
