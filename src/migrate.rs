//! Migrations: changes of schemas and data, exact over every database and every tenant, whatever crashes.
//!
//! An application lists them per target ([`migrations!`](crate::migrations)); a [`Migrator`] finds what is
//! behind, and carries it out under a lock. What was done is recorded in the control database alone.
//!
//! It does not: name models (a migration stays as it was written, models go on), or merge what two
//! branches have done (a migration that is older than one that is applied is told and not guessed at).

mod amend;
mod backfill;
mod body;
mod carry;
mod enrol;
mod error;
mod expect;
mod fleet;
mod gate;
mod ground;
mod limiter;
mod list;
mod note;
mod overtime;
mod perform;
mod policy;
mod records;
mod row;
mod run;
mod status;
mod step;
mod survey;
mod told;
mod verify;
mod work;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use self::{
    amend::Repair,
    backfill::Backfill,
    body::{RawHandle, StepError, TransactionHandle},
    error::{Blocked, Error},
    expect::Finding,
    fleet::Budget,
    list::{Direction, List, Migration, Target, Tenants},
    row::{Failure, TargetState},
    status::{Listing, Pending, Status},
    step::{Retry, Step},
    told::{Event, Failed, Outcome},
    verify::{Unsound, Verified},
    work::Obstacle,
};
use self::{fleet::Fleet, gate::Gate, run::Ask, survey::Scope, told::Told, work::Goal};
pub(crate) use self::{
    list::Lists,
    policy::{Behind, Use},
};
use crate::{control::Control, orchestrator::Databases, tenancy::TenantId};

/// Carries out an application's migrations; see [`Databases::migrator`].
#[derive(Clone)]
#[must_use = "nothing is done before `up` or another verb"]
pub struct Migrator {
    databases: Databases,
    lists: Vec<Arc<List>>,
    tenants: Option<Vec<TenantId>>,
    goal: Goal,
    wait: Duration,
    fleet: Fleet,
    told: Told,
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let targets = self.lists.iter().map(|list| list.target());
        out.debug_list().entries(targets).finish()
    }
}

impl Migrator {
    pub(crate) fn new(databases: Databases, lists: &Lists) -> Self {
        let fleet = Fleet {
            at_once: None,
            budget: Budget::percent(1.0).at_least(10),
            canary: 0,
            gate: Gate::default(),
            stop: CancellationToken::new(),
        };
        // Optional databases that have no URI have nothing to migrate.
        let absent = |list: &&Arc<List>| {
            let found = databases.connection(list.database, list.logical);
            matches!(found, Err(crate::Error::NotConfigured(_)))
        };
        let present = lists.0.iter().filter(|list| !absent(list)).cloned();
        Self {
            lists: present.collect(),
            databases,
            tenants: None,
            goal: Goal::default(),
            wait: Duration::ZERO,
            fleet,
            told: Told::default(),
        }
    }

    /// Returns the migrator of these lists only: those of a logical database, its tenants' too.
    pub fn databases(mut self, names: &[impl AsRef<str>]) -> Self {
        self.lists
            .retain(|list| names.iter().any(|name| name.as_ref() == list.logical));
        self
    }

    /// Returns the migrator of the tenants' lists only, for these tenants. What had failed there before is
    /// tried again.
    pub fn tenants(mut self, ids: impl IntoIterator<Item = TenantId>) -> Self {
        self.lists.retain(|list| list.is_tenants);
        self.tenants = Some(ids.into_iter().collect());
        self
    }

    /// Returns the migrator of the tenants' lists only, for all tenants.
    pub fn all_tenants(mut self) -> Self {
        self.lists.retain(|list| list.is_tenants);
        self
    }

    /// Returns the migrator that goes up to this migration, it included, or down to it, it excluded. Lists
    /// that do not have it are left alone.
    pub fn to(mut self, id: impl Into<String>) -> Self {
        let id = id.into();
        self.lists.retain(|list| list.find(&id).is_some());
        self.goal.to = Some(id);
        self
    }

    /// Returns the lists that are meant, such as `tenants of customer`, in the order of `up`.
    pub fn targets(&self) -> impl Iterator<Item = String> {
        self.lists.iter().map(|list| list.target())
    }

    /// Returns the migrator that carries out at most so many migrations at each target.
    pub fn steps(mut self, steps: usize) -> Self {
        self.goal.steps = Some(steps);
        self
    }

