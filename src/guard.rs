//! The one way to the driver: every call passes here and nowhere else.
//!
//! `Guard::run` is for calls that could be sent again, `Guard::once` for those that lend
//! something `&mut` (a session, a cursor) and are never sent again. Both give the call a deadline,
//! tell it the time that is left (→ `maxTimeMS`), translate its error and record it.

mod deadline;
mod operation;
mod record;
mod resend;

use std::{future::IntoFuture, sync::Arc, time::Instant};

use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

pub use self::{
    deadline::{Attempt, Deadline},
    operation::{Class, Operation},
    record::{Observer, Outcome, Record},
    resend::Resend,
};
use crate::{
    config::Deadlines,
    error::{Error, Result},
};

/// The guard of one logical database's client. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Inner>);

struct Inner {
    deadlines: Deadlines,
    calls: TaskTracker,
    closing: CancellationToken,
    cut_off: CancellationToken,
    observers: Vec<Arc<dyn Observer>>,
}

impl Guard {
    pub(crate) fn new(deadlines: Deadlines, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self(Arc::new(Inner {
            deadlines,
            calls: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut_off: CancellationToken::new(),
            observers,
        }))
    }

    /// Runs a call that may be made more than once.
    ///
    /// # Cancel safety
    /// A dropped future abandons the call; a write may have been applied.
    pub(crate) async fn run<T, A>(
        &self,
        operation: Operation,
        call: impl FnMut(Attempt) -> A,
    ) -> Result<T>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        self.once(operation, call).await
    }

    /// Runs a call that lends something `&mut` and is never sent again.
    ///
    /// # Cancel safety
    /// A dropped future abandons the call; a write may have been applied.
    pub(crate) async fn once<T, A>(
        &self,
        operation: Operation,
        call: impl FnOnce(Attempt) -> A,
    ) -> Result<T>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        let mut flight = Flight {
            guard: self,
            operation,
            started: Instant::now(),
            outcome: None,
        };
        let operation = &flight.operation;
        let result = match self.admit() {
            Err(error) => Err(error),
            Ok(_token) => {
                let deadline = operation.deadline(&self.0.deadlines);
                let attempt = Attempt {
                    number: 1,
                    deadline,
                };
                if deadline.remaining().is_zero() {
                    Err(late(operation, deadline))
                } else {
                    self.bounded(operation, deadline, call(attempt).into_future())
                        .await
                }
            }
        };
        flight.outcome = Some(Outcome::of(result.as_ref().err()));
        result
    }

    async fn bounded<T>(
        &self,
        operation: &Operation,
        deadline: Deadline,
        call: impl Future<Output = mongodb::error::Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            // In this order: an answer that is there counts, however late the timer looks.
            biased;
            answer = call => answer.map_err(|error| translate(operation, deadline, error)),
            () = self.0.cut_off.cancelled() => Err(Error::ShuttingDown),
            () = deadline.passed() => Err(late(operation, deadline)),
        }
    }

    /// Counts the call as in flight, or refuses it once the shutdown has begun.
    fn admit(&self) -> Result<TaskTrackerToken> {
        // The token first: a shutdown that begins in between then waits for this call.
        let token = self.0.calls.token();
        if self.0.calls.is_closed() {
            Err(Error::ShuttingDown)
        } else {
            Ok(token)
        }
    }

    /// Refuses calls from now on.
    pub(crate) fn close(&self) {
        self.0.calls.close();
        self.0.closing.cancel();
    }

    /// Waits until calls are refused: the end of what waits without a deadline.
    pub(crate) async fn closing(&self) {
        self.0.closing.cancelled().await;
    }

    /// Waits until no call is in flight. Close first.
    pub(crate) async fn idle(&self) {
        self.0.calls.wait().await;
    }

    /// Ends all calls in flight with [`Error::ShuttingDown`] and returns how many there were.
    pub(crate) fn cut_off(&self) -> usize {
        let calls = self.0.calls.len();
        self.0.cut_off.cancel();
        calls
    }
}

/// A call from its first step to its end. One that is dropped is recorded too: a cancelled request
/// must still show.
struct Flight<'a> {
    guard: &'a Guard,
    operation: Operation,
    started: Instant,
    outcome: Option<Outcome>,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let record = Record {
            operation: self.operation.clone(),
            elapsed: self.started.elapsed(),
            outcome: self.outcome.unwrap_or(Outcome::Abandoned),
        };
        record.log();
        self.guard
            .0
            .observers
            .iter()
            .for_each(|observer| observer.record(&record));
    }
}

fn late(operation: &Operation, deadline: Deadline) -> Error {
    Error::DeadlineExceeded {
        operation: Box::new(operation.clone()),
        limit: deadline.limit(),
    }
}

fn translate(operation: &Operation, deadline: Deadline, error: mongodb::error::Error) -> Error {
    let error = Error::from_driver(operation, error);
    match &error {
        // 50 MaxTimeMSExpired: the server kept the deadline that we sent along.
        Error::Driver { cause, .. } if cause.code() == Some(50) => late(operation, deadline),
        _ => error,
    }
}
