//! The write that proves that writes go.
//!
//! A ping proves little: under fsyncLock ping, `hello` and reads go well while writes hang. So the
//! probe is a write: a delete that matches nothing, on a collection that need not exist. It writes
//! nothing and makes no database.

use std::sync::Arc;

use futures_util::future::join_all;
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
    pub(super) own: Vec<(usize, Own)>,
}

/// What a probe says of its own client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Own {
    /// Nothing is wrong with it.
    Fine,
    /// It was not answered in time: another server may just be elected.
    Silent,
    /// Its credentials are wrong, or it cannot be used otherwise.
    Failed(String),
}

/// What came of a write.
enum Wrote {
    /// All clients of the deployment would have met it.
    Shared(Result<(), String>),
    /// It concerns this client.
    Own(Own),
}

/// Probes through the clients at `first`, all at once. A failure of a client's own says nothing of the
/// others: where nothing is known from these, the rest of the group is asked too.
pub(super) async fn probe(
    first: Vec<usize>,
    group: &[usize],
    connections: &[Arc<Connection>],
) -> Probed {
    let mut probed = Probed::default();
    probed.ask(&first, connections).await;
    if probed.shared.is_none() {
        let rest = group.iter().filter(|position| !first.contains(position));
        let rest: Vec<usize> = rest.copied().collect();
        probed.ask(&rest, connections).await;
    }
    probed
}

impl Probed {
    async fn ask(&mut self, positions: &[usize], connections: &[Arc<Connection>]) {
        let writes = positions
            .iter()
            .map(|&position| write(&connections[position]));
        for (&position, wrote) in positions.iter().zip(join_all(writes).await) {
            let own = match wrote {
                Wrote::Own(own) => own,
                Wrote::Shared(result) => {
                    // One that went well says more than one that met a moment's trouble.
                    if self.shared != Some(Ok(())) {
                        self.shared = Some(result);
                    }
                    Own::Fine
                }
            };
            self.own.push((position, own));
        }
    }
}

async fn write(connection: &Connection) -> Wrote {
    let command = doc! {
        "delete": "mongoplex_probe",
        "deletes": [{ "q": { "_id": 0 }, "limit": 1 }],
        "maxTimeMS": server_limit(),
    };
    let answer = timeout(LIMIT, async { connection.own().run_command(command).await }).await;
    let error = match answer {
        Ok(Ok(_)) => return Wrote::Shared(Ok(())),
        Ok(Err(error)) => Cause::new(error),
        Err(_) => return Wrote::Own(Own::Silent),
    };
    let reason = format!("a write failed: {error}");
    match error.code() {
        // A user that may only read: seeing a primary is all that can be asked.
        Some(13) => Wrote::Shared(Ok(())),
        Some(50) => Wrote::Shared(Err(
            "writes hang although reads may go on; is the server locked by fsyncLock?".into(),
        )),
        Some(_) if error.is_unavailable() => Wrote::Shared(Err(reason)),
        _ => Wrote::Own(Own::Failed(reason)),
    }
}
