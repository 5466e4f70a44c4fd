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
    let mut ticks = interval(frequency);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        join_all(
            groups(&connections)
                .iter()
                .map(|group| probe(group, &connections, &nodes)),
        )
        .await;
    }
}

/// Returns the positions of the connections by deployment. One that has seen no server yet is
/// alone: unknown is not the same.
fn groups(connections: &[Arc<Connection>]) -> Vec<Vec<usize>> {
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

async fn probe(group: &[usize], connections: &[Arc<Connection>], nodes: &[Node]) {
    let answer = write(&connections[group[0]]).await;
    for &position in group {
        let connection = &connections[position];
        // Each client has monitors of its own, so each says for itself whether it sees a primary.
        match (primary(connection), &answer) {
            (Err(reason), _) => nodes[position].down(reason),
            (Ok(()), Err(reason)) => nodes[position].down(reason.clone()),
            (Ok(()), Ok(())) => nodes[position].up(),
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

async fn write(connection: &Connection) -> Result<(), String> {
    let command = doc! {
        "delete": "mongoplex_probe",
        "deletes": [{ "q": { "_id": 0 }, "limit": 1 }],
        "maxTimeMS": i64::try_from(SERVER_LIMIT.as_millis()).unwrap_or(i64::MAX),
    };
    let answer = timeout(LIMIT, async { connection.own().run_command(command).await }).await;
    let error = match answer {
        Ok(Ok(_)) => return Ok(()),
        Ok(Err(error)) => Cause::new(error),
        Err(_) => return Err(format!("a write was not answered within {LIMIT:?}")),
    };
    match error.code() {
        // A user that may only read: seeing a primary is all that can be asked.
        Some(13) => Ok(()),
        Some(50) => {
            Err("writes hang although reads may go on; is the server locked by fsyncLock?".into())
        }
        _ => Err(format!("a write failed: {error}")),
    }
}
