//! The models' collections, validators and indexes against what a database holds.
//!
//! It only adds what cannot hurt: collections; indexes and strict validators on collections that
//! are new or empty; elsewhere validators only moderate and as warnings. It never drops, renames
//! or tightens: that is a migration's.

mod compare;
mod place;

use futures_util::future::try_join_all;

use self::place::Place;
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

/// What makes something that is missing be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cure {
    /// [`Mode::Add`] adds it.
    Add,
    /// It concerns documents that are there, or something that somebody made otherwise: a migration
    /// or a person changes it.
    Change,
}

impl Cure {
    /// Returns what to do, as half a sentence.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Add => "add it with `up --sync`",
            Self::Change => {
                "it concerns documents that are there: change it by hand; a private set can be deleted (`.mongoplex/`)"
            }
        }
    }
}

/// What a database lacks, or has differently.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// The collection, as `database.collection`.
    pub namespace: String,
    /// What it lacks, such as ``index `email_1` ``.
    pub what: String,
    /// What makes it be there.
    pub cure: Cure,
    /// Whether its logical database is required.
    pub need: Need,
}

/// What was found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What was added, in words.
    pub added: Vec<String>,
    /// What is still missing or different.
    pub missing: Vec<Missing>,
    /// The optional logical databases that could not be reached, so that nobody looked.
    pub skipped: Vec<&'static str>,
}

impl Report {
    /// Returns both in one.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.added.extend(other.added);
        self.missing.extend(other.missing);
        self.skipped.extend(other.skipped);
        self
    }

    /// Returns whether all was looked at and nothing is missing.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.skipped.is_empty()
    }
}

/// The schema of all connected databases; see [`Databases::schema`].
#[derive(Debug, Clone)]
pub struct Schema {
    databases: Databases,
}

impl Schema {
    pub(crate) fn new(databases: Databases) -> Self {
        Self { databases }
    }

    /// Compares, and with [`Mode::Add`] completes, the common models of every logical database.
    ///
    /// # Errors
    /// Those of the server; what was added before stays. An optional database that cannot be
    /// reached is no error but [`skipped`](Report::skipped).
    pub async fn common(&self, mode: Mode) -> Result<Report> {
        let compared = self
            .databases
            .connections()
            .iter()
            .map(|connection| async move {
                match common_of(connection, mode).await {
                    Err(error) if connection.need == Need::Optional && error.is_unavailable() => {
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
    pub async fn tenant(&self, id: &TenantId, mode: Mode) -> Result<Report> {
        let connections = self.databases.connections().iter();
        let own = connections.filter(|connection| connection.declared.is_per_tenant());
        let compared = own.map(|connection| tenant_of(connection, id, mode));
        let reports = try_join_all(compared).await?;
        Ok(reports.into_iter().fold(Report::default(), Report::merge))
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
                    |missing: &Missing| format!("{} lacks {}", missing.namespace, missing.what);
                let missing = report.missing.iter().map(lacks).collect();
                Err(Error::Incomplete {
                    tenant: id.clone(),
                    missing,
                })
            }
        }
    }
}

/// Compares the common models of one logical database; see [`Schema::common`].
pub(crate) async fn common_of(connection: &Connection, mode: Mode) -> Result<Report> {
    let routes = connection.declared.routes_in(Scope::Common).collect();
    let place = Place::new(connection, connection.name.clone(), routes);
    compare::run(&place, mode).await
}

/// Compares a tenant's database beside one logical database; see [`Schema::tenant`].
pub(crate) async fn tenant_of(
    connection: &Connection,
    id: &TenantId,
    mode: Mode,
) -> Result<Report> {
    let routes = connection.declared.routes_in(Scope::PerTenant).collect();
    let place = Place::new(connection, connection.tenant_name(id), routes);
    compare::run(&place, mode).await
}
