//! What is known of a call once it has ended. Every call is recorded, none sampled away.

use std::time::Duration;

use super::Operation;
use crate::error::Error;

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
    /// It was not sent, or cut off: the databases are shutting down.
    Rejected,
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
            Some(Error::ShuttingDown) => Self::Rejected,
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
            elapsed_ms = self.elapsed.as_secs_f64() * 1000.0,
            outcome = self.outcome.as_str(),
            "{operation} ended {}",
            self.outcome.as_str(),
        );
    }
}
