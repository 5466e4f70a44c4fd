//! The handle of one logical database, and the handle of a tenant's database beside it.

use std::{any::TypeId, fmt, future::ready, marker::PhantomData, sync::Arc};

use crate::{
    collection::{Collection, Reach},
    error::Result,
    guard::{Class, Deadline, Operation, Resend},
    migrate::Use,
    model::{Model, Namespace},
    orchestrator::{Connection, Databases},
    registry::{Is, LogicalDatabase, Routed, WithTenant, WithoutTenant},
    tenancy::TenantId,
};

/// A logical database. Clones are cheap and share its client.
pub struct Database<D> {
    databases: Databases,
    connection: Arc<Connection>,
    within: Option<Deadline>,
    marker: PhantomData<fn() -> D>,
}

impl<D> Clone for Database<D> {
    fn clone(&self) -> Self {
        let Self {
            databases,
            connection,
            within,
            marker,
        } = self;
        Self {
            databases: databases.clone(),
            connection: connection.clone(),
            within: *within,
            marker: *marker,
        }
    }
}

impl<D> fmt::Debug for Database<D> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "Database({} = {})",
            self.connection.declared.name, self.connection.name
        )
    }
}

impl<D: LogicalDatabase> Database<D> {
    pub(crate) fn new(databases: Databases, connection: Arc<Connection>) -> Self {
        Self {
            databases,
            connection,
            within: None,
            marker: PhantomData,
        }
    }

    /// Returns the handle with a deadline that no call made through it outlives, nor a call made
    /// through what it hands out: a request's.
    #[must_use]
    pub fn within(mut self, deadline: Deadline) -> Self {
        self.within = Some(self.within.map_or(deadline, |own| own.or_sooner(deadline)));
        self
    }

    /// Returns the physical name of this database.
    pub fn name(&self) -> &str {
        &self.connection.name
    }

    pub(crate) fn deadline(&self) -> Option<Deadline> {
        self.within
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Returns whether changes leave an audit entry: `ENABLE_AUDIT_TRAIL`.
    pub fn keeps_audit_trail(&self) -> bool {
        self.databases.keeps_audit_trail()
    }

    /// Returns the collection of a common model of this database. No I/O.
    pub fn collection<M>(&self) -> Collection<M>
    where
        M: Routed<Database: Is<D, M>, Scope: WithoutTenant<M>>,
    {
        let Self {
            connection, within, ..
        } = self;
        let (name, guard) = (connection.name.clone(), connection.guard.clone());
        Collection::new(
            &connection.own(),
            &connection.declared,
            name,
            guard,
            Reach::Deployment,
            *within,
        )
    }

    /// Returns the database of an active tenant.
    ///
    /// One lookup of the tenant's row; a tenant without an active row reaches no database.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`](crate::Error::UnknownTenant), or whatever the lookup fails with;
    /// [`Error::TenantBehind`](crate::Error::TenantBehind) where `MIGRATION_POLICY` is `unavailable`. Where it is
    /// `read-only`, writes through the handle end with that.
    pub async fn tenant(&self, id: &TenantId) -> Result<TenantDatabase<D>> {
        let tenancy = self.databases.tenancy()?.within(self.within);
        tenancy.active(id).await?;
        let usable = self.databases.behind().admit(id)?;
        let connection = self.connection.clone();
        Ok(TenantDatabase {
            connection,
            id: id.clone(),
            usable,
            within: self.within,
            marker: PhantomData,
        })
    }

    /// Returns the driver's own handle, for what the verbs do not cover.
    ///
    /// What it gives up: deadline, refusal at shutdown, recording, and every seal between tenants.
    pub fn unguarded(&self) -> mongodb::Database {
        self.connection.own()
    }

    /// Passes the guard with a call that is answered at once: what benches/guard.rs measures.
    #[doc(hidden)]
    pub async fn pass(&self) -> Result<()> {
        let operation = Operation {
            name: "pass",
            database: self.connection.declared.name,
            namespace: Namespace {
                database: self.connection.name.clone(),
                collection: "none",
            },
            is_tenants: false,
            is_joint: false,
            class: Class::Read,
            resend: Resend::Read,
            timeout: None,
            within: self.within,
        };
        self.connection
            .guard
            .run(operation, |_| ready(Ok(())))
            .await
    }

    /// Returns whether the handle is of this logical database; for messages.
    pub fn logical_name(&self) -> &'static str {
        debug_assert_eq!(self.connection.declared.id, TypeId::of::<D>());
        D::NAME
    }
}

/// One tenant's database beside a logical database. Clones are cheap.
///
/// It was obtained for one tenant and reaches nothing else; there is no way from here to the raw
/// driver. It holds the tenant's id and shares the rest, so that a process may keep one for each of
/// very many tenants: 64 bytes, and at most 64 for the id, of which clones of the id have a share.
pub struct TenantDatabase<D> {
    connection: Arc<Connection>,
    id: TenantId,
    within: Option<Deadline>,
    usable: Use,
    marker: PhantomData<fn() -> D>,
}

const _: () = assert!(size_of::<TenantDatabase<()>>() <= 64);

impl<D> Clone for TenantDatabase<D> {
    fn clone(&self) -> Self {
        let Self {
            connection,
            id,
            within,
            usable,
            marker,
        } = self;
        Self {
            connection: connection.clone(),
            id: id.clone(),
            within: *within,
            usable: *usable,
            marker: *marker,
        }
    }
}

impl<D> fmt::Debug for TenantDatabase<D> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.connection.tenant_name(&self.id);
        write!(out, "TenantDatabase({name})")
    }
}

impl<D: LogicalDatabase> TenantDatabase<D> {
    /// Returns the tenant.
    pub fn id(&self) -> &TenantId {
        &self.id
    }

    pub(crate) fn deadline(&self) -> Option<Deadline> {
        self.within
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Returns the physical name of the tenant's database.
    pub fn name(&self) -> Arc<str> {
        self.connection.tenant_name(&self.id)
    }

    /// Returns the tenant's own collection of a per-tenant model of this database. No I/O.
    pub fn collection<M>(&self) -> Collection<M>
    where
        M: Routed<Database: Is<D, M>, Scope: WithTenant<M>>,
    {
        let Self {
            connection, within, ..
        } = self;
        let name = self.name();
        let database = connection.client.database(&name);
        let collection = Collection::new(
            &database,
            &connection.declared,
            name,
            connection.guard.clone(),
            Reach::Tenant,
            *within,
        );
        self.as_usable(collection)
    }

    /// Returns a collection of this tenant's as far as its migrations let it be used.
    pub(crate) fn as_usable<M: Model>(&self, collection: Collection<M>) -> Collection<M> {
        match self.usable {
            Use::All => collection,
            Use::Reads => collection.read_only(&self.id),
        }
    }
}
