//! What the driver's pool of one logical database has, from its events.
//!
//! The driver calls the listener inline: it counts, and takes a lock only where a connection is made or
//! closed. Who waits for a connection is
//! not counted: of a wait that its caller gave up the driver tells nothing. Calls wait before the
//! driver, at the bulkhead, whose queue is known.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mongodb::event::{
    EventHandler,
    cmap::{CmapEvent, ConnectionClosedReason},
};

/// The connections of a logical database to all servers of its deployment. Those that watch the
/// servers are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolState {
    /// Connections that a call uses.
    pub in_use: u64,
    /// Connections that are ready for one.
    pub idle: u64,
    /// Connections that are being made.
    pub connecting: u64,
    /// The most there may be to one server.
    pub max: u32,
    /// Connections made since the start.
    pub created: u64,
    /// Connections closed since the start.
    pub closed: u64,
    /// Of these: because of an error, or because a call was dropped in the middle.
    pub broken: u64,
    /// How often all connections to a server were given up, since the start.
    pub cleared: u64,
    /// How often a connection was taken, since the start.
    pub checkouts: u64,
    /// How often none was to be had.
    pub checkout_failures: u64,
    /// What all taking took.
    pub checkout: Duration,
}

/// Counts the events of one client. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    created: AtomicU64,
    closed: AtomicU64,
    /// Those that are being made, by server and number.
    connecting: Mutex<HashSet<(String, u32)>>,
    broken: AtomicU64,
    cleared: AtomicU64,
    checked_out: AtomicU64,
    checked_in: AtomicU64,
    failures: AtomicU64,
    /// In nanoseconds.
    checkout: AtomicU64,
}

impl Pool {
    /// Returns what the driver calls at every event of its pools.
    pub(crate) fn listener(&self) -> EventHandler<CmapEvent> {
        let pool = self.clone();
        EventHandler::callback(move |event| pool.note(&event))
    }

    fn note(&self, event: &CmapEvent) {
        let counts = &*self.0;
        match event {
            CmapEvent::ConnectionCheckedOut(out) => {
                add(&counts.checked_out, 1);
                let nanos = u64::try_from(out.duration.as_nanos()).unwrap_or(u64::MAX);
                add(&counts.checkout, nanos);
            }
            CmapEvent::ConnectionCheckedIn(_) => add(&counts.checked_in, 1),
            CmapEvent::ConnectionCheckoutFailed(_) => add(&counts.failures, 1),
            CmapEvent::ConnectionCreated(made) => {
                let one = (made.address.to_string(), made.connection_id);
                self.connecting().insert(one);
                add(&counts.created, 1);
            }
            CmapEvent::ConnectionReady(ready) => {
                let one = (ready.address.to_string(), ready.connection_id);
                self.connecting().remove(&one);
            }
            CmapEvent::ConnectionClosed(closed) => {
                let one = (closed.address.to_string(), closed.connection_id);
                self.connecting().remove(&one);
                add(&counts.closed, 1);
                let broken = [
                    ConnectionClosedReason::Error,
                    ConnectionClosedReason::Dropped,
                ];
                if broken.contains(&closed.reason) {
                    add(&counts.broken, 1);
                }
            }
            CmapEvent::PoolCleared(_) => add(&counts.cleared, 1),
            _ => {}
        }
    }

    /// Returns how the pool stands, of which a connection's maximum per server is known.
    pub(crate) fn state(&self, max: u32) -> PoolState {
        let counts = &*self.0;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Ends before beginnings, so that none seems to have ended before it began.
        let (closed, checked_in) = (read(&counts.closed), read(&counts.checked_in));
        let (created, checked_out) = (read(&counts.created), read(&counts.checked_out));
        let connecting = self.connecting().len() as u64;
        let in_use = checked_out.saturating_sub(checked_in);
        let open = created.saturating_sub(closed);
        PoolState {
            in_use,
            idle: open.saturating_sub(connecting).saturating_sub(in_use),
            connecting,
            max,
            created,
            closed,
            broken: read(&counts.broken),
            cleared: read(&counts.cleared),
            checkouts: checked_out,
            checkout_failures: read(&counts.failures),
            checkout: Duration::from_nanos(read(&counts.checkout)),
        }
    }

    fn connecting(&self) -> MutexGuard<'_, HashSet<(String, u32)>> {
        let connecting = self.0.connecting.lock();
        connecting.unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}
