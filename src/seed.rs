//! Seeds: rows that databases are to begin with, brought back to what they are to be at each run.
//!
//! An application lists them per target ([`seeds!`](crate::seeds)); a [`Seeder`] compares them with what is
//! there and writes what differs, under the lock that migrations have too. What was done is recorded in the
//! control database alone: a document shows nothing of where it came from.
//!
//! It does not: change schemas (migrations do), or write anything twice: every row has a natural key with a
//! unique index, which is looked at first.

mod compare;
mod context;
mod describe;
mod draw;
mod error;
mod ledger;
mod list;
mod password;
mod place;
mod refer;
mod reset;
mod row;
mod scope;
mod stamp;
mod status;
mod survey;
mod told;
mod volume;
mod worker;
mod write;

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

pub use self::{
    context::Context,
    describe::{Changed, Kind, Seed},
    draw::Draw,
    error::{Error, SeedError},
    list::{Holds, List, Listing},
    row::{Reference, Row, by_key},
    status::Status,
    told::{At, Counts, Done, Event, Failed, Outcome},
};
pub(crate) use self::{context::Given, list::Lists};
use self::{
    describe::Described,
    ledger::Ledger,
    scope::{Ask, Scope},
    stamp::Ground,
    told::Told,
};
use crate::{control::Control, orchestrator::Databases, tenancy::TenantId};

/// Runs an application's seeds; see [`Databases::seeder`].
#[derive(Clone)]
#[must_use = "nothing is done before `run` or another verb"]
pub struct Seeder {
    databases: Databases,
    lists: Vec<Arc<List>>,
    only: Option<Vec<String>>,
    ask: Ask,
}

impl Seeder {
    pub(crate) fn new(databases: Databases, lists: &Lists, given: Arc<Given>) -> Self {
        let ask = Ask {
            tenants: None,
            volume: None,
            number: 1,
            wait: Duration::ZERO,
            stop: CancellationToken::new(),
            told: Told::default(),
            ground: Ground::Given,
            given,
        };
        Self {
            databases,
            lists: lists.0.clone(),
            only: None,
            ask,
        }
    }

    /// Returns the seeder of these lists only: those of a logical database, its tenants' too.
    pub fn databases(mut self, names: &[impl AsRef<str>]) -> Self {
        let named = |list: &Arc<List>| names.iter().any(|name| name.as_ref() == list.logical);
        self.lists.retain(named);
        self
    }

    /// Returns the seeder of the tenants' lists only, for these tenants.
    pub fn tenants(mut self, ids: impl IntoIterator<Item = TenantId>) -> Self {
        self.lists.retain(|list| list.is_tenants);
        self.ask.tenants = Some(ids.into_iter().collect());
        self
    }

    /// Returns the seeder of the tenants' lists only, for all tenants.
    pub fn all_tenants(mut self) -> Self {
        self.lists.retain(|list| list.is_tenants);
        self
    }

    /// Returns the seeder of these seeds only. What they wait for is not run with them.
    pub fn only(mut self, seeds: &[impl AsRef<str>]) -> Self {
        self.only = Some(seeds.iter().map(|seed| seed.as_ref().to_owned()).collect());
        self
    }

    /// Returns the seeder that draws volume too: so many documents for the average tenant, and so many for a
    /// logical database that has such seeds itself.
    pub fn volume(mut self, documents: u64) -> Self {
        self.ask.volume = Some(documents);
        self
    }

    /// Returns the seeder that draws by another number, which gives other documents. Default 1.
    pub fn number(mut self, number: u64) -> Self {
        self.ask.number = number;
        self
    }

