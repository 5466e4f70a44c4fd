//! One attempt: all that stands between a call and the driver.

use std::{future::IntoFuture, pin::pin, time::Duration};

use tokio::{
    task::{coop::consume_budget, yield_now},
    time::{Instant, sleep},
};

use super::{
    Attempt, Class, Deadline, Guard, Operation,
    breaker::{self, Verdict},
    bulkhead::{self, Bulkhead},
    count,
    deadline::trip,
    judge::{self, is_waiting},
    record::Flight,
    retry::{Failed, late},
};
use crate::error::{Cause, Error, Failure};

type Permits<'a> = (breaker::Permit<'a>, bulkhead::Permit);

/// Why a call does not go at once.
enum Blocked {
    /// The circuit refuses it: how long to stay away.
    Circuit(Duration),
    /// All places are taken: its place in the queue, unless that is full.
    Place(Option<bulkhead::Waiting>),
}

impl Guard {
    /// Makes one attempt: everything that stands between a call and the driver, in its order.
    pub(super) async fn attempt<T, A>(
        &self,
        flight: &mut Flight<'_>,
        mut attempt: Attempt,
        call: impl FnOnce(Attempt) -> A,
    ) -> Result<T, Failed>
    where
        A: IntoFuture<Output = mongodb::error::Result<T>>,
    {
        let operation = &flight.record.operation;
        if attempt.remaining().is_zero() {
            return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
        }
        // A transaction is made of calls that are admitted one by one: it holds nothing itself.
        if operation.class == Class::Transaction {
            let answer = self.bounded(attempt, call).await;
            flight.attempted(attempt.began().elapsed());
            self.count_forced(&answer);
            return answer;
        }
        let (circuit, _place) = match self.permits(operation, attempt.began()) {
            Ok(permits) => permits,
            // Boxed: hardly any call comes here, and all would carry its room.
            Err(blocked) => Box::pin(self.wait_for_permits(blocked, flight, &mut attempt)).await?,
        };
        flight.is_sent = true;
        let answer = self.bounded(attempt, call).await;
        let ended = Instant::now();
        let elapsed = ended - attempt.began();
        flight.attempted(elapsed);
        let operation = &flight.record.operation;
        if matches!(answer, Err(Failed::Late)) && self.was_lost(operation, &attempt).await {
            return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
        }
        let verdict = self.verdict(operation, &answer, elapsed);
        circuit.note(verdict, ended.into_std());
        self.count_forced(&answer);
        if answer.is_ok() {
            self.budget().deposit();
        }
        answer
    }

    /// Returns whether there was no server for the call all the while: then the driver still waited for
    /// one and sent nothing.
    async fn was_lost(&self, operation: &Operation, attempt: &Attempt) -> bool {
        // The driver tells of a server a moment after it has begun to use it.
        yield_now().await;
        let (needs, began) = (operation.needs(), attempt.began());
        self.0.breaker.is_lost_since(needs, began)
    }

    fn count_forced<T>(&self, answer: &Result<T, Failed>) {
        if matches!(answer, Err(Failed::Late)) {
            count(&self.0.counts.forced);
        }
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

    /// Takes the circuit's permit and a place among the calls under way, where both are to be had at once.
    fn permits(&self, operation: &Operation, now: Instant) -> Result<Permits<'_>, Blocked> {
        let circuit = self.0.breaker.permit(operation.needs(), now.into_std());
        let circuit = circuit.map_err(Blocked::Circuit)?;
        let database = &operation.namespace.database;
        let tenant = operation.is_tenants.then(|| database.clone());
        match self.0.bulkhead.take(tenant) {
            Ok(place) => Ok((circuit, place)),
            // Who waits keeps no probe's place: the circuit is asked again.
            Err(waiting) => Err(Blocked::Place(waiting)),
        }
    }

    /// Waits for a place where there is a queue, and refuses else.
    async fn wait_for_permits(
        &self,
        blocked: Blocked,
        flight: &mut Flight<'_>,
        attempt: &mut Attempt,
    ) -> Result<Permits<'_>, Failed> {
        let operation = &flight.record.operation;
        let waiting = match blocked {
            Blocked::Circuit(retry_after) => return Err(self.circuit_open(retry_after).await),
            Blocked::Place(None) => return Err(self.overloaded().await),
            Blocked::Place(Some(waiting)) => waiting,
        };
        let came = attempt.began();
        let place = self.wait(waiting, operation, *attempt).await;
        attempt.begin_again();
        flight.record.waiting += attempt.began() - came;
        let Some(place) = place? else {
            return Err(self.overloaded().await);
        };
        if attempt.remaining().is_zero() {
            return Err(Failed::Unsent(late(operation, attempt.deadline, false)));
        }
        // It may have opened meanwhile.
        let now = attempt.began().into_std();
        match self.0.breaker.permit(operation.needs(), now) {
            Ok(circuit) => Ok((circuit, place)),
            Err(retry_after) => Err(self.circuit_open(retry_after).await),
        }
    }

    async fn circuit_open(&self, retry_after: Duration) -> Failed {
        // A refusal waits for nothing: who calls in a loop would else keep its thread for ever.
        consume_budget().await;
        let database = self.0.database;
        Failed::Unsent(Error::CircuitOpen {
            database,
            retry_after,
        })
    }

    async fn overloaded(&self) -> Failed {
        self.0.bulkhead.refuse();
        // As above.
        consume_budget().await;
        Failed::Unsent(Error::Overloaded {
            database: self.0.database,
            retry_after: self.0.config.bulkhead.wait,
        })
    }

    async fn wait(
        &self,
        waiting: bulkhead::Waiting,
        operation: &Operation,
        attempt: Attempt,
    ) -> Result<Option<bulkhead::Permit>, Failed> {
        let limit = self.patience(operation, &attempt);
        let waiting = pin!(async { Ok(Bulkhead::wait(waiting, limit).await) });
        let waited = self.0.cut_off.bounded(attempt.deadline, waiting).await;
        waited.map_err(|ended| unsent(&ended, operation, attempt.deadline))
    }

    /// Returns how long a call may wait for a place. While a primary is elected the places are taken by
    /// calls that wait for it and use no connection: then it waits as they do.
    fn patience(&self, operation: &Operation, attempt: &Attempt) -> Duration {
        let remaining = attempt.remaining();
        let is_schema = operation.class == Class::Schema;
        match is_schema || self.0.breaker.is_lost(operation.needs()) {
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
                let is_expected = operation.is_write() && self.0.breaker.is_lost(operation.needs());
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

    pub(super) async fn pause(
        &self,
        pause: Duration,
        operation: &Operation,
        deadline: Deadline,
    ) -> Result<(), Failed> {
        let sleeping = pin!(async {
            sleep(pause).await;
            Ok(())
        });
        let slept = self.0.cut_off.bounded(deadline, sleeping).await;
        // Nothing was under way, so nothing is in doubt that was not before.
        slept.map_err(|ended| unsent(&ended, operation, deadline))
    }
}

/// Returns what ended a wait before anything was sent.
fn unsent(ended: &Failed, operation: &Operation, deadline: Deadline) -> Failed {
    Failed::Unsent(match ended {
        Failed::Late => late(operation, deadline, false),
        _ => Error::ShuttingDown,
    })
}
