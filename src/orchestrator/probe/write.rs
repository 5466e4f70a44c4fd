//! The write that proves that writes go.
//!
//! A ping proves little: under fsyncLock ping, `hello` and reads go well while writes hang. So the
//! probe is a write: a delete that matches nothing, on a collection that need not exist. It writes
//! nothing and makes no database.

use mongodb::bson::doc;
use tokio::time::timeout;

use super::{Connection, LIMIT, server_limit};
use crate::error::Cause;

/// What was found out about the databases of one deployment.
#[derive(Default)]
pub(super) struct Probed {
    /// What holds for all of them: the server took a write, or could not.
    pub(super) shared: Option<Result<(), String>>,
    /// What concerns one client: its credentials, its pool.
    pub(super) own: Vec<(usize, Option<String>)>,
}

/// Whose failure it is.
enum Failure {
    /// The server's: all clients would meet it.
    Server(String),
    /// This client's: its credentials are wrong, its pool is exhausted, its network is stalled.
    Client(String),
}

/// Probes through one client of the group, another one at each turn, so that none stays unseen. A
/// failure of its own says nothing of the others: then the next one is asked.
pub(super) async fn probe(
    group: &[usize],
    turn: usize,
    connections: &[std::sync::Arc<Connection>],
) -> Probed {
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

async fn write(connection: &Connection) -> Result<(), Failure> {
    let command = doc! {
        "delete": "mongoplex_probe",
        "deletes": [{ "q": { "_id": 0 }, "limit": 1 }],
        "maxTimeMS": server_limit(),
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
