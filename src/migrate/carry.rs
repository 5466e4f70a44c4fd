//! Carries out one migration at one target, step by step, and records it so that a crash at any instant
//! leaves behind what the next run can go on from.
//!
//! Steps that may be done again behind everything that follows them need no record of their own: their
//! migration's end tells of them, and for many targets at once. A transaction records its step within
//! itself. All others are recorded when they have ended, and those whose half a person would have to
//! judge before they begin, too.

use mongodb::bson::Document;

use super::{
    body::{Place, RawHandle, StepError, TransactionHandle},
    list::Direction,
    note,
    overtime::Overtime,
    perform::{Cause, Performer, Stop},
    records::{Change, Kept},
    row::Row,
    step::{Action, Body, Step},
    work::Work,
};
use crate::{
    collection::{Collection, Reach},
    control::{CrashPoint, TARGETS},
    transaction::run_long_on,
};

impl Performer {
    /// Carries out one migration. What is left in `open` is still to be recorded.
    pub(super) async fn carry_out(
        &self,
        row: &mut Row,
        work: &Work<'_>,
        open: &mut Change,
    ) -> Result<(), Stop> {
        let steps = work.listed.migration.steps(work.direction);
        if work.direction == Direction::Down && work.from == 0 && !note::is_at(row, work, 0) {
            // What the next run would otherwise take for applied.
            note::begun(row, work, 0, self.lease.run(), open);
            let told = self.write(open, row).await;
            told.map_err(|cause| Stop::at(work, 0, cause))?;
        }
        for (at, step) in steps.iter().enumerate().skip(work.from) {
            let done = self.one(row, work, at, step, open).await;
            done.map_err(|cause| Stop::at(work, at, cause))?;
        }
        if work.from >= steps.len() {
            note::done(row, work, steps.len(), self.lease.run(), open);
        }
        Ok(())
    }

    async fn one(
        &self,
        row: &mut Row,
        work: &Work<'_>,
        at: usize,
        step: &Step,
        open: &mut Change,
    ) -> Result<(), Cause> {
        if !self.lease.lasts(self.lease.margin()) {
            return Err(Cause::Fenced);
        }
        if step.is_manual() {
            if note::is_begun(row, work) {
                return Err(Cause::Interrupted);
            }
            note::begun(row, work, at, self.lease.run(), open);
            note::half(row, work, open);
            self.write(open, row).await?;
        }
        if matches!(step.action, Action::Backfill(_)) && !note::is_at(row, work, at) {
            // Its progress is recorded with it.
            note::begun(row, work, at, self.lease.run(), open);
            self.write(open, row).await?;
        }
        if !step.is_additive() && !open.is_empty() && !step.is_transaction() {
            // What is not recorded is done again after a crash, and must not meet what comes now.
            self.write(open, row).await?;
        }
        CrashPoint::BeforeStep.pass();
        if let Action::Transaction { body, .. } = &step.action {
            return self.transaction(row, work, at, body, open).await;
        }
        self.effect(row, work, step).await?;
        CrashPoint::AfterStep.pass();
        note::done(row, work, at + 1, self.lease.run(), open);
        let ends = work.is_last && at + 1 == work.listed.migration.steps(work.direction).len();
        match step.is_additive() || ends {
            // Told of together with what follows, or with the end.
            true => Ok(()),
            false => self.write(open, row).await,
        }
    }

    /// Does what a step other than a transaction says.
    async fn effect(&self, row: &Row, work: &Work<'_>, step: &Step) -> Result<(), StepError> {
        let place = self.place(row);
        match &step.action {
            Action::Collection {
                collection,
                options,
            } => place.ensure_collection(collection, options).await,
            Action::Indexes {
                collection,
                indexes,
            } => place.ensure_indexes(collection, indexes).await,
            Action::Validator {
                collection,
                validator,
                is_strict,
            } => {
                let set = place.ensure_validator(collection, validator, *is_strict);
                set.await
            }
            Action::Unique { collection, index } => place.ensure_unique(collection, index).await,
            Action::DropIndex { collection, index } => place.drop_index(collection, index).await,
            Action::Rename { from, to } => place.rename(from, to).await,
            Action::DropCollection { collection } => place.drop_collection(collection).await,
            Action::Backfill(backfill) => backfill.run(self, &place, row, work).await,
            Action::Raw { body, .. } => body(RawHandle { place }).await,
            Action::Transaction { .. } => Ok(()),
        }
    }

    /// Runs a body in a transaction that records its end, so that both are there or neither.
    async fn transaction(
        &self,
        row: &mut Row,
        work: &Work<'_>,
        at: usize,
        body: &Body<TransactionHandle>,
        open: &mut Change,
    ) -> Result<(), Cause> {
        note::done(row, work, at + 1, self.lease.run(), open);
        open.set("digest", row.digest());
        let (place, targets) = (self.place(row), self.targets());
        let (filter, update) = (open.filter(self.lease.fence()), open.update());
        let connection = place.connection.clone();
        let mut overtime = Overtime::of(&self.records.control);
        let ended = run_long_on(&connection, async |lent| {
            overtime.begin().await?;
            let handle = TransactionHandle {
                place: place.clone(),
                lent: lent.clone(),
            };
            body(handle).await?;
            let targets = lent.join(&targets);
            let told = targets.update_one(filter.clone(), update.clone()).await?;
            CrashPoint::InTransaction.pass();
            match told.matched_count {
                0 => Err(StepError::Fenced),
                _ => Ok(()),
            }
        });
        ended.await.map_err(|error| overtime.explain(error))?;
        CrashPoint::AfterStep.pass();
        *open = Change::of(row);
        Ok(())
    }

    /// Returns the targets' records as a collection that can take part in a transaction.
    fn targets(&self) -> Collection<Document> {
        let control = &self.records.control;
        let connection = control.connection();
        let (database, guard) = (control.database(), connection.guard.clone());
        let name = control.name().into();
        let (declared, reach) = (&connection.declared, Reach::Deployment);
        Collection::new(&database, declared, name, guard, reach, None).renamed(TARGETS)
    }

    fn place(&self, row: &Row) -> Place {
        let connection = self.records.control.connection();
        Place {
            // An effect that has begun ends while the lease is there.
            lock: self.lease.margin() * 3 / 8,
            ..Place::of(connection, &row.database, self.records.is_tenants)
        }
    }

    /// Records what is open, durably, and has nothing open from then on.
    pub(super) async fn write(&self, open: &mut Change, row: &Row) -> Result<(), Cause> {
        CrashPoint::BeforeRecord.pass();
        // By it the next run finds what is unfinished.
        open.set("digest", row.digest());
        let change = std::mem::replace(open, Change::of(row));
        self.write_progress(change).await
    }

    /// Records a change that leaves the target as far as it was.
    pub(super) async fn write_progress(&self, change: Change) -> Result<(), Cause> {
        let kept = self.records.change(&self.lease, &[change]).await;
        CrashPoint::AfterRecord.pass();
        match kept.map_err(Cause::Records)?.first() {
            Some(Kept::Ours) => Ok(()),
            _ => Err(Cause::Fenced),
        }
    }
}
