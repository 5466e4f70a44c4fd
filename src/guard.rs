//! The one way to the driver: every call passes here and nowhere else.
//!
//! ```text
//! deadline ─▶ circuit ─▶ bulkhead ─▶ driver, with maxTimeMS ─▶ what it means ─▶ again? ─▶ record
//!    ▲                                                                           │
//!    └────────────────── a pause, paid from the deployment's budget ◀────────────┘
//! ```
//!
//! `Guard::run` is for calls that could be sent again, `Guard::once` for those that lend something
//! `&mut` (a session, a cursor) and are never sent again.

mod attempt;
mod bounded;
mod breaker;
mod budget;
mod bulkhead;
mod deadline;
mod judge;
mod operation;
mod record;
mod resend;
mod retry;
mod state;
#[cfg(test)]
mod tests;

use std::{
    future::IntoFuture,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::time::Instant;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

use self::{bounded::CutOff, breaker::Breaker, bulkhead::Bulkhead, record::Flight, retry::Retry};
pub use self::{
    breaker::{Circuit, CircuitState, Force, Reason},
    bulkhead::Load,
    deadline::{Attempt, Deadline},
    operation::{Class, Operation},
    record::{Observer, Record},
    resend::Resend,
    state::GuardState,
};
pub use crate::meter::Outcome;
use crate::{
    config::GuardConfig,
    error::{Error, Result},
};
pub(crate) use breaker::Eligible;
pub(crate) use budget::Budget;
pub(crate) use operation::Told;
pub(crate) use record::{Listeners, SlowLog};

/// The guard of one logical database's client. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Inner>);

struct Inner {
    database: &'static str,
    config: GuardConfig,
    calls: TaskTracker,
    closing: CancellationToken,
    cut_off: CutOff,
    breaker: Breaker,
    bulkhead: Arc<Bulkhead>,
    /// That of the deployment, once it is known which one it is.
    budget: OnceLock<Arc<Budget>>,
    counts: Counts,
    listeners: Listeners,
}

/// What is counted besides the records.
#[derive(Default)]
struct Counts {
    /// Calls that only our own timer ended: each closes a connection.
    forced: AtomicU64,
    retries: AtomicU64,
    /// Calls that succeeded after an attempt of which nobody knew.
    recovered: AtomicU64,
    /// Errors whose code or kind is in no table.
    unclassified: AtomicU64,
}

impl Guard {
    /// Returns the guard of a client whose pool has `pool` connections.
    pub(crate) fn new(
        database: &'static str,
        config: GuardConfig,
        pool: u32,
        listeners: Listeners,
    ) -> Self {
        Self(Arc::new(Inner {
            database,
            config,
            calls: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut_off: CutOff::default(),
            breaker: Breaker::new(database, config.breaker),
            bulkhead: Arc::new(Bulkhead::new(database, pool, config.bulkhead)),
            budget: OnceLock::new(),
            counts: Counts::default(),
            listeners,
        }))
    }

    /// Runs a call that may be made more than once, as far as its inputs, its deadline and the budget
    /// let it.
    ///
    /// # Cancel safety
    /// A dropped future abandons the call; a write may have been applied.
    pub(crate) async fn run<T, A>(
        &self,
        told: impl Into<Told<'_>>,
        mut call: impl FnMut(Attempt) -> A,
    ) -> Result<T>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        let mut flight = Flight::new(&self.0.listeners, told.into());
        let deadline = flight.deadline(&self.0.config.deadlines);
        let mut retry = Retry::new();
        let result = match self.admit(&flight.record.operation) {
            Err(error) => Err(error),
            Ok(_token) => loop {
                flight.record.attempts = retry.number;
                let began = if retry.is_first() {
                    flight.started
                } else {
                    Instant::now()
                };
                let attempt = Attempt::new(retry.number, retry.unsure, began, deadline);
                let failed = match self.attempt(&mut flight, attempt, &mut call).await {
                    Ok(answer) => break Ok(answer),
                    Err(failed) => failed,
                };
                let operation = &flight.record.operation;
                let (config, budget) = (&self.0.config.retry, self.budget());
                match retry.after(failed, operation, deadline, config, budget) {
                    Err(error) => break Err(error),
                    Ok(pause) => match Box::pin(self.pause(pause, operation, deadline)).await {
                        Ok(()) => count(&self.0.counts.retries),
                        Err(failed) => break Err(retry.end(failed, operation, deadline)),
                    },
                }
            },
        };
        if retry.unsure && result.is_ok() {
            count(&self.0.counts.recovered);
        }
        flight.end(result)
    }

    /// Runs a call that lends something `&mut` and is never sent again.
    ///
    /// # Cancel safety
    /// A dropped future abandons the call; a write may have been applied.
    pub(crate) async fn once<T, A>(
        &self,
        told: impl Into<Told<'_>>,
        call: impl FnOnce(Attempt) -> A,
    ) -> Result<T>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        let mut flight = Flight::new(&self.0.listeners, told.into());
        let deadline = flight.deadline(&self.0.config.deadlines);
        let result = match self.admit(&flight.record.operation) {
            Err(error) => Err(error),
            Ok(_token) => {
                let attempt = Attempt::new(1, false, flight.started, deadline);
                let answer = self.attempt(&mut flight, attempt, call).await;
                let operation = &flight.record.operation;
                answer.map_err(|failed| Retry::new().end(failed, operation, deadline))
            }
        };
        flight.end(result)
    }

    /// Counts the call as in flight, or refuses it once the shutdown has begun. A part of a transaction
    /// under way belongs to what the shutdown waits for.
    fn admit(&self, operation: &Operation) -> Result<TaskTrackerToken> {
        // The token first: a shutdown that begins in between then waits for this call.
        let token = self.0.calls.token();
        if self.0.calls.is_closed() && !operation.is_joint {
            Err(Error::ShuttingDown)
        } else {
            Ok(token)
        }
    }

    /// Returns by when a call that begins now has ended.
    pub(crate) fn deadline(&self, operation: &Operation) -> Deadline {
        operation.deadline(Instant::now(), &self.0.config.deadlines)
    }

    /// Returns whether slow calls are kept: not with `ENABLE_METRICS=false`.
    pub(crate) fn keeps_slow(&self) -> bool {
        self.0.listeners.slow.is_some()
    }

    /// Returns how often a call is attempted at most.
    pub(crate) fn attempts(&self) -> u32 {
        self.0.config.retry.attempts
    }

    fn budget(&self) -> &Budget {
        let own = || Arc::new(Budget::new(self.0.database, self.0.config.retry.budget));
        self.0.budget.get_or_init(own)
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
        self.0.cut_off.strike();
        calls
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
