//! Tenants: who they are, and how each gets databases of its own.
//!
//! A tenant exists when its row says so, and its databases are complete before the row says so.
//! MongoDB makes a database at the first insert, so an id without an active row must reach none:
//! a mistyped header would otherwise make a database without indexes.

use std::{any::TypeId, collections::BTreeSet, sync::Arc};

use futures_util::{StreamExt, TryStreamExt};
use mongodb::bson::{DateTime, doc};
use serde::{Deserialize, Serialize};

pub use crate::model::{InvalidTenantId, TenantId};
use crate::{
    audit::{Action, Entry, Trail},
    collection::Collection,
    error::{Error, Result},
    guard::Deadline,
    model::{Index, Model},
    orchestrator::{Connection, Databases},
    registry::{Common, Hosted, Routed},
    transaction,
};

/// A tenant's row. An application lists it by its path, `mongoplex::Tenant`, under `common` of one
/// logical database; the library finds it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// What requests name it by, and what its databases' names end with.
    #[serde(rename = "_id")]
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Whether it may be served.
    pub status: TenantStatus,
    /// When its row was written, its databases being complete.
    pub created_at: DateTime,
}

/// A row of which only the id is read.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "_id")]
    id: TenantId,
}

/// Whether a tenant may be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TenantStatus {
    /// It may.
    Active,
}

impl Model for Tenant {
    const COLLECTION: &'static str = "tenants";
    const INDEXES: &'static [Index] = &[];

    fn validator() -> Option<mongodb::bson::Document> {
        Some(doc! {
            "required": ["_id", "name", "status", "createdAt"],
            "properties": {
                "_id": { "bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,35}\\z" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "status": { "enum": ["active"] },
                "createdAt": { "bsonType": "date" },
            },
        })
    }
}

impl Routed for Tenant {
    type Database = Hosted;
    type Scope = Common;
}

/// What [`Tenancy::create`] found or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The tenant is new.
    New(Tenant),
    /// It was there already; whatever its databases lacked has been added.
    Existing(Tenant),
}

impl Created {
    /// Returns the tenant, new or not.
    pub fn tenant(&self) -> &Tenant {
        match self {
            Self::New(tenant) | Self::Existing(tenant) => tenant,
        }
    }
}

/// The tenants of an application; see [`Databases::tenancy`].
#[derive(Debug, Clone)]
pub struct Tenancy {
    databases: Databases,
    connection: Arc<Connection>,
    rows: Collection<Tenant>,
    trail: Trail,
    actor: Arc<str>,
    within: Option<Deadline>,
}

impl Tenancy {
    pub(crate) fn new(databases: Databases) -> Result<Self> {
        let home = databases
            .registry()
            .tenants()
            .ok_or(Error::NotRegistered("mongoplex::Tenant"))?;
        let hosts_entries = home
            .routes
            .iter()
            .any(|route| route.id == TypeId::of::<Entry>());
        let connection = databases.connection(home.id, home.name)?;
        let rows = connection.collection();
        let trail = hosts_entries && databases.keeps_audit_trail();
        let trail = Trail::new(trail.then(|| connection.collection()));
        Ok(Self {
            databases,
            connection,
            rows,
            trail,
            actor: Arc::from("unnamed"),
            within: None,
        })
    }

    /// Returns the same with the one on whose behalf it acts, for the audit trail; `unnamed` otherwise.
    #[must_use]
    pub fn acting_as(mut self, actor: impl AsRef<str>) -> Self {
        self.actor = Arc::from(actor.as_ref());
        self
    }

    /// Returns the same with a deadline that no lookup outlives. The commands that build a tenant's
    /// databases have 60 s each, and an index that somebody else is building as long as it takes: cut
    /// off, they go on at the next [`create`](Self::create).
    #[must_use]
    pub fn within(mut self, deadline: Option<Deadline>) -> Self {
        self.rows = self.rows.within(deadline);
        self.within = deadline;
        self
    }

    /// Creates a tenant: first its databases whole (collections, validators, indexes), then its place in the
    /// ledger of migrations, all of which it is beyond, then its row, with its audit entry where that database lists [`Entry`]. Repeated, it finishes what was left, and answers [`Created::Existing`] once it exists.
    ///
    /// # Errors
    /// [`Error::TenantExists`] when it exists under another name, [`Error::Invalid`] when the name has
    /// not 1–200 characters; nothing was changed then. [`Error::Incomplete`] when its databases hold
    /// something differently than the models say.
    ///
    /// # Cancel safety
    /// Dropped midway there may be databases without a row, which nothing reaches; calling it again
    /// goes on from there.
    pub async fn create(&self, id: &TenantId, name: &str) -> Result<Created> {
        self.check_name(name)?;
        let before = self.get(id).await?;
        if before.as_ref().is_some_and(|tenant| tenant.name != name) {
            return Err(Error::TenantExists(id.clone()));
        }
        self.databases.schema().complete_tenant(id).await?;
        if let Some(tenant) = before {
            return Ok(Created::Existing(tenant));
        }
        self.databases.migrator().begin_at_head(id).await?;
        self.insert(id, name).await
    }

