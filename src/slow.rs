//! Slow calls, grouped by what they ask for: shapes without values, how long they took, and what the
//! server says that it does for them.
//!
//! The guard tells of each call that was slow, and of no other: nothing here is on a quick call's way. It
//! knows no guard, no server, no format. What explains a shape is told in slow/explain.rs.

mod explain;
mod fields;
mod group;
mod operators;
mod plan;
mod query;
mod shape;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use self::group::SlowCalls;
use self::group::{Key, Room};
pub(crate) use self::{
    explain::{Answer, Explainer, Question, Queue, queue},
    fields::Fields,
    group::Seen,
    plan::Finding,
    query::Query,
};

/// A call that was slow.
pub(crate) struct Call<'a> {
    pub(crate) collection: &'static str,
    pub(crate) operation: &'static str,
    /// From its first step to its end.
    pub(crate) elapsed: Duration,
    /// Whether it was the database that took the time.
    pub(crate) origin: Origin,
    pub(crate) inputs: &'a dyn Inputs,
}

/// Where the time of a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Much of it to waiting for a place among the calls under way.
    Waiting,
    /// To the database.
    Database,
}

/// What a call was made of, asked only once it was slow.
pub(crate) trait Inputs: Send + Sync {
    /// Returns its shape.
    fn shape(&self) -> String;

    /// Returns what explains it, where it is a read that can be explained.
    fn question(&self) -> Option<Question>;
}

/// The slow calls of one logical database. Clones share them.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    database: &'static str,
    room: Mutex<Room>,
    queue: Queue,
}

impl Log {
    /// Returns the log of a logical database whose shapes are explained by who reads `queue`.
    pub(crate) fn new(database: &'static str, queue: Queue) -> Self {
        Self(Arc::new(Inner {
            database,
            room: Mutex::default(),
            queue,
        }))
    }

    /// Takes note of a slow call. It never waits.
    pub(crate) fn record(&self, call: &Call<'_>) {
        let key = Key {
            collection: call.collection,
            operation: call.operation,
            shape: call.inputs.shape().into(),
        };
        let mut room = self.room();
        let mut due = room.note(key.clone(), call.elapsed);
        // What a call does that only waited is no answer to why it took long.
        if due.explain && call.origin == Origin::Waiting {
            room.unasked(&key);
            due.explain = false;
        }
        drop(room);
        if let Some(calls) = due.line {
            self.tell(&key, call.elapsed, calls);
        }
        if due.explain {
            // Where it cannot be asked now, the next slow call of the shape may.
            match self.0.queue.has_room().then(|| call.inputs.question()) {
                Some(Some(question)) => self.0.queue.ask(self, key, question),
                Some(None) | None => self.room().unasked(&key),
            }
        }
    }

    /// Returns what was seen of each shape, in no order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.room().seen()
    }

    /// Returns how often each operation on each collection was slow, sorted by their names.
    pub(crate) fn counts(&self) -> Vec<SlowCalls> {
        self.room().counts()
    }

    fn tell(&self, key: &Key, elapsed: Duration, calls: u64) {
        let (database, shape) = (self.0.database, &*key.shape);
        tracing::warn!(
            db.logical = database,
            db.collection = key.collection,
            db.operation = key.operation,
            db.shape = shape,
            elapsed_ms = elapsed.as_secs_f64() * 1000.0,
            calls,
            "slow: `{}` on {} of `{database}`: {shape} ({calls} since the last line)",
            key.operation,
            key.collection,
        );
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        // Every critical section leaves the room whole.
        self.0.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
