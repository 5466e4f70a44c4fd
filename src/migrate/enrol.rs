//! How databases get their records: those that were there before, and those that are new.

use mongodb::bson::{Document, doc};

use super::{
    Migrator,
    body::Place,
    error,
    survey::{Scope, Stranger},
};
use crate::{
    audit::Entry,
    control::Lease,
    error::Result,
    model::Model,
    schema::Mode,
    tenancy::{Tenant, TenantId},
};

impl Migrator {
    /// Gives the databases of a tenant that is being made their records. They are what the models say, so
    /// every migration is behind them. What a tenant of the same id had is over.
    pub(crate) async fn begin_at_head(&self, tenant: &TenantId) -> Result<()> {
        for list in self.lists.iter().filter(|list| list.is_tenants) {
            let scope = self.open(list)?;
            scope.begin_at_head(tenant).await?;
        }
        Ok(())
    }
}

impl Scope {
    async fn begin_at_head(&self, tenant: &TenantId) -> Result<()> {
        let stranger = Stranger {
            database: self.connection.tenant_name(tenant).to_string(),
            tenant: Some(tenant.clone()),
        };
        // No run's: the first one that wants it may have it.
        let row = self.at_head(stranger.row(0), "created");
        self.records.prepare().await?;
        self.records.begin(row).await
    }

    /// Gives databases records that say that all is applied. What has a record meanwhile keeps it.
    pub(super) async fn adopt(&self, strangers: &[Stranger]) -> Result<(), error::Error> {
        self.records.prepare().await?;
        let mut rows = Vec::with_capacity(strangers.len());
        for stranger in strangers {
            self.is_new(stranger).await?;
            rows.push(self.at_head(stranger.row(0), "adopted"));
        }
        Ok(self.records.enrol(rows).await?)
    }

    /// Gives databases their records; an empty logical database is made what the models say first.
    pub(super) async fn enrol(
        &self,
        strangers: &[Stranger],
        lease: &Lease,
    ) -> Result<(), error::Error> {
        let mut rows = Vec::with_capacity(strangers.len());
        for stranger in strangers {
            let row = stranger.row(lease.fence());
            rows.push(match self.is_new(stranger).await? {
                true => self.at_head(row, lease.run()),
                false => row,
            });
        }
        Ok(self.records.enrol(rows).await?)
    }

    /// Returns whether a logical database holds no document of the application's and is what the models say, or
    /// was made so here: an empty one, and one that `sync` has completed. A tenant's database was made whole
    /// when the tenant was.
    async fn is_new(&self, stranger: &Stranger) -> Result<bool, error::Error> {
        if stranger.tenant.is_some() {
            return Ok(false);
        }
        let place = Place::of(&self.connection, &self.connection.name, false);
        for collection in place.collections().await? {
            let name = collection.get_str("name").unwrap_or_default();
            // Who lives there, and who made that, was there before the first deployment.
            let is_ours = [Tenant::COLLECTION, Entry::COLLECTION].contains(&name);
            if !is_ours && !place.is_empty(name).await? {
                return Ok(false);
            }
        }
        let schema = self.databases.schema().only(&[self.list.logical]);
        Ok(schema.common(Mode::Add).await?.is_complete())
    }

    /// Returns the record of a database that is what the models say: everything is applied.
    fn at_head(&self, mut row: Document, run: &str) -> Document {
        let entry = |hash: &str| doc! { "state": "applied", "hash": hash, "run": run };
        let entries = self.list.migrations.iter();
        let ledger: Document = entries
            .map(|listed| (listed.id.to_owned(), entry(&listed.hash).into()))
            .collect();
        row.insert("ledger", ledger);
        row.insert("digest", self.list.head());
        row
    }
}
