//! Carries out what is to be done to one target, tries again what met others, and says how it ended.

use std::{sync::Arc, time::Duration};

use mongodb::bson::Bson;
use tokio::time::sleep;

use super::{
    body::StepError,
    ground::code,
    list::{Direction, List},
    records::{Change, Records},
    row::{Failure, Row, TargetState},
    work::{Goal, Obstacle, Work, todo},
};
use crate::{control::Lease, error::Error, pauses::Pauses};

/// Codes of MongoDB of commands that met others at the same collection: no lock within the time, a
/// conflict of writes, a snapshot that is gone, an index that is being built.
const CONTENTION: [i32; 6] = [24, 46, 50, 112, 246, 12587];

/// How often a target is tried whose commands meet others. While there is no primary nothing is counted:
/// the lease says when that takes too long.
const TRIES: u32 = 5;
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));

/// Carries out migrations for one run.
#[derive(Clone)]
pub(super) struct Performer {
    pub(super) lease: Arc<Lease>,
    pub(super) records: Records,
    pub(super) list: Arc<List>,
    pub(super) goal: Arc<Goal>,
}

/// How the work on a target ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// So many migrations were carried out.
    Done(usize),
    /// It was not finished; the next run tries again, leaves it out, or waits for a person.
    Failed(TargetState, Failure),
    /// Nothing was done: record and list do not speak of the same.
    Blocked(Vec<Obstacle>),
    /// Another run has taken over, or the lease could not be renewed: nothing more may be written.
    Fenced,
}

/// Why the work on a target stops in the middle.
pub(super) enum Cause {
    Step(StepError),
    /// A step had begun of which only a person can say what it has done.
    Interrupted,
    Records(Error),
    Fenced,
}

impl From<StepError> for Cause {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Fenced => Self::Fenced,
            error => Self::Step(error),
        }
    }
}

/// The same, and where.
pub(super) struct Stop {
    cause: Cause,
    migration: String,
    hash: String,
    step: String,
    /// Whether what was cut off, or failed, has to be looked at by a person.
    is_manual: bool,
}

impl Stop {
    pub(super) fn at(work: &Work<'_>, step: usize, cause: Cause) -> Self {
        let steps = work.listed.migration.steps(work.direction);
        let step = steps.get(step);
        Self {
            is_manual: step.is_some_and(super::Step::is_manual),
            cause,
            migration: work.listed.id.to_owned(),
            hash: work.listed.hash.clone(),
            step: step.map(|step| step.name().to_owned()).unwrap_or_default(),
        }
    }

