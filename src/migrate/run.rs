//! A run over one list: looks before it locks, claims what is behind, works on it, and gives the lock back.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mongodb::bson::{Document, doc};
use tokio::time::{Instant, sleep};

use super::{
    error::Error,
    fleet::Fleet,
    gate::halt,
    list::Direction,
    perform::Performer,
    records::RUNS,
    row::TargetState,
    survey::{Scope, Survey},
    told::{Event, Outcome, Told},
    work::Goal,
};
use crate::{
    control::{Acquired, CrashPoint, Lease},
    tenancy::TenantId,
};

/// What is asked of a run.
#[derive(Clone)]
pub(super) struct Ask {
    pub(super) verb: &'static str,
    pub(super) goal: Goal,
    /// Only these tenants, who are then tried whatever state they are in.
    pub(super) tenants: Option<Vec<TenantId>>,
    /// How long another run is waited for.
    pub(super) wait: Duration,
    pub(super) fleet: Fleet,
    pub(super) told: Told,
}

/// How long another run is waited for before it is looked whether this one is to stop.
const TURN: Duration = Duration::from_secs(1);

/// How long a run that has begun waits for databases that do not answer.
const OUTAGE: Duration = Duration::from_secs(600);

/// How the work under one lease ended.
enum Held {
    Done,
    /// The lease was lost.
    Lost,
}

impl Scope {
    /// Runs what is asked, and adds to `outcome` what became of it.
    pub(super) async fn run(&self, ask: &Ask, outcome: &mut Outcome) -> Result<(), Error> {
        let survey = self.surveyed(ask).await?;
        let names = self.wanted(&survey, ask).await?;
        self.left_out(&survey, ask, &names, outcome).await?;
        let nobody_is_new = self.enrolled(&survey, ask).is_empty();
        if names.is_empty() && nobody_is_new && survey.orphans.is_empty() {
            return Ok(());
        }
        let blocked = self.blocked(&survey, &ask.goal).await?;
        if !blocked.is_empty() {
            return Err(Error::Blocked(blocked));
        }
        let mut locked = self.lock(ask).await?;
        while let Some(lease) = locked {
            let lease = Arc::new(lease);
            let done = match self.held(&lease, ask, outcome).await {
                Err(error) if error.is_outage() && !lease.lasts(Duration::ZERO) => Ok(Held::Lost),
                done => done,
            };
            let taken = match done {
                Ok(Held::Lost) => {
                    ask.told.tell(&Event::Paused {
                        target: self.list.target(),
                    });
                    patiently(ask, async || Ok(lease.is_taken().await?)).await?
                }
                _ => false,
            };
            CrashPoint::BeforeRelease.pass();
            let released = match (Arc::into_inner(lease), &done) {
                // Calls that were dropped may still be carried out.
                (Some(lease), Ok(Held::Lost)) if !taken => lease.abandon().await,
                (Some(lease), _) if !taken => lease.release().await,
                _ => Ok(()),
            };
            CrashPoint::Released.pass();
            match done? {
                Held::Done => return Ok(released?),
                Held::Lost if taken => {
                    return Err(self.fenced());
                }
                // Nobody was there to renew it with, and nobody has taken it: on from here.
                Held::Lost => locked = self.lock_again(ask).await?,
            }
        }
        outcome.is_stopped = true;
        Ok(())
    }

    /// Returns the lock once the databases answer again. A try whose answer was lost may hold it, until it runs out.
    async fn lock_again(&self, ask: &Ask) -> Result<Option<Lease>, Error> {
        let lease = self.databases.control().lease;
        let ask = Ask {
            wait: ask.wait.max(lease * 2),
            ..ask.clone()
        };
        patiently(&ask, async || self.lock(&ask).await).await
    }

    /// Returns the lock; `None` where the run is stopped while another one is waited for.
    pub(super) async fn lock(&self, ask: &Ask) -> Result<Option<Lease>, Error> {
        let (control, scope) = (&self.records.control, &self.connection.name);
        let until = Instant::now() + ask.wait;
        // Asked in turns and never dropped midway: an answer that nobody hears would leave it taken.
        loop {
            let wait = until.saturating_duration_since(Instant::now());
            match Lease::acquire(control, scope, ask.verb, wait.min(TURN)).await? {
                Acquired::Held(lease) => return Ok(Some(lease)),
                Acquired::Other(_) if ask.fleet.stop.is_cancelled() => return Ok(None),
                Acquired::Other(holder) if wait <= TURN => {
                    return Err(Error::Held(Box::new(holder)));
                }
                Acquired::Other(_) => {}
            }
        }
    }

