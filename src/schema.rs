//! The models' collections, validators and indexes against what a database holds.
//!
//! A comparison makes differences (`diff`), and a second step ends those that the mode allows
//! (`settle`). It only adds what cannot hurt: collections; indexes and strict validators on collections that
//! are new or empty; elsewhere validators only moderate and as warnings. It never drops, renames
//! or tightens: that is a migration's.

mod diff;
mod place;
mod settle;
mod wait;

use std::sync::Arc;

use futures_util::future::try_join_all;

pub use self::wait::Waiting;
use self::{place::Place, wait::Told};
use crate::{
    error::{Error, Result},
    health::Need,
    orchestrator::{Connection, Databases},
    registry::Scope,
    tenancy::TenantId,
};

/// What to do about what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Nothing: only look.
    Check,
    /// Add what cannot hurt.
    Add,
    /// Add that, and change what concerns documents that are there: indexes are built and validators
    /// set strictly. For a private set, whose documents are nobody's.
    Build,
}

/// What ends a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cure {
    /// [`Mode::Add`] adds it.
    Add,
    /// It concerns documents that are there, or something that somebody made otherwise: a migration
    /// or a person changes it.
    Migration,
    /// Nothing has to: no model knows of it.
    Nothing,
}

impl Cure {
    /// Returns what to do, as half a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Add => "add it with `sync`",
            Self::Migration => {
                "it wants a migration, or a change by hand: it concerns documents that are there (they may share a unique key), or what somebody made otherwise; a private set can be deleted (`.mongoplex/`)"
            }
            Self::Nothing => "nothing has to be done",
        }
    }
}

/// How a database differs from its models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The models have it, the database has not.
    Missing,
    /// Both have it, not in the same way.
    Different,
    /// The database has it, the models have not. It is only told, and never touched.
    Unknown,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// A collection: whether it is there, and a plain one.
    Collection,
    /// An index.
    Index,
    /// A validator.
    Validator,
}

/// A difference between a database and its models.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The collection, as `database.collection`.
    pub namespace: String,
    /// How it differs.
    pub kind: Kind,
    /// What differs.
    pub part: Part,
    /// The same in words that hold no document: what the model wants, such as ``index `email_1` ``,
    /// or what is there and unknown.
    pub what: String,
    /// What ends it.
    pub cure: Cure,
    /// Whether its logical database is required.
    pub need: Need,
    /// Whether [`Mode::Build`] ends it.
    pub(crate) is_built: bool,
}

impl Difference {
    /// Returns whether a mode ends it. Once it has tried and failed, no mode does.
    pub fn is_ended_by(&self, mode: Mode) -> bool {
        match mode {
            Mode::Check => false,
            Mode::Add => self.cure == Cure::Add,
            Mode::Build => self.is_built,
        }
    }
}

/// What was found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The differences that were ended.
    pub added: Vec<Difference>,
    /// What is still missing or different.
    pub missing: Vec<Difference>,
    /// What is there and in no model. It takes nothing from being complete.
    pub unknown: Vec<Difference>,
    /// The optional logical databases that could not be reached, so that nobody looked.
    pub skipped: Vec<&'static str>,
}

impl Report {
    /// Returns both in one.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.added.extend(other.added);
        self.missing.extend(other.missing);
        self.unknown.extend(other.unknown);
        self.skipped.extend(other.skipped);
        self
    }

    /// Returns whether all was looked at and nothing is missing or different.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.skipped.is_empty()
    }
}

/// The schema of all connected databases; see [`Databases::schema`].
#[derive(Debug, Clone)]
pub struct Schema {
    databases: Databases,
    only: Option<Vec<String>>,
    told: Told,
}

impl Schema {
    pub(crate) fn new(databases: Databases) -> Self {
        Self {
            databases,
            only: None,
            told: Told::default(),
        }
    }

