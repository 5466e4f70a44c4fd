//! What is known of a call once it has ended. Every call is recorded, none sampled away.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Deadline, Operation};
use crate::{
    config::Deadlines,
    error::{Error, Result},
};

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// With an answer.
    Ok,
    /// With a refusal that concerns the caller's document: a duplicate, a validator.
    Refused,
    /// At its deadline.
    Late,
    /// It was not sent, or cut off: the circuit is open, too much is under way, or the databases are
    /// shutting down.
    Rejected,
    /// It is a write, and nobody knows whether it was applied.
    Ambiguous,
    /// Its future was dropped: the caller went away, or ran out of time. It may have been applied.
    Abandoned,
    /// Otherwise.
    Failed,
}

impl Outcome {
    pub(super) fn of(error: Option<&Error>) -> Self {
        match error {
            None => Self::Ok,
            Some(Error::Duplicate { .. } | Error::Invalid { .. }) => Self::Refused,
            Some(Error::DeadlineExceeded { .. }) => Self::Late,
            Some(Error::ShuttingDown | Error::CircuitOpen { .. } | Error::Overloaded { .. }) => {
                Self::Rejected
            }
            Some(Error::Ambiguous { .. }) => Self::Ambiguous,
            Some(_) => Self::Failed,
        }
    }

    /// Returns the word for it in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Rejected => "rejected",
            Self::Ambiguous => "ambiguous",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

/// A call that has ended. It holds no part of a filter or a document.
#[derive(Debug)]
#[non_exhaustive]
pub struct Record {
    /// The call.
    pub operation: Operation,
    /// From its first step to its end.
    pub elapsed: Duration,
    /// How it ended.
    pub outcome: Outcome,
    /// The number of its last attempt, from 1, the driver's own retries not counted. That one was not
    /// sent where the call was refused, or had no time left.
    pub attempts: u32,
}

/// Is told of every call that has ended, on the caller's task: it must be quick and never block.
pub trait Observer: Send + Sync + 'static {
    /// Takes note of one call.
    fn record(&self, record: &Record);
}

impl Record {
    /// Returns whether the log would show it.
    pub(super) fn is_logged() -> bool {
        tracing::enabled!(tracing::Level::DEBUG)
    }

    pub(super) fn log(&self) {
        let operation = &self.operation;
        tracing::debug!(
            db.logical = operation.database,
            db.namespace = %operation.namespace,
            db.operation = operation.name,
            attempts = self.attempts,
            elapsed_ms = self.elapsed.as_secs_f64() * 1000.0,
            outcome = self.outcome.as_str(),
            "{operation} ended {}",
            self.outcome.as_str(),
        );
    }
}

/// A call from its first step to its end. One that is dropped is recorded too: a cancelled request
/// must still show.
pub(super) struct Flight<'a> {
    observers: &'a [Arc<dyn Observer>],
    pub(super) started: Instant,
    pub(super) record: Record,
}

impl<'a> Flight<'a> {
    pub(super) fn new(observers: &'a [Arc<dyn Observer>], operation: Operation) -> Self {
        let record = Record {
            operation,
            elapsed: Duration::ZERO,
            // Until it has an end of its own.
            outcome: Outcome::Abandoned,
            attempts: 1,
        };
        Self {
            observers,
            started: Instant::now(),
            record,
        }
    }

    pub(super) fn deadline(&self, defaults: &Deadlines) -> Deadline {
        self.record.operation.deadline(self.started, defaults)
    }

    /// Takes note of the end, which is what comes back.
    pub(super) fn end<T>(&mut self, result: Result<T>) -> Result<T> {
        self.record.outcome = Outcome::of(result.as_ref().err());
        result
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if self.observers.is_empty() && !Record::is_logged() {
            return;
        }
        self.record.elapsed = self.started.elapsed();
        self.record.log();
        self.observers
            .iter()
            .for_each(|observer| observer.record(&self.record));
    }
}
