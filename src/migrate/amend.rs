//! Changes what records say, for a person who knows more than they do. No target database is touched.

use std::{sync::Arc, time::Duration};

use mongodb::bson::Bson;

use super::{
    Migrator,
    error::Error,
    list::Direction,
    note,
    records::{Change, Kept},
    row::{Row, TargetState},
    run::Ask,
    step::Step,
    survey::Scope,
    told::Outcome,
    verify::Unsound,
    work::Work,
};
use crate::{
    control::{Control, Holder, Lease},
    tenancy::TenantId,
};

/// How many records are changed by one command.
const BATCH: usize = 500;

/// What a person says about records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repair {
    /// This migration reads otherwise now and does the same.
    Accept(String),
    /// This migration is in no list any more and never will be.
    Forget(String),
    /// The step that was cut off has done its work.
    StepDone,
    /// The step that was cut off has done nothing, or may be done again.
    StepUndone,
    /// What made targets fail is mended: they are tried again.
    Release,
}

impl Migrator {
    /// Records migrations as applied without carrying them out: all up to [`to`](Self::to), or all that
    /// there are. For databases that were there before their migrations. What is recorded stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn baseline(&self, only: Option<&str>) -> Result<Outcome, Error> {
        let to = self.goal.to.clone();
        let meant = move |id: &str| {
            only.is_none_or(|only| only == id) && to.as_deref().is_none_or(|to| id <= to)
        };
        let mut outcome = Outcome::default();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let survey = scope.survey().await?;
            let ask = self.ask("migrate baseline", Direction::Up);
            let change = |row: &mut Row, change: &mut Change, run: &str| {
                let new = scope.list.migrations.iter();
                let new =
                    new.filter(|listed| meant(listed.id) && !row.ledger.contains_key(listed.id));
                let new: Vec<_> = new.collect();
                for listed in new {
                    let work = Work {
                        listed,
                        direction: Direction::Up,
                        from: 0,
                        is_last: false,
                    };
                    note::said(row, &work, run, change);
                }
            };
            scope
                .amend(&ask, &survey.strangers, change, &mut outcome)
                .await?;
        }
        Ok(outcome)
    }

    /// Gives databases that have no record one that says that every migration is applied: what is there was
    /// made from the models. An empty logical database is made so first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn adopt(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let strangers = scope.survey().await?.strangers;
            if !strangers.is_empty() {
                scope.adopt(&strangers).await?;
                outcome.done += strangers.len() as u64;
            }
        }
        Ok(outcome)
    }

    /// Records what a person says.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn repair(&self, repair: &Repair) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let ask = self.ask(repair.as_str(), Direction::Up);
            let change = |row: &mut Row, change: &mut Change, run: &str| {
                repaired(&scope, repair, row, change, run);
            };
            scope.amend(&ask, &[], change, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Takes databases that are not what their records say, such as one that was restored from an old
    /// copy, back in their records to the last migration that holds, or to [`to`](Self::to); [`up`](Self::up) then applies what
    /// follows again. An index that is being built is waited for by nobody and left alone.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Usage`] where code or a backfill would be run again and nobody has said from
    /// where: what those have done cannot be seen.
    pub async fn rewind(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let names = scope.meant(self.tenants.as_deref()).await?;
            let unsound = scope.verify(&names).await?.unsound;
            let first = |row: &Row| {
                let of_row = |unsound: &&Unsound| unsound.database == row.database;
                unsound.iter().find(of_row)?.first().map(str::to_owned)
            };
            if self.goal.to.is_none() {
                refuse_code(&scope, unsound.iter().filter_map(Unsound::first).min())?;
            }
            let to = self.goal.to.as_deref();
            let change = |row: &mut Row, change: &mut Change, run: &str| {
                let Some(first) = first(row) else { return };
                let is_later = |id: &&String| to.map_or(**id >= first, |to| id.as_str() > to);
                let later: Vec<String> = row.ledger.keys().filter(is_later).cloned().collect();
                later.iter().for_each(|id| note::gone(row, id, run, change));
            };
            let ask = self.ask("migrate repair --rewind", Direction::Up);
            scope.amend(&ask, &[], change, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Frees the locks of runs that were not heard of for two thirds of a lease, and returns whose they were. Nothing
    /// more of them is recorded from then on; the next run takes over.
    ///
    /// # Errors
    /// [`Error::Held`] when one is alive: stop its process instead.
    pub async fn unlock(&self) -> Result<Vec<Holder>, Error> {
        let mut freed: Vec<Holder> = Vec::new();
        for list in &self.lists {
            let control = self.control(list)?;
            let scope = control.connection().name.to_string();
            let Some(holder) = crate::control::look(&control, &scope).await? else {
                continue;
            };
            // As long as a holder relies on its lease.
            let relied = self.databases.control().lease * 2 / 3;
            if holder.silent_for < relied && !holder.owner.is_gone() {
                return Err(Error::Held(Box::new(holder)));
            }
            if crate::control::expire(&control, &holder).await? {
                freed.push(holder);
            }
        }
        Ok(freed)
    }

    fn control(&self, list: &Arc<super::List>) -> Result<Control, Error> {
        Ok(self.scope(list)?.records.control)
    }
}

fn repaired(scope: &Scope, repair: &Repair, row: &mut Row, change: &mut Change, run: &str) {
    match repair {
        Repair::Accept(id) => {
            let listed = scope.list.find(id);
            if let (Some(listed), Some(entry)) = (listed, row.ledger.get_mut(id))
                && entry.hash != listed.hash
            {
                entry.hash.clone_from(&listed.hash);
                change.set(format!("ledger.{id}.hash"), &listed.hash);
                change.set(format!("ledger.{id}.acceptedBy"), run);
            }
        }
        Repair::Forget(id) => {
            if scope.list.find(id).is_none() && row.ledger.contains_key(id) {
                note::gone(row, id, run, change);
            }
        }
        Repair::StepDone | Repair::StepUndone => {
            let Some((id, entry)) = row.unfinished().filter(|(_, entry)| entry.begun) else {
                return;
            };
            let Some(listed) = scope.list.find(id) else {
                return;
            };
            let (done, direction) = (entry.done as usize, entry.state.direction());
            let done = done + usize::from(*repair == Repair::StepDone);
            let work = Work {
                listed,
                direction,
                from: done,
                is_last: false,
            };
            // With that it is ready again, and what was said of it is over.
            note::done(row, &work, done, run, change);
        }
        Repair::Release => {
            if matches!(row.state, TargetState::Failed | TargetState::Quarantined) {
                released(row, change);
            }
        }
    }
}

/// Refuses to go back over code and backfills from a migration on: what they have done to documents
/// cannot be seen, and would be done again.
fn refuse_code(scope: &Scope, first: Option<&str>) -> Result<(), Error> {
    let Some(first) = first else { return Ok(()) };
    let later = scope
        .list
        .migrations
        .iter()
        .filter(|listed| listed.id >= first);
    let blind = later.filter(|listed| listed.migration.up.iter().any(Step::is_code));
    let blind: Vec<&str> = blind.map(|listed| listed.id).collect();
    if blind.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{first} does not hold, and from there on these would change documents again, which may be changed already: {}; say how far to go back with `--to ID` (that one stays), or mend by hand what `verify` names",
        blind.join(", ")
    )))
}

