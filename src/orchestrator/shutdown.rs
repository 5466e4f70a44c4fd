//! Going down: intake stops, calls in flight end, clients close, each within a bound.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Connection, Inner};

/// How long closing one client, and stopping the background tasks, may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// How the shutdown went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shutdown {
    /// All calls ended by themselves.
    Complete,
    /// The grace ran out, and calls were cut off; their writes may have been applied.
    CutOff {
        /// How many.
        calls: usize,
    },
}

pub(super) async fn run(databases: &Inner, grace: Duration) -> Shutdown {
    databases.health.drain();
    let until = Instant::now() + grace;
    let connections = &databases.connections;
    connections
        .iter()
        .for_each(|connection| connection.guard.close());

    let cut = join_all(
        connections
            .iter()
            .map(|connection| drain(connection, until)),
    )
    .await;
    databases.tasks.stop(CLOSE_LIMIT).await;
    join_all(connections.iter().map(|connection| close(connection))).await;

    match cut.iter().sum() {
        0 => {
            tracing::info!("databases closed, all calls had ended");
            Shutdown::Complete
        }
        calls => {
            tracing::warn!(
                calls,
                "databases closed, {calls} calls were cut off after {grace:?}"
            );
            Shutdown::CutOff { calls }
        }
    }
}

/// Waits for the calls in flight and returns how many had to be cut off.
async fn drain(connection: &Connection, until: Instant) -> usize {
    if timeout_at(until, connection.guard.idle()).await.is_ok() {
        return 0;
    }
    let calls = connection.guard.cut_off();
    // They end at their next poll; the driver then takes its connections back.
    drop(timeout(CLOSE_LIMIT, connection.guard.idle()).await);
    calls
}

/// Closes a client at once: the driver's gentle way waits for ever while a cursor lives.
pub(super) async fn close(connection: &Connection) {
    let closing = connection.client.clone().shutdown().immediate(true);
    if timeout(CLOSE_LIMIT, async { closing.await }).await.is_err() {
        let database = connection.declared.name;
        tracing::warn!(
            db.logical = database,
            "the client of `{database}` did not close within {CLOSE_LIMIT:?}"
        );
    }
}
