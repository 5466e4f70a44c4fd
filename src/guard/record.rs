//! What is known of a call once it has ended. Every call is recorded, none sampled away.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Deadline, Operation, operation::Told};
use crate::{
    config::Deadlines,
    error::Result,
    meter::{Call, Meter, Outcome},
    slow::{self, Inputs, Origin},
};

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
    /// Of the time: waiting for a place among the calls under way.
    pub waiting: Duration,
    /// Of the time: in the driver. The rest are pauses before it was sent again.
    pub driver: Duration,
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

/// Who is told of calls.
#[derive(Default)]
pub(crate) struct Listeners {
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    /// Nothing with `ENABLE_METRICS=false`.
    pub(crate) meter: Option<Meter>,
    /// The same.
    pub(crate) slow: Option<SlowLog>,
}

/// Who is told of slow calls.
pub(crate) struct SlowLog {
    pub(crate) log: slow::Log,
    /// From when on a call is slow, by class.
    pub(crate) from: Deadlines,
}

/// A call from its first step to its end. One that is dropped is recorded too: a cancelled request
/// must still show.
pub(super) struct Flight<'a> {
    listeners: &'a Listeners,
    pub(super) started: Instant,
    pub(super) record: Record,
    /// Whether an attempt got as far as the driver.
    pub(super) is_sent: bool,
    inputs: Option<&'a dyn Inputs>,
}

impl<'a> Flight<'a> {
    pub(super) fn new(listeners: &'a Listeners, told: Told<'a>) -> Self {
        let Told { operation, inputs } = told;
        let record = Record {
            operation,
            elapsed: Duration::ZERO,
            // Until it has an end of its own.
            outcome: Outcome::Abandoned,
            attempts: 1,
            waiting: Duration::ZERO,
            driver: Duration::ZERO,
        };
        Self {
            listeners,
            started: Instant::now(),
            record,
            is_sent: false,
            inputs,
        }
    }

    pub(super) fn deadline(&self, defaults: &Deadlines) -> Deadline {
        self.record.operation.deadline(self.started, defaults)
    }

    /// Takes note of an attempt that has ended just now, and of how long it was in the driver.
    pub(super) fn attempted(&mut self, elapsed: Duration) {
        self.record.driver += elapsed;
    }

    /// Takes note of the end, which is what comes back.
    pub(super) fn end<T>(&mut self, result: Result<T>) -> Result<T> {
        self.record.outcome = Outcome::of(result.as_ref().err());
        result
    }

    /// Of most calls it is known without another look at the clock: one attempt, and nothing before.
    fn elapsed(&self) -> Duration {
        let record = &self.record;
        if record.outcome == Outcome::Ok && record.attempts == 1 && record.waiting.is_zero() {
            return record.driver;
        }
        self.started.elapsed()
    }

    fn meter(&self, meter: &Meter) {
        let (record, operation) = (&self.record, &self.record.operation);
        let database = &operation.namespace.database;
        meter.record(&Call {
            collection: operation.namespace.collection,
            operation: operation.name,
            tenant: operation.is_tenants.then_some(database),
            outcome: record.outcome,
            elapsed: record.elapsed,
            waiting: record.waiting,
            driver: record.driver,
            retries: record.attempts.saturating_sub(1),
        });
    }

    /// Tells of a call that was slow. One that was never sent was not: it was refused, or found no place.
    fn slow(&self, slow: &SlowLog) {
        let (record, operation) = (&self.record, &self.record.operation);
        let from = operation.class.of(&slow.from);
        if record.elapsed >= from
            && self.is_sent
            && let Some(inputs) = self.inputs
        {
            let origin = match record.elapsed.saturating_sub(record.waiting) >= from {
                true => Origin::Database,
                false => Origin::Waiting,
            };
            tell(&slow.log, record, inputs, origin);
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let Listeners {
            observers,
            meter,
            slow,
        } = self.listeners;
        if observers.is_empty() && meter.is_none() && !Record::is_logged() {
            return;
        }
        self.record.elapsed = self.elapsed();
        if let Some(meter) = meter {
            self.meter(meter);
        }
        if let Some(slow) = slow {
            self.slow(slow);
        }
        self.record.log();
        observers
            .iter()
            .for_each(|observer| observer.record(&self.record));
    }
}

/// Apart, so that the way of quick calls stays short.
#[cold]
fn tell(log: &slow::Log, record: &Record, inputs: &dyn Inputs, origin: Origin) {
    log.record(&slow::Call {
        collection: record.operation.namespace.collection,
        operation: record.operation.name,
        elapsed: record.elapsed,
        origin,
        inputs,
    });
}