    /// Returns the driver's error, where a step used it past the library.
    fn driver(&self) -> Option<&mongodb::error::Error> {
        match &self.cause {
            Cause::Step(StepError::Driver(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the server's code, where it answered with one.
    fn code(&self) -> Option<i32> {
        let past = self.driver().and_then(crate::error::Cause::code_of);
        self.error().and_then(code).or(past)
    }

    /// Returns the error of a call, if it was one.
    fn error(&self) -> Option<&Error> {
        match &self.cause {
            Cause::Step(StepError::Database(error)) | Cause::Records(error) => Some(error),
            _ => None,
        }
    }

    fn is_manual_failure(&self) -> bool {
        self.is_manual && matches!(self.cause, Cause::Step(_) | Cause::Interrupted)
    }

    /// Returns whether there is nobody to ask just now.
    fn is_outage(&self) -> bool {
        // The server answered that the time was up: it is there.
        let away =
            |error: &Error| error.is_unavailable() || (error.is_ambiguous() && !is_late(error));
        let past = |error| crate::error::Failure::of(error).is_unavailable();
        let is_away = self.error().is_some_and(away) || self.driver().is_some_and(past);
        !self.is_manual_failure() && is_away
    }

    fn is_contention(&self) -> bool {
        let met = self.code().is_some_and(|code| CONTENTION.contains(&code));
        let again = met || self.error().is_some_and(is_late);
        !self.is_manual_failure() && again
    }

    /// Returns what the target is in from then on, and why.
    fn failure(self) -> (TargetState, Failure) {
        let state = match &self.cause {
            _ if self.is_manual_failure() => TargetState::Interrupted,
            Cause::Records(_) => TargetState::Failed,
            _ if self.is_outage() || self.is_contention() => TargetState::Failed,
            _ => TargetState::Quarantined,
        };
        let code = self.code();
        let reason = match &self.cause {
            Cause::Step(error) => error.to_string(),
            Cause::Records(error) => error.to_string(),
            Cause::Interrupted => "it was cut off; see what it has done, then `migrate repair --step done` or `--step undone`".into(),
            Cause::Fenced => "another run has taken over".into(),
        };
        let Self {
            migration,
            hash,
            step,
            ..
        } = self;
        (
            state,
            Failure {
                migration,
                hash,
                step,
                code,
                reason,
            },
        )
    }
}

impl Performer {
    /// Works on a target and returns how that ended, with the change that is still to be recorded.
    pub(super) async fn perform(&self, row: Row) -> (Ended, Option<Change>) {
        let database = row.database.clone();
        let (mut row, mut met, mut pauses) = (row, 0, Pauses::around(PAUSES.0, PAUSES.1));
        loop {
            let work = match todo(&row, &self.list, &self.goal) {
                Ok(work) => work,
                Err(obstacles) => return (Ended::Blocked(obstacles), None),
            };
            let stop = match self.work(&mut row, &work).await {
                Ok(change) => return (Ended::Done(work.len()), Some(change)),
                Err(stop) => stop,
            };
            if matches!(stop.cause, Cause::Fenced) || !self.lease.lasts(Duration::ZERO) {
                return (Ended::Fenced, None);
            }
            met += u32::from(stop.is_contention());
            let again = stop.is_outage() || (stop.is_contention() && met < TRIES);
            if again {
                tokio::select! {
                    () = sleep(pauses.pause()) => {}
                    () = self.lease.lost() => return (Ended::Fenced, None),
                }
            }
            // What was recorded before is there, and nothing else is known any more.
            row = match self.read(&database).await {
                Some(row) => row,
                None => return (Ended::Fenced, None),
            };
            if !again {
                return given_up(&row, stop);
            }
        }
    }

    /// Reads a target's record until it is read; `None` where it is not this run's any more.
    async fn read(&self, database: &str) -> Option<Row> {
        let name = [database.to_owned()];
        let mut pauses = Pauses::around(PAUSES.0, PAUSES.1);
        while self.lease.lasts(Duration::ZERO) {
            // A claim and no read: its majority waits for a commit of which nobody knows yet.
            if let Ok(found) = self.records.claim(&self.lease, &name).await {
                return found.into_iter().next();
            }
            sleep(pauses.pause()).await;
        }
        None
    }

    async fn work(&self, row: &mut Row, work: &[Work<'_>]) -> Result<Change, Stop> {
        let mut open = Change::of(row);
        for (number, work_of_one) in work.iter().enumerate() {
            self.carry_out(row, work_of_one, &mut open).await?;
            let is_last = number + 1 == work.len();
            // What is taken away and what is entered again cannot be told by one change.
            if work_of_one.direction == Direction::Down && !is_last {
                let told = self.write(&mut open, row).await;
                told.map_err(|cause| Stop::at(work_of_one, 0, cause))?;
            }
        }
        open.set("state", TargetState::Ready.as_str());
        open.set("digest", row.digest());
        open.set("failure", Bson::Null);
        Ok(open)
    }
}

/// Returns whether a command other than a transaction had no lock within its time, or no majority.
fn is_late(error: &Error) -> bool {
    matches!(error, Error::DeadlineExceeded { operation, .. } if operation.name != "transaction")
}

fn given_up(row: &Row, stop: Stop) -> (Ended, Option<Change>) {
    let (state, failure) = stop.failure();
    let mut change = Change::of(row);
    change.set("state", state.as_str());
    change.set("digest", row.digest());
    change.set("failure", failure.to_bson());
    (Ended::Failed(state, failure), Some(change))
}
