//! The one way to the driver: every call passes here and nowhere else.
//!
//! `Guard::run` is for calls that could be sent again, `Guard::once` for those that lend
//! something `&mut` (a session, a cursor) and are never sent again. Both give the call a deadline,
//! tell it the time that is left (→ `maxTimeMS`), translate its error and record it.

mod deadline;
mod operation;
mod record;
mod resend;
#[cfg(test)]
mod tests;

use std::{
    future::{IntoFuture, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

use tokio::{sync::Notify, task::coop::has_budget_remaining, time::Instant};
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
    /// Set once, before all who wait are notified: a call looks at it whenever it is polled.
    is_cut_off: AtomicBool,
    cut_off: Notify,
    observers: Vec<Arc<dyn Observer>>,
}

impl Guard {
    pub(crate) fn new(deadlines: Deadlines, observers: Vec<Arc<dyn Observer>>) -> Self {
        Self(Arc::new(Inner {
            deadlines,
            calls: TaskTracker::new(),
            closing: CancellationToken::new(),
            is_cut_off: AtomicBool::new(false),
            cut_off: Notify::new(),
            observers,
        }))
    }

    /// Runs a call that may be made more than once.
    ///
    /// # Cancel safety
    /// A dropped future abandons the call; a write may have been applied.
    pub(crate) fn run<T, A>(
        &self,
        operation: Operation,
        call: impl FnMut(Attempt) -> A,
    ) -> impl Future<Output = Result<T>>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        self.once(operation, call)
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
        let started = Instant::now();
        let deadline = operation.deadline(started, &self.0.deadlines);
        let mut flight = Flight::new(self, operation, started);
        let operation = &flight.record.operation;
        let result = match self.admit() {
            Err(error) => Err(error),
            Ok(_) if deadline.remaining_at(started).is_zero() => Err(late(operation, deadline)),
            Ok(_token) => {
                // Pinned here, once: a future that is handed on by value is stored, and copied, again.
                let call = pin!(call(Attempt::first(started, deadline)).into_future());
                self.bounded(operation, deadline, call).await
            }
        };
        flight.record.outcome = Outcome::of(result.as_ref().err());
        result
    }

    async fn bounded<T>(
        &self,
        operation: &Operation,
        deadline: Deadline,
        mut call: Pin<&mut impl Future<Output = mongodb::error::Result<T>>>,
    ) -> Result<T> {
        // It counts from here: a cut-off before it is first polled is not missed.
        let mut cut_off = pin!(self.0.cut_off.notified());
        let mut passed = pin!(deadline.passed());
        let mut watched: Option<Waker> = None;
        poll_fn(|context| {
            // First: an answer that is there counts, however late the timer looks.
            if let Poll::Ready(answer) = call.as_mut().poll(context) {
                return Poll::Ready(answer.map_err(|error| translate(operation, deadline, error)));
            }
            if self.0.is_cut_off.load(Ordering::Acquire) {
                return Poll::Ready(Err(Error::ShuttingDown));
            }
            // The other two wake this task already: it is polled several times a call, and to
            // register with them anew costs more than to look.
            let same = |waker: &Waker| waker.will_wake(context.waker());
            if !passed.is_elapsed() && watched.as_ref().is_some_and(same) {
                return Poll::Pending;
            }
            // A task without budget is put off by the timer, which then knows nothing of it.
            watched = has_budget_remaining().then(|| context.waker().clone());
            if cut_off.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Error::ShuttingDown));
            }
            let late = |()| Err(late(operation, deadline));
            passed.as_mut().poll(context).map(late)
        })
        .await
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
        self.0.is_cut_off.store(true, Ordering::Release);
        self.0.cut_off.notify_waiters();
        calls
    }
}

/// A call from its first step to its end. One that is dropped is recorded too: a cancelled request
/// must still show.
struct Flight<'a> {
    guard: &'a Guard,
    started: Instant,
    record: Record,
}

impl<'a> Flight<'a> {
    fn new(guard: &'a Guard, operation: Operation, started: Instant) -> Self {
        let record = Record {
            operation,
            elapsed: Duration::ZERO,
            // Until it has an end of its own.
            outcome: Outcome::Abandoned,
        };
        Self {
            guard,
            started,
            record,
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let observers = &self.guard.0.observers;
        if observers.is_empty() && !Record::is_logged() {
            return;
        }
        self.record.elapsed = self.started.elapsed();
        self.record.log();
        observers
            .iter()
            .for_each(|observer| observer.record(&self.record));
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
