//! One probe per deployment, whatever the number of databases and tenants on it.
//!
//! A ping proves little: under fsyncLock ping, `hello` and reads go well while writes hang. So the
//! probe is a write: a delete that matches nothing, on a collection that need not exist. It writes
//! nothing and makes no database.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mongodb::bson::doc;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Connection;
use crate::{
    error::Cause,
    health::{Health, Node},
};

/// How long a probe may take, on the server and in all.
const SERVER_LIMIT: Duration = Duration::from_millis(900);
const LIMIT: Duration = Duration::from_secs(1);

/// Registers a node for each connection: before the first probe it is unknown, which is not ready.
pub(super) fn register(
    connections: &[Arc<Connection>],
    health: &Health,
    frequency: Duration,
) -> Vec<Node> {
    let stale = Some(frequency * 3 + LIMIT * 2);
    let register = |connection: &Arc<Connection>| {
        let name = format!("database:{}", connection.declared.name);
        health.register(name, connection.need, stale)
    };
    connections.iter().map(register).collect()
}

/// Probes every `frequency` until it is stopped.
pub(super) async fn run(connections: Vec<Arc<Connection>>, nodes: Vec<Node>, frequency: Duration) {
    let mut own: Vec<Option<String>> = vec![None; connections.len()];
    let mut ticks = interval(frequency);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut turn = 0;
    loop {
        ticks.tick().await;
        let groups = groups(&connections);
        let probes = groups.iter().map(|group| probe(group, turn, &connections));
        for (group, probed) in groups.iter().zip(join_all(probes).await) {
            probed.report(group, &connections, &nodes, &mut own);
        }
        turn += 1;
    }
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

/// What was found out about the databases of one deployment.
#[derive(Default)]
struct Probed {
    /// What holds for all of them: the server took a write, or could not.
    shared: Option<Result<(), String>>,
    /// What concerns one client: its credentials, its pool.
    own: Vec<(usize, Option<String>)>,
}

/// Probes through one client of the group, another one at each turn, so that none stays unseen. A
/// failure of its own says nothing of the others: then the next one is asked.
async fn probe(group: &[usize], turn: usize, connections: &[Arc<Connection>]) -> Probed {
    let mut probed = Probed::default();
    for step in 0..group.len() {
        let position = group[(turn + step) % group.len()];
        match write(&connections[position]).await {
            Ok(()) => {
                probed.own.push((position, None));
                probed.shared = Some(Ok(()));
                break;
            }
            Err(Failure::Server(reason)) => {
                probed.own.push((position, None));
                probed.shared = Some(Err(reason));
                break;
            }
            Err(Failure::Client(reason)) => probed.own.push((position, Some(reason))),
        }
    }
    probed
}

impl Probed {
    fn report(
        self,
        group: &[usize],
        connections: &[Arc<Connection>],
        nodes: &[Node],
        own: &mut [Option<String>],
    ) {
        for (position, reason) in self.own {
            own[position] = reason;
        }
        for &position in group {
            // Each client has monitors of its own, so each says for itself whether it sees a primary.
            let seen = primary(&connections[position]);
            let alone = own[position].clone().map_or(Ok(()), Err);
            let shared = self.shared.clone().unwrap_or(Ok(()));
            match seen.and(alone).and(shared) {
                Ok(()) => nodes[position].up(),
                Err(reason) => nodes[position].down(reason),
            }
        }
    }
}

fn primary(connection: &Connection) -> Result<(), String> {
    match connection.topology.primary_age() {
        None => Err("no writable primary was seen yet".into()),
        Some(age) if age > connection.silence => Err(format!(
            "no writable primary was seen for {:.1} s",
            age.as_secs_f64()
        )),
        Some(_) => Ok(()),
    }
}

/// Whose failure it is.
enum Failure {
    /// The server's: all clients would meet it.
    Server(String),
    /// This client's: its credentials are wrong, its pool is exhausted, its network is stalled.
    Client(String),
}

async fn write(connection: &Connection) -> Result<(), Failure> {
    let command = doc! {
        "delete": "mongoplex_probe",
        "deletes": [{ "q": { "_id": 0 }, "limit": 1 }],
        "maxTimeMS": i64::try_from(SERVER_LIMIT.as_millis()).unwrap_or(i64::MAX),
    };
    let answer = timeout(LIMIT, async { connection.own().run_command(command).await }).await;
    let error = match answer {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => Cause::new(error),
        Err(_) => {
            let reason = format!("a write was not answered within {LIMIT:?}");
            return Err(Failure::Client(reason));
        }
    };
    let reason = format!("a write failed: {error}");
    match error.code() {
        // A user that may only read: seeing a primary is all that can be asked.
        Some(13) => Ok(()),
        Some(50) => Err(Failure::Server(
            "writes hang although reads may go on; is the server locked by fsyncLock?".into(),
        )),
        Some(_) if error.is_unavailable() => Err(Failure::Server(reason)),
        _ => Err(Failure::Client(reason)),
    }
}
