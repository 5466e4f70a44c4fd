//! Many targets, as many at once as the deployment bears.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    error::Error,
    gate::Gate,
    limiter::Limiter,
    perform::{Ended, Performer},
    records::{Change, Kept},
    row::Row,
    told::{Event, Failed, Outcome, Told},
};
use crate::control::CrashPoint;

/// How many targets are claimed by one command.
const CLAIMED: usize = 32;

/// How many ends are recorded by one command.
const RECORDED: usize = 64;

/// How a run goes through many targets.
#[derive(Clone)]
pub(super) struct Fleet {
    /// How many at once, where somebody said so.
    pub(super) at_once: Option<usize>,
    pub(super) budget: Budget,
    /// How many tenants go first, and are looked at before the others follow.
    pub(super) canary: usize,
    pub(super) gate: Gate,
    /// Stops it from outside: what has begun ends, nothing more begins.
    pub(super) stop: CancellationToken,
}

/// How many targets may fail before no more are begun.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    count: u64,
    percent: f64,
}

impl Budget {
    /// Returns a budget of so many targets.
    pub const fn count(count: u64) -> Self {
        let percent = 0.0;
        Self { count, percent }
    }

    /// Returns a budget of so many in a hundred.
    pub const fn percent(percent: f64) -> Self {
        Self { count: 0, percent }
    }

    /// Returns the same, and so many at least.
    #[must_use]
    pub const fn at_least(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// Returns whether so many failures of so many targets are more than it allows.
    fn is_spent(self, failures: u64, targets: usize) -> bool {
        failures > self.count && failures as f64 * 100.0 > self.percent * targets as f64
    }
}

/// A target whose work has ended, and what is to be recorded of it.
struct Worked {
    database: String,
    tenant: Option<String>,
    ended: Option<Ended>,
    change: Option<Change>,
    elapsed: Duration,
}

impl Fleet {
    /// Works on these targets. Returns whether the lease is still there.
    pub(super) async fn run(
        &self,
        performer: &Performer,
        names: &[String],
        (told, target): (&Told, String),
        outcome: &mut Outcome,
    ) -> Result<bool, Error> {
        let targets = names.len();
        let run = performer.lease.run();
        told.tell(&Event::Began {
            target: target.clone(),
            targets,
            run: run.to_owned(),
        });
        outcome.runs.push(run.to_owned());
        // Ends the claiming; whatever it is, the work that has begun goes on.
        let halt = self.stop.child_token();
        let (send, receive) = channel(RECORDED);
        let keeper = Keeper {
            performer,
            told,
            target,
            targets,
            budget: self.budget,
            halt: &halt,
        };
        let worked = async {
            let (claimed, kept) = tokio::join!(
                self.work(performer, names, &halt, send),
                keeper.keep(receive, outcome)
            );
            // Either may find that it is gone.
            Ok::<_, Error>(claimed? && kept?)
        };
        let lasting = tokio::select! {
            worked = worked => worked?,
            () = performer.lease.lost() => false,
        };
        outcome.is_stopped |= self.stop.is_cancelled();
        Ok(lasting)
    }

