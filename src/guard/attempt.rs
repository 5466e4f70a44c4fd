//! One attempt: all that stands between a call and the driver.

use std::{future::IntoFuture, pin::pin, time::Duration};

use tokio::{
    task::coop::consume_budget,
    time::{Instant, sleep},
};

use super::{
    Attempt, Class, Deadline, Guard, Operation,
    breaker::{self, Verdict},
    bulkhead::{self, Bulkhead},
    count,
    deadline::trip,
    judge::{self, is_waiting},
    retry::{Failed, late},
};
use crate::error::{Cause, Error, Failure};

impl Guard {
    /// Makes one attempt: everything that stands between a call and the driver, in its order.
    pub(super) async fn attempt<T, A>(
        &self,
        operation: &Operation,
        mut attempt: Attempt,
        call: impl FnOnce(Attempt) -> A,
    ) -> Result<T, Failed>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        if attempt.remaining().is_zero() {
            return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
        }
        // A transaction is made of calls that are admitted one by one: it holds nothing itself.
        if operation.class == Class::Transaction {
            return self.bounded(attempt, call).await;
        }
        let circuit = self.circuit(attempt.began()).await?;
        let _place = self.place(operation, &mut attempt).await?;
        let answer = self.bounded(attempt, call).await;
        let ended = Instant::now();
        let verdict = self.verdict(operation, &answer, ended - attempt.began());
        circuit.note(verdict, ended.into_std());
        if matches!(answer, Err(Failed::Late)) && self.0.breaker.is_lost_since(attempt.began()) {
            // No server was eligible all the while: the driver still waited for one.
            return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
        }
        match &answer {
            Ok(_) => self.budget().deposit(),
            Err(Failed::Late) => count(&self.0.counts.forced),
            Err(_) => {}
        }
        answer
    }

    async fn bounded<T, A>(
        &self,
        attempt: Attempt,
        call: impl FnOnce(Attempt) -> A,
    ) -> Result<T, Failed>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        // Pinned here, once: a future that is handed on by value is stored, and copied, again.
        let call = pin!(call(attempt).into_future());
        self.0.cut_off.bounded(attempt.deadline, call).await
    }

    /// Returns the circuit's permit.
    async fn circuit(&self, now: Instant) -> Result<breaker::Permit<'_>, Failed> {
        let retry_after = match self.0.breaker.permit(now.into_std()) {
            Ok(permit) => return Ok(permit),
            Err(retry_after) => retry_after,
        };
        // A refusal waits for nothing: who calls in a loop would else keep its thread for ever.
        consume_budget().await;
        let database = self.0.database;
        Err(Failed::Unsent(Error::CircuitOpen {
            database,
            retry_after,
        }))
    }

    /// Returns a place among the calls under way, after a wait where there is none.
    async fn place(
        &self,
        operation: &Operation,
        attempt: &mut Attempt,
    ) -> Result<bulkhead::Permit, Failed> {
        let database = &operation.namespace.database;
        let tenant = operation.is_tenants.then(|| database.clone());
        let waiting = match self.0.bulkhead.take(tenant) {
            Ok(place) => return Ok(place),
            Err(waiting) => waiting,
        };
        let place = match waiting {
            Some(waiting) => {
                let place = Box::pin(self.wait(waiting, operation.class, *attempt)).await?;
                attempt.begin_again();
                if attempt.remaining().is_zero() {
                    return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
                }
                place
            }
            None => {
                // As above.
                consume_budget().await;
                None
            }
        };
        place.ok_or_else(|| {
            Failed::Unsent(Error::Overloaded {
                database: self.0.database,
                retry_after: self.0.config.bulkhead.wait,
            })
        })
    }

    async fn wait(
        &self,
        waiting: bulkhead::Waiting,
        class: Class,
        attempt: Attempt,
    ) -> Result<Option<bulkhead::Permit>, Failed> {
        let limit = self.patience(class, &attempt);
        let waiting = pin!(async { Ok(Bulkhead::wait(waiting, limit).await) });
        let waited = self.0.cut_off.bounded(attempt.deadline, waiting).await;
        waited.map_err(|_| Failed::Unsent(Error::ShuttingDown))
    }

    /// Returns how long a call may wait for a place. While a primary is elected the places are taken by
    /// calls that wait for it and use no connection: then it waits as they do.
    fn patience(&self, class: Class, attempt: &Attempt) -> Duration {
        let remaining = attempt.remaining();
        match class == Class::Schema || self.0.breaker.is_lost() {
            true => remaining,
            false => self.0.config.bulkhead.wait.min(remaining / 2),
        }
    }

    /// Judges an attempt for the circuit.
    fn verdict<T>(
        &self,
        operation: &Operation,
        answer: &Result<T, Failed>,
        elapsed: Duration,
    ) -> Verdict {
        let class = operation.class;
        let is_slow = class != Class::Schema && elapsed >= class.of(&self.0.config.breaker.slow);
        match answer {
            Ok(_) if is_slow => Verdict::Slow,
            Ok(_) => Verdict::Answered,
            Err(Failed::Driver(error)) => {
                self.count_unknown(error);
                // Writes that find no primary say nothing of the reads that secondaries answer.
                let is_expected = operation.is_write() && !self.0.breaker.is_writable();
                match judge::verdict(error) {
                    Some(Verdict::Failed) if is_expected && is_waiting(error) => Verdict::Ignored,
                    Some(verdict) => verdict,
                    None => self.lateness(operation.class, elapsed),
                }
            }
            Err(Failed::Late) => self.lateness(operation.class, elapsed),
            Err(Failed::CutOff | Failed::Unsent(_)) => Verdict::Ignored,
        }
    }

    /// A call that had the time of its class and was not answered is a failure; of one whose caller had
    /// less time it is only known that it was not quick.
    fn lateness(&self, class: Class, elapsed: Duration) -> Verdict {
        let time = class.of(&self.0.config.deadlines);
        if elapsed + trip(time) >= time {
            Verdict::Failed
        } else {
            Verdict::Late
        }
    }

    /// Counts what nobody knows: the table of codes is then to be brought up to date.
    fn count_unknown(&self, error: &mongodb::error::Error) {
        if Failure::of(error) == Failure::Unknown {
            count(&self.0.counts.unclassified);
            let cause = Cause::new(error.clone());
            tracing::warn!(
                db.logical = self.0.database,
                "an error that is in no table was taken for one that nothing helps: {cause}"
            );
        }
    }

    pub(super) async fn pause(&self, pause: Duration, deadline: Deadline) -> Result<(), Failed> {
        let sleeping = pin!(async {
            sleep(pause).await;
            Ok(())
        });
        let slept = self.0.cut_off.bounded(deadline, sleeping).await;
        // Nothing was under way, so nothing is in doubt that was not before.
        slept.map_err(|_| Failed::Unsent(Error::ShuttingDown))
    }
}
