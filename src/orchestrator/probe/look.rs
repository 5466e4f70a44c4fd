//! Single looks at a deployment: each one command to the primary, or none where heartbeats tell.
//!
//! A command that fails says nothing here, for what is down is found by the write: the check grows old
//! and is unknown. What the user may not ask, and what there is not, is unsupported.

use std::time::Instant;

use futures_util::{FutureExt, future::BoxFuture};
use mongodb::bson::{Bson, Document, doc};
use tokio::time::timeout;

use super::{Connection, LIMIT, server_limit};
use crate::{
    error::Cause,
    health::Finding,
    orchestrator::topology::{PRIMARY, SECONDARY, UNKNOWN},
};

/// Returns how many members do not answer, from heartbeats.
pub(super) fn members(connection: &Connection) -> Finding {
    let silent = connection.servers().into_iter();
    let silent = silent.filter(|server| server.kind == UNKNOWN);
    let names: Vec<String> = silent.map(|server| server.address).collect();
    match &*names {
        [] => Finding::Fine,
        [one] => Finding::Amiss(format!("{one} does not answer")),
        many => Finding::Amiss(format!("{} do not answer", many.join(", "))),
    }
}

/// Returns how far the last secondary is behind the primary, from heartbeats: no privilege is needed.
pub(super) fn lag(connection: &Connection) -> Finding {
    let servers = connection.servers();
    let secondaries = servers.iter().filter(|server| server.kind == SECONDARY);
    let behind = secondaries.filter_map(|server| Some((server.lag?, &server.address)));
    match behind.max() {
        Some((lag, address)) => Finding::Value(
            lag.as_secs_f64(),
            format!("{address} is behind the primary"),
        ),
        None if servers.iter().any(|server| server.kind == PRIMARY) => Finding::Fine,
        None => Finding::Unsupported("no member of a replica set answers".into()),
    }
}

/// Returns what a ping takes, in milliseconds.
pub(super) fn ping(connection: &Connection) -> BoxFuture<'_, Option<Finding>> {
    async {
        let started = Instant::now();
        let command = doc! { "ping": 1 };
        match timeout(LIMIT, async { connection.own().run_command(command).await }).await {
            Ok(Err(_)) => None,
            // One that is given up took at least so long.
            Ok(Ok(_)) | Err(_) => {
                let taken = started.elapsed().as_secs_f64() * 1_000.0;
                let of = "95 % of the last pings took at most";
                Some(Finding::Value(taken, of.into()))
            }
        }
    }
    .boxed()
}

/// Returns the share of the server's connections that are taken.
pub(super) fn connections(connection: &Connection) -> BoxFuture<'_, Option<Finding>> {
    async {
        let command = doc! {
            "serverStatus": 1, "repl": 0, "metrics": 0, "locks": 0, "wiredTiger": 0, "tcmalloc": 0,
            "opcounters": 0, "network": 0, "asserts": 0, "maxTimeMS": server_limit(),
        };
        let reply = match ask(connection, "admin", command).await? {
            Ok(reply) => reply,
            Err(unsupported) => return Some(unsupported),
        };
        let counts = reply.get_document("connections").ok();
        let count = |key| counts.and_then(|counts| number(counts, key));
        let Some((now, more)) = count("current").zip(count("available")) else {
            return Some(Finding::Unsupported("the server does not tell".into()));
        };
        let of = "connections to the primary, of those it accepts";
        Some(Finding::Value(
            now * 100.0 / (now + more).max(1.0),
            of.into(),
        ))
    }
    .boxed()
}

/// Returns the share of the primary's file system that is taken.
pub(super) fn disk(connection: &Connection) -> BoxFuture<'_, Option<Finding>> {
    async {
        let command = doc! { "dbStats": 1, "maxTimeMS": server_limit() };
        let own = &*connection.name;
        let reply = match ask(connection, own, command).await? {
            Ok(reply) => reply,
            Err(unsupported) => return Some(unsupported),
        };
        let total = number(&reply, "fsTotalSize").filter(|total| *total > 0.0);
        let Some((used, total)) = number(&reply, "fsUsedSize").zip(total) else {
            let reason = "the server tells it of databases that hold something only";
            return Some(Finding::Unsupported(reason.into()));
        };
        let of = "used of the primary's file system";
        Some(Finding::Value(used * 100.0 / total, of.into()))
    }
    .boxed()
}

/// Returns how many hours the oplog reaches back: a member that was away for longer must copy everything.
/// One that is not full has lost nothing yet.
pub(super) fn oplog(connection: &Connection) -> BoxFuture<'_, Option<Finding>> {
    async {
        let size = doc! {
            "aggregate": "oplog.rs", "cursor": {}, "maxTimeMS": server_limit(),
            "pipeline": [{ "$collStats": { "storageStats": {} } },
                { "$project": { "size": "$storageStats.size", "most": "$storageStats.maxSize" } }],
        };
        let (mut ends, mut full) = (Vec::new(), false);
        match ask(connection, "local", size).await? {
            Err(unsupported) => return Some(unsupported),
            Ok(reply) => {
                let Some(stats) = first(&reply) else {
                    return Some(Finding::Unsupported("the primary has no oplog".into()));
                };
                let size = number(stats, "size").zip(number(stats, "most"));
                full |= size.is_some_and(|(size, most)| size >= most * FULL);
            }
        }
        if !full {
            return Some(Finding::Fine);
        }
        for order in [1, -1] {
            let end = doc! {
                "find": "oplog.rs", "sort": { "$natural": order }, "limit": 1,
                "projection": { "ts": 1 }, "maxTimeMS": server_limit(),
            };
            match ask(connection, "local", end).await? {
                Err(unsupported) => return Some(unsupported),
                Ok(reply) => ends.extend(first(&reply)?.get_timestamp("ts").ok()),
            }
        }
        let [first, last] = *ends else {
            return None;
        };
        let hours = f64::from(last.time.saturating_sub(first.time)) / 3_600.0;
        Some(Finding::Value(hours, "the oplog reaches back".into()))
    }
    .boxed()
}

/// From this share of its size on an oplog drops what is oldest.
const FULL: f64 = 0.95;

/// Returns a reply, or why there can be none; nothing where it failed.
async fn ask(
    connection: &Connection,
    database: &str,
    command: Document,
) -> Option<Result<Document, Finding>> {
    let name = command.keys().next().cloned().unwrap_or_default();
    let database = connection.client.database(database);
    let answer = timeout(LIMIT, async { database.run_command(command).await }).await;
    let cause = match answer.ok()? {
        Ok(reply) => return Some(Ok(reply)),
        Err(error) => Cause::new(error),
    };
    match cause.code() {
        Some(13) => Some(Err(Finding::Unsupported(format!(
            "the user may not run {name} on {}: the role clusterMonitor grants it",
            database.name()
        )))),
        // A limit, a change of primary: it is asked again.
        Some(50) | None => None,
        Some(_) if cause.is_unavailable() => None,
        Some(_) => Some(Err(Finding::Unsupported(format!("{name} failed: {cause}")))),
    }
}

fn first(reply: &Document) -> Option<&Document> {
    let batch = reply
        .get_document("cursor")
        .ok()?
        .get_array("firstBatch")
        .ok()?;
    batch.first()?.as_document()
}

/// Servers send whole numbers of both sizes, and doubles.
fn number(document: &Document, key: &str) -> Option<f64> {
    match document.get(key)? {
        Bson::Int32(number) => Some(f64::from(*number)),
        Bson::Int64(number) => Some(*number as f64),
        Bson::Double(number) => Some(*number),
        _ => None,
    }
}
