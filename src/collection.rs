//! Typed collections: the driver's verbs under the driver's names, each through the guard.
//!
//! A verb is a fluent builder ([`Call`]) that is awaited: examples from MongoDB's documentation
//! work as they are. `bulk_write` is left out: it lives on the driver's client, names a namespace
//! per write and so would be a way out of a tenant, and it needs MongoDB 8. `insert_many`, `update_many`
//! and `delete_many` are its parts.

mod asked;
mod batches;
mod by_id;
mod call;
mod changes;
mod cursor;
mod document;
mod joint;
mod repeat;
mod scan;
mod scope;
mod target;
mod upkeep;
pub mod verb;
mod verbs;

use std::{fmt, marker::PhantomData};

use mongodb::bson::{RawDocument, RawDocumentBuf};
use serde::de::DeserializeOwned;

pub use self::{call::Call, changes::Changes, cursor::Cursor, scan::Scan};
pub(crate) use self::{
    joint::{Abort, Joint},
    scope::Reach,
};
use self::{target::Target, upkeep::View};
use crate::{
    error::Result,
    guard::{Class, Deadline, Guard, Operation, Resend},
    model::{Model, Namespace, TenantId},
    registry::Declared,
};

/// A handle on the documents of one model in one place. Clones are cheap and share the place.
///
/// A verb's call is bounded by the deadline of its class (`READ_DEADLINE`, `WRITE_DEADLINE`,
/// `SCAN_DEADLINE`) unless [`Call::timeout`] says otherwise, and never outlives the deadline of the
/// handle it came from.
///
/// # Cancel safety
/// Dropping a verb's future abandons the call; a write may have been applied.
pub struct Collection<M> {
    target: Target,
    model: PhantomData<fn() -> M>,
}

impl<M> Clone for Collection<M> {
    fn clone(&self) -> Self {
        Self {
            target: self.target.clone(),
            model: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Collection<M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Collection({})", self.target.namespace)
    }
}

impl<M: Model> Collection<M> {
    pub(crate) fn new(
        database: &mongodb::Database,
        declared: &Declared,
        name: std::sync::Arc<str>,
        guard: Guard,
        reach: Reach,
        within: Option<Deadline>,
    ) -> Self {
        let target = Target {
            raw: database.collection::<RawDocumentBuf>(M::COLLECTION),
            guard,
            database: declared.name,
            routes: declared.routes,
            namespace: Namespace {
                database: name,
                collection: M::COLLECTION,
            },
            reach,
            upkeep: M::UPKEEP,
            view: View::Live,
            within,
            timeout: None,
            joint: None,
            behind: None,
        };
        Self {
            target,
            model: PhantomData,
        }
    }

    /// Returns the same, writes through which are refused: its tenant is behind.
    #[must_use]
    pub(crate) fn read_only(mut self, tenant: &TenantId) -> Self {
        self.target.behind = Some(tenant.clone());
        self
    }

    /// Returns the same on another collection of the database.
    #[must_use]
    pub(crate) fn renamed(mut self, collection: &'static str) -> Self {
        self.target.rename(collection);
        self
    }

    /// Returns the handle on the deleted documents, where deleting only marks
    /// ([`Upkeep::SoftDelete`](crate::Upkeep::SoftDelete)).
    ///
    /// Its verbs meet the deleted documents and no others; what is deleted through it is gone, and what
    /// would write among them is refused ([`Error::Deleted`](crate::Error::Deleted)). Asking it of another
    /// model does not compile.
    #[must_use]
    pub fn deleted(&self) -> Self {
        const {
            assert!(
                M::UPKEEP.is_soft_delete(),
                "only a model with `UPKEEP: Upkeep = Upkeep::SoftDelete` has deleted documents"
            );
        }
        self.seen_by(View::Deleted)
    }

    /// Returns the same for a model that is not known, or `None` where deleting does not only mark.
    #[must_use]
    pub fn try_deleted(&self) -> Option<Self> {
        let soft = M::UPKEEP.is_soft_delete();
        soft.then(|| self.seen_by(View::Deleted))
    }

    /// Reads a document that a call returned [`raw`](Call::raw).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) when it does not fit `T`.
    pub fn decode<T: DeserializeOwned>(&self, document: &RawDocument) -> Result<T> {
        document::decode(document, &self.target.namespace)
    }

    fn seen_by(&self, view: View) -> Self {
        let mut seen = self.clone();
        seen.target.view = view;
        seen
    }

    /// Returns the same with a deadline that no call outlives.
    #[must_use]
    pub(crate) fn within(mut self, deadline: Option<Deadline>) -> Self {
        let own = self.target.within;
        self.target.within = match (own, deadline) {
            (Some(own), Some(deadline)) => Some(own.or_sooner(deadline)),
            (own, deadline) => own.or(deadline),
        };
        self
    }

    /// Returns the same as a part of a transaction, on whose client it must be.
    #[must_use]
    pub(crate) fn joined(mut self, joint: Joint) -> Self {
        self.target.joint = Some(joint);
        self
    }

    /// Returns an insert's operation, for an error that is found before it is sent.
    pub(crate) fn operation_of_insert(&self) -> Operation {
        self.target
            .operation("insert_one", Class::Write, Resend::PinnedInsert)
    }

    /// Returns where the documents are.
    pub fn namespace(&self) -> &Namespace {
        &self.target.namespace
    }
}
