//! The models' collections, validators and indexes against what a database holds.
//!
//! It only adds what cannot hurt: collections; indexes and strict validators on collections that
//! are new or empty; elsewhere validators only moderate and as warnings. It never drops, renames
//! or tightens: that is a migration's.

mod compare;
mod place;

use std::sync::Arc;

use futures_util::future::try_join_all;

use self::place::Place;
use crate::{
    error::Result,
    orchestrator::{Connection, Databases},
    registry::Scope,
    tenancy::TenantId,
};

/// What to do about what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing: only look.
    Check,
    /// Add what cannot hurt.
    Add,
    /// Add that, and build indexes on collections that hold documents: for a private set, whose
    /// documents are nobody's.
    Build,
}

/// What a database lacks, or has differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The collection, as `database.collection`.
    pub namespace: String,
    /// What it lacks, such as ``index `email_1` ``.
    pub what: String,
    /// What to do about it.
    pub cure: &'static str,
}

/// What was found and done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What was added, in words.
    pub added: Vec<String>,
    /// What is still missing or different.
    pub missing: Vec<Missing>,
}

impl Report {
    fn merge(mut self, other: Self) -> Self {
        self.added.extend(other.added);
        self.missing.extend(other.missing);
        self
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
    /// Those of the server; what was added before stays.
    pub async fn common(&self, mode: Mode) -> Result<Report> {
        let places = self.databases.connections().iter().map(|connection| {
            let routes = connection.declared.routes_in(Scope::Common).collect();
            Place::new(connection, connection.name.clone(), routes)
        });
        self.sync(places.collect(), mode).await
    }

    /// Compares, and with [`Mode::Add`] completes, the databases of one tenant.
    ///
    /// # Errors
    /// Those of the server; what was added before stays.
    pub async fn tenant(&self, id: &TenantId, mode: Mode) -> Result<Report> {
        let own = |connection: &&Arc<Connection>| connection.declared.is_per_tenant();
        let places = self
            .databases
            .connections()
            .iter()
            .filter(own)
            .map(|connection| {
                let routes = connection.declared.routes_in(Scope::PerTenant).collect();
                Place::new(connection, connection.tenant_name(id), routes)
            });
        self.sync(places.collect(), mode).await
    }

    /// Builds a tenant's databases whole, before its row says that it exists.
    pub(crate) async fn complete_tenant(&self, id: &TenantId) -> Result<()> {
        self.tenant(id, Mode::Add).await.map(drop)
    }

    async fn sync(&self, places: Vec<Place>, mode: Mode) -> Result<Report> {
        let compared = places.iter().map(|place| async move {
            match compare::run(place, mode).await {
                // An optional database that is down lacks nothing that anybody could miss now.
                Err(error) if place.is_optional() && error.is_unavailable() => {
                    Ok(Report::default())
                }
                report => report,
            }
        });
        let reports = try_join_all(compared).await?;
        Ok(reports.into_iter().fold(Report::default(), Report::merge))
    }
}