    /// Returns the schema of these logical databases only. A name that no connected one has stands
    /// for nothing.
    #[must_use]
    pub fn only(mut self, names: &[impl AsRef<str>]) -> Self {
        let names = names.iter().map(|name| name.as_ref().to_owned());
        self.only = Some(names.collect());
        self
    }

    /// Returns the same, telling of each index whose building takes longer than 2 s, and again every
    /// 10 s; else the log says so. It is called on the task that waits: it must be quick and never block.
    #[must_use]
    pub fn telling(mut self, tell: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        self.told = Told::new(tell);
        self
    }

    /// Compares, and with [`Mode::Add`] completes, the common models of every logical database.
    ///
    /// Each command has 60 s. Only the building of an index has no limit; one that somebody else
    /// builds already is waited for.
    ///
    /// # Errors
    /// Those of the server; what was added before stays. An optional database that cannot be
    /// reached is no error but [`skipped`](Report::skipped).
    ///
    /// # Cancel safety
    /// Dropped midway, what was added stays and the server goes on building an index that it has
    /// begun; calling it again goes on from there.
    pub async fn common(&self, mode: Mode) -> Result<Report> {
        let compared = self.connections().map(|connection| async move {
            let name = connection.name.clone();
            let place = self.place(connection, name, Scope::Common);
            match settle::run(&place, mode).await {
                Err(error) if place.need == Need::Optional && error.is_unavailable() => {
                    let skipped = vec![connection.declared.name];
                    Ok(Report {
                        skipped,
                        ..Report::default()
                    })
                }
                report => report,
            }
        });
        let reports = try_join_all(compared).await?;
        Ok(reports.into_iter().fold(Report::default(), Report::merge))
    }

    /// Compares, and with [`Mode::Add`] completes, the databases of one tenant.
    ///
    /// # Errors
    /// Those of the server, of an optional database too; what was added before stays.
    ///
    /// # Cancel safety
    /// That of [`common`](Self::common).
    pub async fn tenant(&self, id: &TenantId, mode: Mode) -> Result<Report> {
        let own = self
            .connections()
            .filter(|connection| connection.declared.is_per_tenant());
        let compared = own.map(|connection| async move {
            let name = connection.tenant_name(id);
            let place = self.place(connection, name, Scope::PerTenant);
            settle::run(&place, mode).await
        });
        let reports = try_join_all(compared).await?;
        Ok(reports.into_iter().fold(Report::default(), Report::merge))
    }

    fn connections(&self) -> impl Iterator<Item = &Connection> {
        let all = self.databases.connections().iter().map(AsRef::as_ref);
        all.filter(|connection: &&Connection| {
            let names = self.only.as_ref();
            names.is_none_or(|names| names.iter().any(|name| name == connection.declared.name))
        })
    }

    fn place(&self, connection: &Connection, name: Arc<str>, scope: Scope) -> Place {
        let routes = connection.declared.routes_in(scope).collect();
        Place::new(connection, name, routes, self.told.clone())
    }

    /// Builds a tenant's databases whole, before its row says that it exists.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when something is there differently, besides those of the server.
    pub(crate) async fn complete_tenant(&self, id: &TenantId) -> Result<()> {
        let report = self.tenant(id, Mode::Add).await?;
        match report.missing.is_empty() {
            true => Ok(()),
            false => {
                let lacks =
                    |missing: &Difference| format!("{} lacks {}", missing.namespace, missing.what);
                let missing = report.missing.iter().map(lacks).collect();
                Err(Error::Incomplete {
                    tenant: id.clone(),
                    missing,
                })
            }
        }
    }
}

/// Compares one scope of one logical database and changes nothing: for whoever has a connection and
/// no [`Databases`]. `name` is that of the physical database.
pub(crate) async fn compare(
    connection: &Connection,
    name: Arc<str>,
    scope: Scope,
) -> Result<Report> {
    let routes = connection.declared.routes_in(scope).collect();
    let place = Place::new(connection, name, routes, Told::default());
    settle::run(&place, Mode::Check).await
}