    /// Refuses what the validator would refuse, before any database is made.
    fn check_name(&self, name: &str) -> Result<()> {
        if (1..=200).contains(&name.chars().count()) {
            return Ok(());
        }
        let operation = Box::new(self.rows.operation_of_insert());
        Err(Error::Invalid {
            operation,
            fields: vec!["name".into()],
        })
    }

    async fn insert(&self, id: &TenantId, name: &str) -> Result<Created> {
        let tenant = Tenant {
            id: id.clone(),
            name: name.to_owned(),
            status: TenantStatus::Active,
            created_at: DateTime::now(),
        };
        match self.write(&tenant).await {
            Ok(_) => Ok(Created::New(tenant)),
            // Somebody else created it in between: the row that is there decides.
            Err(Error::Duplicate { .. }) => match self.get(id).await? {
                Some(tenant) if tenant.name == name => Ok(Created::Existing(tenant)),
                _ => Err(Error::TenantExists(id.clone())),
            },
            Err(error) => Err(error),
        }
    }

    /// Writes a row, and the entry of it in the same transaction.
    async fn write(&self, tenant: &Tenant) -> Result<()> {
        if !self.trail.is_on() {
            return self.rows.insert_one(tenant).await.map(drop);
        }
        let fields = ["name", "status"].map(str::to_owned).to_vec();
        let (actor, id) = (&*self.actor, tenant.id.as_str());
        let entry = Entry::new(actor, Action::Create, Tenant::COLLECTION, id, fields);
        let (rows, trail, tenant) = (self.rows.clone(), self.trail.clone(), tenant.clone());
        transaction::run_on(&self.connection, self.within, async move |lent| {
            lent.join(&rows).insert_one(&tenant).await?;
            trail.joined(&lent).write(&entry).await
        })
        .await
    }

    /// Returns a tenant, or `None`.
    ///
    /// # Errors
    /// Those of the lookup.
    pub async fn get(&self, id: &TenantId) -> Result<Option<Tenant>> {
        self.rows.find_one(doc! { "_id": id.as_str() }).await
    }

    /// Returns a tenant that may be served.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`] when it has no active row.
    pub async fn active(&self, id: &TenantId) -> Result<Tenant> {
        let tenant = self
            .get(id)
            .await?
            .filter(|tenant| tenant.status == TenantStatus::Active);
        tenant.ok_or_else(|| Error::UnknownTenant(id.clone()))
    }

    /// Makes sure that all of these may be served, by one query.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`] with the first that may not.
    pub(crate) async fn all_active(&self, ids: &[TenantId]) -> Result<()> {
        let named: Vec<&str> = ids.iter().map(TenantId::as_str).collect();
        let rows = self
            .rows
            .find(doc! { "_id": { "$in": named }, "status": "active" });
        let rows = rows.projection(doc! { "_id": 1 }).raw().await?;
        let decoded = rows.map(|row| self.rows.decode::<Named>(&row?).map(|row| row.id));
        let active: BTreeSet<TenantId> =
            decoded.try_collect::<Vec<_>>().await?.into_iter().collect();
        match ids.iter().find(|id| !active.contains(*id)) {
            None => Ok(()),
            Some(id) => Err(Error::UnknownTenant(id.clone())),
        }
    }

    /// Returns how many tenants there are.
    pub(crate) async fn count(&self) -> Result<u64> {
        self.rows.estimated_document_count().await
    }

    /// Returns the ids of all tenants that may be served, in their order.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) async fn ids(&self) -> Result<Vec<TenantId>> {
        let rows = self.rows.find(doc! { "status": "active" });
        let rows = rows.projection(doc! { "_id": 1 }).sort(doc! { "_id": 1 });
        let rows = rows.batch_size(10_000_u32).raw().await?;
        rows.map(|row| self.rows.decode::<Named>(&row?).map(|row| row.id))
            .try_collect()
            .await
    }

    /// Returns up to `limit` tenants in the order of their ids, beginning behind `after`.
    ///
    /// # Errors
    /// Those of the query.
    pub async fn list(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        let filter = after.map_or_else(
            || doc! {},
            |after| doc! { "_id": { "$gt": after.as_str() } },
        );
        let rows = self
            .rows
            .find(filter)
            .sort(doc! { "_id": 1 })
            .limit(limit)
            .await?;
        rows.try_collect().await
    }
}

/// Returns whether a route is that of the library's tenants.
pub(crate) fn is_tenant(id: TypeId) -> bool {
    id == TypeId::of::<Tenant>()
}