    /// Returns the seeder that waits so long for another run to end. Default: not at all.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.ask.wait = wait;
        self
    }

    /// Returns the seeder that begins no more databases once the token is cancelled; what has begun ends.
    pub fn stop(mut self, stop: CancellationToken) -> Self {
        self.ask.stop = stop;
        self
    }

    /// Returns the seeder that tells what happens, as it happens. It is called on the task that works: it
    /// must be quick and never block.
    pub fn telling(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.ask.told = Told::new(tell);
        self
    }

    /// Returns the seeder of a private set, whose databases are development's or a test's: documents that are
    /// there before a stamp is do not make it refuse. A stamp still does. Not for databases that are given.
    pub fn on_private_set(mut self) -> Self {
        self.ask.ground = Ground::Private;
        self
    }

    /// Returns what [`run`](Self::run) would do, and writes nothing. Rows that refer to what an earlier seed is
    /// still to write are counted as inserted.
    ///
    /// # Errors
    /// Those of `run`, but for those of the lock.
    pub async fn plan(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for scope in self.allowed(&mut outcome).await? {
            scope.plan(&self.ask, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Writes what differs: to the logical databases, then to the tenants. A seed that failed keeps only those
    /// from running that wait for it.
    ///
    /// # Errors
    /// See [`Error`]. What failed at a database is no error but in the [`Outcome`].
    ///
    /// # Cancel safety
    /// Dropped midway it is like a process that ends: the next run finishes it, once the lock has run out.
    pub async fn run(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for scope in self.allowed(&mut outcome).await? {
            scope.run(&self.ask, &mut outcome).await?;
            if outcome.is_stopped {
                break;
            }
        }
        Ok(outcome)
    }

    /// Returns how every seed stands, by what is recorded.
    ///
    /// # Errors
    /// Those of the queries, and [`Error::Usage`].
    pub async fn status(&self) -> Result<Vec<Status>, Error> {
        self.check_names()?;
        let mut all = Vec::new();
        for list in &self.lists {
            let named = |seed: &&Arc<Described>| self.is_named(seed);
            let scope = self.scope(list, list.seeds.iter().filter(named).cloned().collect())?;
            all.extend(scope.status(&self.ask).await?);
        }
        Ok(all)
    }

    /// Returns what [`reset`](Self::reset) would take away, as pruned rows, and writes nothing.
    ///
    /// # Errors
    /// Those of `reset`, but for those of the lock.
    pub async fn plan_of_reset(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for scope in self.resettable().await? {
            scope.take_away(&self.ask, None, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Takes away what the seeds have inserted, whoever changed it since, and forgets it. What people have
    /// added stays. In development and test only.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reset(&self) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for scope in self.resettable().await? {
            scope.reset(&self.ask, &mut outcome).await?;
        }
        Ok(outcome)
    }

    /// Returns the physical names of the logical databases that are meant.
    ///
    /// # Errors
    /// Where one of them is not configured.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        for list in &self.lists {
            let connection = self.databases.connection(list.database, list.logical)?;
            names.push(connection.name.to_string());
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Returns what is run, once it is sure that all of it may be.
    async fn allowed(&self, outcome: &mut Outcome) -> Result<Vec<Scope>, Error> {
        self.check_names()?;
        let is_harmless = self.ask.given.environment.is_harmless();
        let (mut scopes, mut refusals) = (Vec::new(), Vec::new());
        for list in &self.lists {
            let mut seeds = Vec::new();
            for seed in list.seeds.iter().filter(|seed| self.is_named(seed)) {
                if seed.kind == Kind::Volume && self.only.is_some() && self.ask.volume.is_none() {
                    let name = seed.name;
                    return Err(Error::Usage(format!(
                        "seed `{name}` draws as many documents as are asked for: say how many with `--volume N`"
                    )));
                }
                let is_asked = match seed.kind {
                    Kind::Volume => self.ask.volume.is_some(),
                    // Named, it is refused; else it is only left out.
                    Kind::Demo => is_harmless || self.only.is_some(),
                    _ => true,
                };
                match is_asked {
                    true => seeds.push(seed.clone()),
                    false if seed.kind == Kind::Demo => outcome.left_out.push(seed.name),
                    false => {}
                }
            }
            if seeds.is_empty() {
                continue;
            }
            let mut scope = self.scope(list, seeds)?;
            let standing = self.standing(&scope).await?;
            scope.is_due = standing.is_due;
            if scope.seeds.iter().any(|seed| seed.kind.is_harmless_only()) {
                refusals.extend(standing.refusal);
            }
            scopes.push(scope);
        }
        refused(refusals).map(|()| scopes)
    }

    /// Returns what is reset, dependents first, once it is sure that all of it may be.
    async fn resettable(&self) -> Result<Vec<Scope>, Error> {
        self.check_names()?;
        let (mut scopes, mut refusals) = (Vec::new(), Vec::new());
        for list in self.lists.iter().rev() {
            let named = |seed: &&Arc<Described>| self.is_named(seed);
            let scope = self.scope(list, list.seeds.iter().filter(named).cloned().collect())?;
            refusals.extend(self.standing(&scope).await?.refusal);
            scopes.push(scope);
        }
        refused(refusals).map(|()| scopes)
    }

    async fn standing(&self, scope: &Scope) -> Result<stamp::Standing, Error> {
        let Ask { given, ground, .. } = &self.ask;
        Ok(stamp::look(&scope.ledger.control, given.environment, *ground).await?)
    }

    fn is_named(&self, seed: &Described) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|name| name == seed.name))
    }

    fn check_names(&self) -> Result<(), Error> {
        let known = |name: &String| {
            self.lists
                .iter()
                .any(|list| list.seeds().any(|(seed, _)| seed == name))
        };
        match self.only.iter().flatten().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(Error::Usage(format!(
                "there is no seed `{name}` in what is meant: `seed status` lists them"
            ))),
        }
    }

    fn scope(&self, list: &Arc<List>, seeds: Vec<Arc<Described>>) -> Result<Scope, Error> {
        let connection = self.databases.connection(list.database, list.logical)?;
        if connection.set().is_some_and(|set| set.is_empty()) {
            return Err(Error::Precondition(format!(
                "logical database `{}` is no replica set: the lock of seeds needs writes that last; start mongod with --replSet and initiate it (DATABASE_{}_URI)",
                list.logical,
                list.logical.to_uppercase()
            )));
        }
        let control = Control::new(connection.clone(), self.databases.control().clone());
        Ok(Scope {
            databases: self.databases.clone(),
            connection,
            ledger: Ledger { control },
            list: list.clone(),
            seeds,
            is_due: false,
        })
    }
}

fn refused(mut refusals: Vec<String>) -> Result<(), Error> {
    refusals.dedup();
    match refusals.is_empty() {
        true => Ok(()),
        false => Err(Error::Refused(refusals)),
    }
}

impl std::fmt::Debug for Seeder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let targets = self.lists.iter().map(|list| list.target());
        out.debug_list().entries(targets).finish()
    }
}
