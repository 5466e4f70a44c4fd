//! Whether a call is sent again, after which pause, and what its caller is told otherwise.
//!
//! The driver has retried once already what it may: this is for what is left. Nothing in a session
//! comes here.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Budget, Class, Deadline, Operation,
    judge::{is_certain, is_unsure, is_waiting, may_follow},
};
use crate::{
    config::RetryConfig,
    error::{Cause, Error, Failure, Result},
    pauses::Pauses,
};

/// The first pause where the server is busy, or does not take connections.
const BUSY: Duration = Duration::from_millis(100);

/// Why an attempt brought no answer.
pub(super) enum Failed {
    /// It was not sent: the circuit is open, the bulkhead full, the time was up before.
    Unsent(Error),
    /// Its time was up.
    Late,
    /// The databases are shutting down.
    CutOff,
    /// The driver or the server says no.
    Driver(mongodb::error::Error),
}

/// What has been tried so far of one call.
pub(super) struct Retry {
    /// The attempt under way, from 1.
    pub(super) number: u32,
    /// An attempt may have been applied, and nobody knows.
    pub(super) unsure: bool,
    /// Why the attempt before the last one failed.
    last: Option<mongodb::error::Error>,
    /// Boxed: hardly any call has one, and all would carry its room.
    pauses: Option<Box<Pauses>>,
    /// They are those of a busy server.
    is_busy: bool,
}

impl Retry {
    pub(super) fn new() -> Self {
        Self {
            number: 1,
            unsure: false,
            last: None,
            pauses: None,
            is_busy: false,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.last.is_none()
    }

    /// Returns the pause before the next attempt, or the error that ends the call.
    pub(super) fn after(
        &mut self,
        failed: Failed,
        operation: &Operation,
        deadline: Deadline,
        config: &RetryConfig,
        budget: &Budget,
    ) -> Result<Duration> {
        if let Failed::Driver(error) = &failed
            && let Some(pause) = self.next(error, operation, deadline, config, budget)
        {
            self.unsure |= is_unsure(error, operation.resend);
            self.last = Some(error.clone());
            return Ok(pause);
        }
        Err(self.end(failed, operation, deadline))
    }

    /// Returns the pause before another attempt, if there may be one.
    fn next(
        &mut self,
        error: &mongodb::error::Error,
        operation: &Operation,
        deadline: Deadline,
        config: &RetryConfig,
        budget: &Budget,
    ) -> Option<Duration> {
        let now = Instant::now();
        let is_waiting = is_waiting(error);
        if !may_follow(error, operation.resend) || (self.number >= config.attempts && !is_waiting) {
            return None;
        }
        let pause = self.pause(error, config);
        let is_paid = || is_waiting || budget.withdraw(now.into_std());
        if pause >= deadline.remaining_at(now) || !is_paid() {
            return None;
        }
        self.number += u32::from(!is_waiting);
        Some(pause)
    }

    /// Returns what the caller is told where no attempt follows.
    pub(super) fn end(
        &mut self,
        failed: Failed,
        operation: &Operation,
        deadline: Deadline,
    ) -> Error {
        if let Failed::Driver(error) = &failed {
            self.unsure |= is_unsure(error, operation.resend);
        }
        self.conclude(failed, operation, deadline)
    }

    fn pause(&mut self, error: &mongodb::error::Error, config: &RetryConfig) -> Duration {
        let is_busy = matches!(Failure::of(error), Failure::Overload | Failure::NotSent);
        if is_busy && !self.is_busy {
            (self.is_busy, self.pauses) = (true, None);
        }
        let first = if is_busy {
            config.pause.max(BUSY)
        } else {
            config.pause
        };
        let longest = config.pause_max.max(first);
        let pauses = self
            .pauses
            .get_or_insert_with(|| Box::new(Pauses::full_jitter(first, longest)));
        // What the server asks for is kept, and jittered on top: all others were told the same.
        pauses.pause() + error.base_backoff().unwrap_or_default()
    }

    /// After an attempt that may have been applied only the server's own refusal of the same input is
    /// certain.
    fn conclude(&self, failed: Failed, operation: &Operation, deadline: Deadline) -> Error {
        let ambiguous = |cause: Cause| Error::Ambiguous {
            operation: Box::new(operation.clone()),
            cause,
        };
        match failed {
            Failed::Late => late(operation, deadline, true),
            // Of a transaction only whoever committed it knows.
            Failed::CutOff if operation.is_write() && operation.class != Class::Transaction => {
                let shutdown = mongodb::error::Error::custom("the databases are shutting down");
                ambiguous(Cause::new(shutdown))
            }
            Failed::CutOff => Error::ShuttingDown,
            Failed::Unsent(Error::DeadlineExceeded { .. }) => match &self.last {
                // It waited for a server to the end, and there was none.
                Some(last) if is_waiting(last) && !self.unsure => {
                    Error::from_driver(operation, last.clone())
                }
                _ => late(operation, deadline, self.unsure),
            },
            Failed::Unsent(_) if self.unsure => {
                ambiguous(self.last.clone().map_or_else(Cause::silence, Cause::new))
            }
            Failed::Unsent(error) => error,
            Failed::Driver(error) => match Failure::of(&error) {
                // The server kept the deadline that we sent along.
                Failure::Timeout => late(operation, deadline, true),
                failure if self.unsure && !is_certain(failure) => ambiguous(Cause::new(error)),
                _ => Error::from_driver(operation, error),
            },
        }
    }
}

pub(super) fn late(operation: &Operation, deadline: Deadline, sent: bool) -> Error {
    Error::DeadlineExceeded {
        operation: Box::new(operation.clone()),
        limit: deadline.limit(),
        sent,
    }
}