    /// Returns the migrator that applies this migration although a newer one is applied.
    pub fn allow_late(mut self, id: impl Into<String>) -> Self {
        self.goal.late.insert(id.into());
        self
    }

    /// Returns the migrator that takes back what this run has applied, and nothing else.
    pub fn of_run(mut self, run: impl Into<String>) -> Self {
        self.goal.of_run = Some(run.into());
        self
    }

    /// Returns the migrator that waits so long for another run to end. Default: not at all.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Returns the migrator that begins no more targets once more than that have failed. Default 1 %, and
    /// ten at least.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.fleet.budget = budget;
        self
    }

    /// Returns the migrator that carries migrations out at so many tenants first. The others follow where
    /// none of those has failed, all are what their records say, and the [`gate`](Self::gate) is open.
    pub fn canary(mut self, tenants: usize) -> Self {
        self.fleet.canary = tenants;
        self
    }

    /// Returns the migrator that asks, behind its first tenants, whether all is well; a refusal says why.
    pub fn gate<F, A>(mut self, ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        self.fleet.gate = Gate::new(ask);
        self
    }

    /// Returns the migrator that works on so many targets at once. Default: as many as the deployment
    /// answers quickly, 2 to begin with, 16 at most.
    pub fn at_once(mut self, targets: usize) -> Self {
        self.fleet.at_once = Some(targets.max(1));
        self
    }

    /// Returns the migrator that begins nothing more once the token is cancelled; what has begun ends.
    pub fn stop(mut self, stop: CancellationToken) -> Self {
        self.fleet.stop = stop;
        self
    }

    /// Returns the migrator that tells what happens, as it happens. It is called on the task that works: it
    /// must be quick and never block.
    pub fn telling(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.told = Told::new(tell);
        self
    }

    /// Applies what is pending: to the logical databases, then to the tenants. What has begun and not
    /// ended is finished first. Where a target of one list is not done, later lists are left alone.
    ///
    /// # Errors
    /// See [`Error`]. What failed at targets is no error but in the [`Outcome`].
    ///
    /// # Cancel safety
    /// Dropped midway it is like a process that ends: the next run goes on, once the lock has run out. To
    /// stop it use [`stop`](Self::stop).
    pub async fn up(&self) -> Result<Outcome, Error> {
        self.run("migrate up", Direction::Up).await
    }

    /// Takes back the last migration of each target, or as many as [`to`](Self::to),
    /// [`steps`](Self::steps) or [`of_run`](Self::of_run) say; tenants first.
    ///
    /// # Errors
    /// See [`Error`]; one that cannot be taken back is found before anything is changed.
    pub async fn down(&self) -> Result<Outcome, Error> {
        self.run("migrate down", Direction::Down).await
    }

    async fn run(&self, verb: &'static str, direction: Direction) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        let mut lists: Vec<_> = self.lists.iter().collect();
        if direction == Direction::Down {
            lists.reverse();
        }
        let ask = self.ask(verb, direction);
        for list in lists {
            let scope = self.scope(list)?;
            scope.run(&ask, &mut outcome).await?;
            if !outcome.is_whole() {
                break;
            }
        }
        Ok(outcome)
    }

    fn ask(&self, verb: &'static str, direction: Direction) -> Ask {
        Ask {
            verb,
            goal: Goal {
                direction: Some(direction),
                ..self.goal.clone()
            },
            tenants: self.tenants.clone(),
            wait: self.wait,
            fleet: self.fleet.clone(),
            told: self.told.clone(),
        }
    }

    fn scope(&self, list: &Arc<List>) -> Result<Scope, Error> {
        let connection = self.databases.connection(list.database, list.logical)?;
        if connection.set().is_some_and(|set| set.is_empty()) {
            return Err(Error::Precondition(format!(
                "logical database `{}` is no replica set: migrations need transactions and writes that last; start mongod with --replSet and initiate it (DATABASE_{}_URI)",
                list.logical,
                list.logical.to_uppercase()
            )));
        }
        Ok(self.open(list)?)
    }

    fn open(&self, list: &Arc<List>) -> crate::Result<Scope> {
        let connection = self.databases.connection(list.database, list.logical)?;
        let control = Control::new(connection, self.databases.control().clone());
        Ok(Scope::new(&self.databases, &control, list.clone()))
    }
}