    /// Claims targets, a few at a time, and works on them. Returns whether the lease is still there.
    async fn work(
        &self,
        performer: &Performer,
        names: &[String],
        halt: &CancellationToken,
        send: Sender<Worked>,
    ) -> Result<bool, Error> {
        let limiter = Arc::new(Limiter::new(self.at_once));
        let chunks: Vec<Vec<String>> = names.chunks(CLAIMED).map(<[String]>::to_vec).collect();
        let claimed = stream::iter(chunks)
            .take_until(halt.cancelled())
            .then(|chunk| claim(performer, chunk))
            .map(|claimed| match claimed {
                Ok(rows) => stream::iter(rows.into_iter().map(Ok).collect::<Vec<_>>()),
                Err(error) => stream::iter(vec![Err(error)]),
            })
            .flatten();
        let worked = claimed.map(|row| {
            let (limiter, send) = (limiter.clone(), send.clone());
            async move {
                let worked = one(performer, row?, &limiter, halt).await;
                let fenced = matches!(worked.ended, Some(Ended::Fenced));
                drop(send.send(worked).await);
                Ok::<bool, Error>(!fenced)
            }
        });
        let mut worked = std::pin::pin!(worked.buffer_unordered(limiter.most()));
        let mut lasting = Ok(true);
        while let Some(ended) = worked.next().await {
            lasting = match (lasting, ended) {
                (Ok(before), Ok(now)) => Ok(before && now),
                // What has begun elsewhere ends before this is told.
                (Err(error), _) | (_, Err(error)) => {
                    halt.cancel();
                    Err(error)
                }
            };
        }
        lasting
    }
}

/// Claims targets, again and again while nobody answers and the lease is there.
async fn claim(performer: &Performer, names: Vec<String>) -> Result<Vec<Row>, Error> {
    CrashPoint::BeforeClaim.pass();
    let claimed = performer.steadily(|| performer.records.claim(&performer.lease, &names));
    let rows = claimed.await?;
    CrashPoint::AfterClaim.pass();
    if rows.len() < names.len() {
        let there = performer
            .steadily(|| performer.records.rows(&names))
            .await?;
        let is_newer = |row: &Row| row.fence > performer.lease.fence();
        if there.iter().any(is_newer) {
            let scope = performer.records.scope.clone();
            return Err(Error::Fenced { scope });
        }
    }
    Ok(rows)
}

async fn one(
    performer: &Performer,
    row: Row,
    limiter: &Limiter,
    halt: &CancellationToken,
) -> Worked {
    let permit = limiter.permit().await;
    let began = Instant::now();
    let (database, tenant) = (row.database.clone(), row.tenant.clone());
    let (ended, change) = match halt.is_cancelled() {
        // That it was claimed changes nothing.
        true => (None, None),
        false => {
            let (ended, change) = performer.perform(row).await;
            (Some(ended), change)
        }
    };
    let elapsed = began.elapsed();
    let migrations = match ended {
        Some(Ended::Done(migrations)) => migrations,
        _ => 0,
    };
    permit.done(elapsed, migrations);
    Worked {
        database,
        tenant,
        ended,
        change,
        elapsed,
    }
}

/// Returns whether asking again may be answered: nobody is there, or too busy to answer in time. All that
/// is asked here may be asked twice.
fn is_passing(error: &crate::Error) -> bool {
    let is_late = matches!(error, crate::Error::DeadlineExceeded { .. });
    error.is_unavailable() || error.is_ambiguous() || is_late
}

impl Performer {
    /// Asks until there is an answer, the lease is gone, or the answer is no matter of who answers.
    async fn steadily<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = crate::Result<T>>,
    {
        loop {
            match ask().await {
                Err(error) if is_passing(&error) && self.lease.lasts(Duration::ZERO) => {
                    sleep(Duration::from_millis(200)).await;
                }
                answer => return Ok(answer?),
            }
        }
    }
}

/// Records what has ended, many targets by one command, and counts.
struct Keeper<'a> {
    performer: &'a Performer,
    told: &'a Told,
    target: String,
    targets: usize,
    budget: Budget,
    halt: &'a CancellationToken,
}

impl Keeper<'_> {
    async fn keep(
        &self,
        mut ended: Receiver<Worked>,
        outcome: &mut Outcome,
    ) -> Result<bool, Error> {
        let mut batch = Vec::with_capacity(RECORDED);
        let mut lasting = true;
        while ended.recv_many(&mut batch, RECORDED).await > 0 {
            let changes: Vec<Change> = batch
                .iter_mut()
                .filter_map(|worked| worked.change.take())
                .collect();
            let kept = match self.record(&changes).await {
                Ok(kept) => kept,
                Err(error) => return self.give_up(ended, error).await,
            };
            let fenced = |name: &String| {
                let mut pairs = changes.iter().zip(&kept);
                pairs.any(|(change, kept)| change.database == *name && *kept == Kept::Fenced)
            };
            for worked in batch.drain(..) {
                match fenced(&worked.database) {
                    true => lasting = false,
                    false => self.count(worked, outcome),
                }
            }
        }
        Ok(lasting)
    }

    /// Ends the claiming, and waits for the work that has begun: of nothing can be told any more.
    async fn give_up(&self, mut ended: Receiver<Worked>, error: Error) -> Result<bool, Error> {
        self.halt.cancel();
        while ended.recv().await.is_some() {}
        Err(error)
    }

    async fn record(&self, changes: &[Change]) -> Result<Vec<Kept>, Error> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        CrashPoint::BeforeApplied.pass();
        let Performer { records, lease, .. } = self.performer;
        let kept = self
            .performer
            .steadily(|| records.change(lease, changes))
            .await?;
        CrashPoint::AfterApplied.pass();
        Ok(kept)
    }

    fn count(&self, worked: Worked, outcome: &mut Outcome) {
        let Worked {
            database,
            tenant,
            ended,
            elapsed,
            ..
        } = worked;
        let target = self.target.clone();
        match ended {
            Some(Ended::Done(migrations)) => {
                outcome.done += 1;
                outcome.migrations += migrations as u64;
                self.told.tell(&Event::Done {
                    target,
                    database,
                    tenant,
                    migrations,
                    elapsed,
                });
            }
            Some(Ended::Failed(state, failure)) => {
                let failed = Failed {
                    target,
                    database,
                    tenant,
                    state,
                    failure,
                };
                self.told.tell(&Event::Failed(failed.clone()));
                outcome.failed.push(failed);
            }
            Some(Ended::Blocked(obstacles)) => {
                outcome.blocked.extend(
                    obstacles
                        .into_iter()
                        .map(|obstacle| (database.clone(), obstacle)),
                );
            }
            Some(Ended::Fenced) | None => {}
        }
        let failures = outcome.failed.len() as u64;
        if self.budget.is_spent(failures, self.targets) && !self.halt.is_cancelled() {
            let reason = format!(
                "{failures} of {} targets have failed, more than allowed",
                self.targets
            );
            self.told.tell(&Event::Halted {
                target: self.target.clone(),
                reason: reason.clone(),
            });
            outcome.halted = Some(reason);
            self.halt.cancel();
        }
    }
}
