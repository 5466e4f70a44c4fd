//! What is known of a call once it has ended. Every call is recorded, none sampled away.

use std::time::Duration;

use super::Operation;
use crate::error::Error;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With an answer.
    Ok,
    /// With a refusal that concerns the caller's document: a duplicate, a validator.
    Refused,
    /// At its deadline.
    Late,
    /// Otherwise.
    Failed,
}

impl Outcome {
    /// Returns the word for it in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Failed => "failed",
        }
    }
}

/// A call that has ended. It holds no part of a filter or a document.
#[derive(Debug)]
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
    pub(super) fn new(operation: Operation, elapsed: Duration, error: Option<&Error>) -> Self {
        let outcome = match error {
            None => Outcome::Ok,
            Some(Error::Duplicate { .. } | Error::Invalid { .. }) => Outcome::Refused,
            Some(Error::DeadlineExceeded { .. }) => Outcome::Late,
            Some(_) => Outcome::Failed,
        };
        Self {
            operation,
            elapsed,
            outcome,
        }
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
