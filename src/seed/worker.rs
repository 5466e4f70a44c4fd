//! The seeds of a list at one database: what was found, and what is written under a lock.

use std::collections::{BTreeSet, HashMap};

use tokio_util::sync::CancellationToken;

use super::{
    context::Context,
    describe::Described,
    draw::Shares,
    ledger::{Entry, Stop, entry_id},
    place::Place,
    scope::{AtPlace, Scope},
    survey::{Survey, Surveyor},
    told::{At, Counts, Done, Failed},
    volume::Volume,
    write::Writer,
};
use crate::control::{CrashPoint, Lease};

/// Another run has taken over.
pub(super) struct Fenced;

/// The seeds of a list at one database.
pub(super) struct Worker<'a> {
    pub(super) scope: &'a Scope,
    pub(super) place: &'a Place,
    pub(super) entries: &'a HashMap<String, Entry>,
    pub(super) context: Context,
    pub(super) shares: Shares,
    pub(super) stop: CancellationToken,
}

/// What was found of one seed.
struct Found {
    rows: Counts,
    skipped: Option<String>,
    is_pending: bool,
    hash: String,
    /// Of a seed of rows.
    survey: Option<Survey>,
}

impl Worker<'_> {
    fn surveyor(&self) -> Surveyor<'_> {
        Surveyor {
            place: self.place,
            ledger: &self.scope.ledger,
            context: &self.context,
        }
    }

    fn volume(&self) -> Volume<'_> {
        Volume {
            place: self.place,
            shares: &self.shares,
            stop: &self.stop,
        }
    }

    /// Looks at all seeds. What it finds of one that waits for another may be more once that is written.
    pub(super) async fn look(&self) -> AtPlace {
        let mut all = AtPlace {
            seeds: Vec::new(),
            is_pending: false,
        };
        for seed in &self.scope.seeds {
            let found = match self.place.lacks(seed).await {
                Ok(None) => self.find(seed).await,
                Ok(Some(lacks)) => Err(Stop::precondition(lacks)),
                Err(error) => Err(error.into()),
            };
            let found = found.map(|found| {
                all.is_pending |= found.is_pending;
                self.done(seed, found.rows, found.skipped)
            });
            // One that cannot be looked at is tried, and fails there.
            all.is_pending |= found.is_err();
            all.seeds
                .push(found.map_err(|stop| self.failed(seed, Counts::default(), stop)));
        }
        all
    }

    async fn find(&self, seed: &Described) -> Result<Found, Stop> {
        let mut found = match seed.is_volume() {
            true => {
                let rows = self.volume().survey(seed).await?;
                Found {
                    rows,
                    skipped: None,
                    is_pending: rows.inserted > 0,
                    hash: self.volume().hash(seed),
                    survey: None,
                }
            }
            false => {
                let survey = self.surveyor().survey(seed).await?;
                Found {
                    rows: survey.planned(),
                    skipped: survey.skipped.clone(),
                    is_pending: survey.is_pending(),
                    hash: survey.hash.clone(),
                    survey: Some(survey),
                }
            }
        };
        let entry = self.entries.get(&entry_id(self.place, seed));
        let is_recorded =
            entry.is_some_and(|entry| entry.state == "done" && entry.hash == found.hash);
        found.is_pending = found.skipped.is_none() && (found.is_pending || !is_recorded);
        Ok(found)
    }

    /// Writes all seeds, but for those that wait for one that failed.
    pub(super) async fn write(&self, lease: &Lease) -> Result<Vec<Result<Done, Failed>>, Fenced> {
        let mut lacking: HashMap<&str, Stop> = HashMap::new();
        for seed in &self.scope.seeds {
            let stop = match self.place.lacks(seed).await {
                Ok(None) => continue,
                Ok(Some(lacks)) => Stop::precondition(lacks),
                Err(error) => error.into(),
            };
            lacking.insert(seed.name, stop);
        }
        let mut failed: BTreeSet<&str> = BTreeSet::new();
        let mut ended = Vec::new();
        for seed in &self.scope.seeds {
            let mut rows = Counts::default();
            let waits = seed.after.iter().find(|name| failed.contains(**name));
            let written = match (lacking.remove(seed.name), waits) {
                (Some(stop), _) => Err(stop),
                (None, Some(first)) => Err(Stop::failed(format!(
                    "it waits for `{first}`, which failed"
                ))),
                (None, None) => self.one(seed, lease, &mut rows).await,
            };
            let one = match written {
                Ok(skipped) => Ok(self.done(seed, rows, skipped)),
                Err(Stop::Fenced) => return Err(Fenced),
                Err(stop) => {
                    failed.insert(seed.name);
                    Err(self.failed(seed, rows, stop))
                }
            };
            self.context.told.ended(&one);
            ended.push(one);
        }
        Ok(ended)
    }

    /// Writes one seed and returns why it was skipped, if it was.
    async fn one(
        &self,
        seed: &Described,
        lease: &Lease,
        rows: &mut Counts,
    ) -> Result<Option<String>, Stop> {
        let found = self.find(seed).await?;
        if !found.is_pending {
            *rows = found.rows;
            return Ok(found.skipped);
        }
        let ledger = &self.scope.ledger;
        let number = seed.is_volume().then_some(self.shares.number);
        CrashPoint::BeforeClaim.pass();
        ledger
            .begin(lease, self.place, seed, &self.context, number)
            .await?;
        CrashPoint::AfterClaim.pass();
        let written = match seed.is_volume() {
            true => self.volume().write(seed, lease, rows).await,
            false => {
                let writer = Writer {
                    surveyor: self.surveyor(),
                    lease,
                };
                writer.converge(seed, found.survey, rows).await
            }
        };
        let state = match &written {
            Ok(()) => "done",
            Err(Stop::Fenced) => return Err(Stop::Fenced),
            Err(_) => "failed",
        };
        let id = entry_id(self.place, seed);
        CrashPoint::BeforeApplied.pass();
        ledger.end(lease, &id, state, &found.hash, *rows).await?;
        CrashPoint::AfterApplied.pass();
        written.map(|()| None)
    }

    pub(super) fn at(&self, seed: &Described) -> At {
        At {
            target: self.scope.list.target(),
            database: self.place.name.to_string(),
            tenant: self.place.tenant.as_ref().map(ToString::to_string),
            seed: seed.name,
            kind: seed.kind.as_str(),
        }
    }

    fn done(&self, seed: &Described, rows: Counts, skipped: Option<String>) -> Done {
        let at = self.at(seed);
        Done { at, rows, skipped }
    }

    pub(super) fn failed(&self, seed: &Described, rows: Counts, stop: Stop) -> Failed {
        let (reason, is_precondition) = match stop {
            Stop::Failed {
                reason,
                is_precondition,
            } => (reason, is_precondition),
            Stop::Fenced => (self.scope.fenced().to_string(), false),
        };
        Failed {
            at: self.at(seed),
            rows,
            reason,
            is_precondition,
        }
    }
}
