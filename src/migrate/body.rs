//! What the code of a step is handed, and what it may end with.

use std::{sync::Arc, time::Duration};

use mongodb::bson::Document;

use crate::{
    collection::{Collection, Reach},
    error::Error,
    model::Model,
    orchestrator::Connection,
    transaction::Lent,
};

/// Why the code of a step ends without having done its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// A call failed.
    #[error(transparent)]
    Database(#[from] Error),
    /// The driver failed, where it was used past the library. Its text is never printed.
    #[error("the driver failed")]
    Driver(#[from] mongodb::error::Error),
    /// The code refuses to go on, for a reason that it says. It is printed and kept: no contents of
    /// documents.
    #[error("{0}")]
    Refused(String),
    /// Another run has taken over.
    #[error("another run has taken over")]
    Fenced,
}

impl StepError {
    /// Returns a refusal to go on.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

/// The database that a step works on.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) connection: Arc<Connection>,
    pub(super) name: Arc<str>,
    pub(super) is_tenants: bool,
    /// How long a command may wait for a collection's lock: it needs it for itself, and whoever writes there
    /// meanwhile waits behind it.
    pub(super) lock: Duration,
}

/// How long a command may wait for a collection's lock where no lease says more.
const LOCK: Duration = Duration::from_secs(3);

impl Place {
    pub(super) fn of(connection: &Arc<Connection>, name: &str, is_tenants: bool) -> Self {
        Self {
            connection: connection.clone(),
            name: name.into(),
            is_tenants,
            lock: LOCK,
        }
    }

    pub(super) fn collection(&self, collection: &'static str) -> Collection<Document> {
        let Self {
            connection,
            name,
            is_tenants,
            ..
        } = self;
        let reach = match is_tenants {
            true => Reach::Tenant,
            false => Reach::Deployment,
        };
        let database = connection.client.database(name);
        let guard = connection.guard.clone();
        let declared = &connection.declared;
        Collection::new(&database, declared, name.clone(), guard, reach, None).renamed(collection)
    }
}

/// What a [`Step::transaction`](super::Step::transaction) works with: the target's database, in the
/// transaction.
#[derive(Clone)]
pub struct TransactionHandle {
    pub(super) place: Place,
    pub(super) lent: Lent,
}

impl TransactionHandle {
    /// Returns a collection; all its calls are a part of the transaction.
    pub fn collection(&self, collection: &'static str) -> Collection<Document> {
        self.lent.join(&self.place.collection(collection))
    }

    /// Returns the name of the target's database.
    pub fn database(&self) -> &str {
        &self.place.name
    }
}

/// What a [`Step::raw`](super::Step::raw) works with: the target's database.
#[derive(Clone)]
pub struct RawHandle {
    pub(super) place: Place,
}

impl RawHandle {
    /// Returns a collection.
    pub fn collection(&self, collection: &'static str) -> Collection<Document> {
        self.place.collection(collection)
    }

    /// Returns the driver's own handle, for what the verbs do not cover. It gives up deadline, recording and
    /// every seal between tenants.
    pub fn unguarded(&self) -> mongodb::Database {
        self.place.connection.client.database(&self.place.name)
    }
}

/// A document without a model: what steps read and write. It stands in no list.
impl Model for Document {
    const COLLECTION: &'static str = "";
}