    /// Works under a lease until nothing is left, or the lease is lost.
    async fn held(
        &self,
        lease: &Arc<Lease>,
        ask: &Ask,
        outcome: &mut Outcome,
    ) -> Result<Held, Error> {
        let survey = self.surveyed(ask).await?;
        if survey.groups.is_empty() {
            self.records.prepare().await?;
        }
        if !survey.orphans.is_empty() {
            self.records.retire(lease, &survey.orphans).await?;
        }
        let strangers = self.enrolled(&survey, ask);
        CrashPoint::BeforeEnrol.pass();
        self.enrol(&strangers, lease).await?;
        CrashPoint::AfterEnrol.pass();
        self.begin(lease, ask).await?;
        let performer = Performer {
            lease: lease.clone(),
            records: self.records.clone(),
            list: self.list.clone(),
            goal: Arc::new(ask.goal.clone()),
        };
        let mut tried: BTreeSet<String> = BTreeSet::new();
        let mut canary = (self.list.is_tenants && ask.fleet.canary > 0).then_some(ask.fleet.canary);
        while !outcome.is_halted() {
            let survey = self.surveyed(ask).await?;
            let mut names = self.wanted(&survey, ask).await?;
            // A tenant that was made meanwhile is behind if its maker knew less.
            names.retain(|name| !tried.contains(name));
            if names.is_empty() {
                break;
            }
            let goes_first = canary.take().filter(|count| *count < names.len());
            names.truncate(goes_first.unwrap_or(names.len()));
            tried.extend(names.iter().cloned());
            let told = (&ask.told, self.list.target());
            if !ask.fleet.run(&performer, &names, told, outcome).await? {
                return Ok(Held::Lost);
            }
            if goes_first.is_some()
                && let Some(reason) = ask.fleet.gate.closed(self, &names, outcome).await?
            {
                halt(&ask.told, self.list.target(), reason, outcome);
            }
        }
        self.end(lease, outcome).await?;
        Ok(Held::Done)
    }

    async fn surveyed(&self, ask: &Ask) -> Result<Survey, Error> {
        Ok(match &ask.tenants {
            Some(tenants) => self.survey_of(tenants).await?,
            None => self.survey().await?,
        })
    }

    /// Returns the databases that get a record by this run.
    fn enrolled(&self, survey: &Survey, ask: &Ask) -> Vec<super::survey::Stranger> {
        if ask.goal.direction != Some(Direction::Up) {
            return Vec::new();
        }
        let meant = |tenant: &Option<TenantId>| match (&ask.tenants, tenant) {
            (None, _) => true,
            (Some(only), Some(tenant)) => only.contains(tenant),
            (Some(_), None) => false,
        };
        let strangers = survey.strangers.iter();
        strangers
            .filter(|stranger| meant(&stranger.tenant))
            .cloned()
            .collect()
    }

    /// Returns the names of the targets to work on.
    async fn wanted(&self, survey: &Survey, ask: &Ask) -> Result<Vec<String>, Error> {
        let only: Option<BTreeSet<String>> = ask.tenants.as_ref().map(|tenants| {
            let name = |tenant: &TenantId| self.connection.tenant_name(tenant).to_string();
            tenants.iter().map(name).collect()
        });
        let named = match (ask.goal.direction, &ask.goal.of_run) {
            _ if survey.groups.is_empty() => Vec::new(),
            (Some(Direction::Up), _) => self.behind(survey, only.is_some()).await?,
            (_, Some(run)) => self.of_run(run).await?,
            (_, None) => self.records.known().await?,
        };
        let meant = |name: &String| only.as_ref().is_none_or(|only| only.contains(name));
        Ok(named.into_iter().filter(meant).collect())
    }

