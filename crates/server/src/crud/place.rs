//! Where a resource's documents are: in a database, in a tenant's, under an audit trail.

use std::future::Future;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use mongoplex::{
    Collection, Database, Hosts, LogicalDatabase, Resource, Routed, Stored,
    audit::Entry,
    registry::{Is, WithTenant, WithoutTenant},
};

use super::change::Change;
use crate::{
    extract::{Actor, Db, TenantDb},
    problem::Problem,
};

/// An extractor that finds the collection of `M` and makes changes there.
pub trait Place<M: Resource>: Sized + Send + 'static {
    /// Returns the collection.
    fn collection(&self) -> Collection<M>;

    /// Makes a change on behalf of somebody; returns the document as it is then.
    fn change(
        self,
        _actor: Actor,
        change: Change<M>,
    ) -> impl Future<Output = Result<Stored<M>, Problem>> + Send {
        let collection = self.collection();
        async move { change.apply(&collection).await }
    }
}

impl<D, M> Place<M> for Db<D>
where
    D: LogicalDatabase,
    M: Resource + Routed<Database: Is<D, M>, Scope: WithoutTenant<M>>,
{
    fn collection(&self) -> Collection<M> {
        self.0.collection()
    }
}

impl<D, M> Place<M> for TenantDb<D>
where
    D: LogicalDatabase,
    M: Resource + Routed<Database: Is<D, M>, Scope: WithTenant<M>>,
{
    fn collection(&self) -> Collection<M> {
        self.0.collection()
    }
}

/// A logical database whose changes leave an audit entry each, in the same transaction: without the
/// entry there is no change. The database lists `mongoplex::audit::Entry`.
#[derive(Debug)]
pub struct Audited<D>(pub Database<D>);

impl<S, D> FromRequestParts<S> for Audited<D>
where
    S: Send + Sync,
    D: LogicalDatabase,
    Database<D>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Db(database) = Db::from_request_parts(parts, state).await?;
        Ok(Self(database))
    }
}

impl<D, M> Place<M> for Audited<D>
where
    D: Hosts<Entry>,
    M: Resource + Routed<Database: Is<D, M>, Scope: WithoutTenant<M>>,
{
    fn collection(&self) -> Collection<M> {
        self.0.collection()
    }

    async fn change(self, Actor(actor): Actor, change: Change<M>) -> Result<Stored<M>, Problem> {
        let Self(database) = self;
        if !database.keeps_audit_trail() {
            return change.apply(&database.collection()).await;
        }
        let (action, fields) = (change.action(), change.fields()?);
        let audited = database.transaction().run(async move |database| {
            let document = change.apply(&database.collection()).await?;
            let id = document.id.to_hex();
            let entry = Entry::new(&*actor, action, M::COLLECTION, id, fields.clone());
            let written = database.audit_trail().write(&entry).await;
            written.map_err(Problem::unexpected)?;
            Ok(document)
        });
        audited.await
    }
}