/// Returns whether what had failed at a target is recorded as applied, or not under way any more.
fn is_settled(row: &Row) -> bool {
    let of_failure = row
        .failure
        .as_ref()
        .map(|failure| failure.migration.as_str());
    let finished = |id| {
        row.ledger
            .get(id)
            .is_some_and(|entry| !entry.state.is_unfinished())
    };
    // A step that was cut off was judged: what follows it may be tried.
    let waits = row.unfinished().is_some_and(|(_, entry)| entry.begun);
    let is_judged = row.state == TargetState::Interrupted && !waits;
    is_judged || of_failure.is_none_or(finished)
}

fn released(row: &Row, change: &mut Change) {
    let state = match row.failure {
        Some(_) => TargetState::Failed,
        None => TargetState::Ready,
    };
    change.set("state", state.as_str());
}

impl Repair {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Accept(_) => "migrate repair --accept",
            Self::Forget(_) => "migrate repair --forget",
            Self::StepDone => "migrate repair --step done",
            Self::StepUndone => "migrate repair --step undone",
            Self::Release => "migrate repair --release",
        }
    }
}

impl Scope {
    /// Returns the names of the targets that have records, of these tenants only where some are given.
    pub(super) async fn meant(&self, tenants: Option<&[TenantId]>) -> Result<Vec<String>, Error> {
        let known = self.records.known().await?;
        let name = |id: &TenantId| self.connection.tenant_name(id).to_string();
        let only: Option<Vec<String>> = tenants.map(|ids| ids.iter().map(name).collect());
        let meant = |name: &String| only.as_ref().is_none_or(|only| only.contains(name));
        Ok(known.into_iter().filter(meant).collect())
    }

    /// Changes records under the lock, and those of databases that have none yet.
    async fn amend(
        &self,
        ask: &Ask,
        strangers: &[super::survey::Stranger],
        change: impl Fn(&mut Row, &mut Change, &str),
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        let Some(lease) = self.lock(ask).await? else {
            outcome.is_stopped = true;
            return Ok(());
        };
        let amended = async {
            self.records.prepare().await?;
            let rows = strangers.iter().map(|stranger| stranger.row(lease.fence()));
            self.records.enrol(rows.collect()).await?;
            self.begin(&lease, ask).await?;
            let names = self.meant(ask.tenants.as_deref()).await?;
            for names in names.chunks(BATCH) {
                self.amend_some(&lease, names, &change, outcome).await?;
            }
            self.end(&lease, outcome).await
        };
        let amended = amended.await;
        let released = lease.release().await;
        amended?;
        Ok(released?)
    }

    async fn amend_some(
        &self,
        lease: &Lease,
        names: &[String],
        amend: &impl Fn(&mut Row, &mut Change, &str),
        outcome: &mut Outcome,
    ) -> Result<(), Error> {
        if !lease.lasts(Duration::ZERO) {
            return Err(self.fenced());
        }
        let mut changes = Vec::new();
        for mut row in self.records.claim(lease, names).await? {
            let mut change = Change::of(&row);
            amend(&mut row, &mut change, lease.run());
            if change.is_empty() {
                continue;
            }
            change.set("digest", row.digest());
            if !change.set.contains_key("state") && is_settled(&row) {
                change.set("state", TargetState::Ready.as_str());
                change.set("failure", Bson::Null);
            }
            changes.push(change);
        }
        if changes.is_empty() {
            return Ok(());
        }
        let kept = self.records.change(lease, &changes).await?;
        outcome.done += changes.len() as u64;
        match kept.contains(&Kept::Fenced) {
            true => Err(self.fenced()),
            false => Ok(()),
        }
    }

    pub(super) fn fenced(&self) -> Error {
        Error::Fenced {
            scope: self.connection.name.to_string(),
        }
    }
}