    async fn behind(&self, survey: &Survey, is_named: bool) -> Result<Vec<String>, Error> {
        let head = self.list.head();
        let is_done = |group: &super::records::Group| {
            group.digest == head && group.state == TargetState::Ready
        };
        if survey.groups.iter().all(is_done) {
            return Ok(Vec::new());
        }
        let left_out: &[TargetState] = match is_named {
            true => &[TargetState::Interrupted],
            false => &[TargetState::Interrupted, TargetState::Quarantined],
        };
        let mut names = self.records.behind(&head, left_out).await?;
        let quarantined = survey
            .groups
            .iter()
            .any(|group| group.state == TargetState::Quarantined);
        if quarantined && !is_named {
            names.extend(self.released().await?);
            names.sort();
        }
        Ok(names)
    }

    /// Returns the quarantined targets whose migration has been changed since.
    async fn released(&self) -> Result<Vec<String>, Error> {
        let rows = self.records.find(doc! { "state": "quarantined" }).await?;
        let is_changed = |row: &super::row::Row| {
            let failure = row.failure.as_ref();
            failure.is_some_and(|failure| {
                let listed = self.list.find(&failure.migration);
                listed.is_none_or(|listed| listed.hash != failure.hash)
            })
        };
        Ok(rows
            .into_iter()
            .filter(is_changed)
            .map(|row| row.database)
            .collect())
    }

    async fn of_run(&self, run: &str) -> Result<Vec<String>, Error> {
        let of_it = |id| {
            let mut filter = Document::new();
            filter.insert(format!("ledger.{id}.run"), run);
            filter
        };
        let any: Vec<Document> = self.list.ids().map(of_it).collect();
        match any.is_empty() {
            true => Ok(Vec::new()),
            false => Ok(self.records.named(doc! { "$or": any }).await?),
        }
    }

    /// Counts those that were meant and are not worked on.
    async fn left_out(
        &self,
        survey: &Survey,
        ask: &Ask,
        names: &[String],
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let meant: Option<BTreeSet<String>> = ask.tenants.as_ref().map(|tenants| {
            let name = |tenant: &TenantId| self.connection.tenant_name(tenant).to_string();
            tenants.iter().map(name).collect()
        });
        let counted = [
            (TargetState::Quarantined, &mut outcome.quarantined_before),
            (TargetState::Interrupted, &mut outcome.interrupted_before),
        ];
        for (state, count) in counted {
            if !survey.groups.iter().any(|group| group.state == state) {
                continue;
            }
            let of_state = self.records.named(doc! { "state": state.as_str() }).await?;
            let is_left = |name: &&String| {
                let meant = meant.as_ref().is_none_or(|meant| meant.contains(*name));
                meant && names.binary_search(name).is_err()
            };
            *count += of_state.iter().filter(is_left).count() as u64;
        }
        Ok(())
    }

    pub(super) async fn begin(&self, lease: &Lease, ask: &Ask) -> Result<(), Error> {
        let owner = lease.owner();
        let record = doc! {
            "verb": ask.verb, "target": self.list.target(), "scope": &*self.connection.name,
            "fence": lease.fence(), "by": owner.to_document(), "version": env!("CARGO_PKG_VERSION"),
        };
        self.tell_run(lease, record, "startedAt").await
    }

    pub(super) async fn end(&self, lease: &Lease, outcome: &Outcome) -> Result<(), Error> {
        let counts = doc! {
            "done": i64::try_from(outcome.done).unwrap_or(i64::MAX),
            "failed": i64::try_from(outcome.failed.len()).unwrap_or(i64::MAX),
        };
        self.tell_run(lease, counts, "endedAt").await
    }

    async fn tell_run(&self, lease: &Lease, set: Document, at: &str) -> Result<(), Error> {
        let mut now = Document::new();
        now.insert(at, true);
        let update = doc! { "$set": set, "$currentDate": now };
        let command = doc! {
            "update": RUNS,
            "updates": [{ "q": { "_id": lease.run() }, "u": update, "upsert": true }],
        };
        Ok(self
            .records
            .control
            .write("update", RUNS, command)
            .await
            .map(drop)?)
    }
}

/// Asks until there is an answer, or the outage has lasted too long, or the run is to stop.
async fn patiently<T>(
    ask: &Ask,
    mut call: impl AsyncFnMut() -> Result<T, Error>,
) -> Result<T, Error> {
    let until = Instant::now() + OUTAGE;
    loop {
        let is_over = Instant::now() > until || ask.fleet.stop.is_cancelled();
        match call().await {
            Err(error) if error.is_outage() && !is_over => sleep(TURN / 4).await,
            answer => return answer,
        }
    }
}
