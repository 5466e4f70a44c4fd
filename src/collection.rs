//! Typed collections: the driver's verbs under the driver's names, each through the guard.
//!
//! A verb is a fluent builder ([`Call`]) that is awaited: examples from MongoDB's documentation
//! work as they are. `bulk_write` is left out: it lives on the driver's client, names a namespace
//! per write and so would be a way out of a tenant.

mod call;
mod cursor;
mod document;
mod scope;
pub mod verb;

use std::{borrow::Borrow, fmt, marker::PhantomData};

use mongodb::{
    bson::{Document, RawDocumentBuf},
    options::UpdateModifications,
};

pub(crate) use self::scope::Reach;
pub use self::{call::Call, cursor::Cursor};
use self::{call::Target, verb as v};
use crate::{
    guard::{Class, Deadline, Guard, Operation, Resend},
    model::{Model, Namespace},
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
        logical: &'static str,
        name: std::sync::Arc<str>,
        guard: Guard,
        reach: Reach,
        within: Option<Deadline>,
    ) -> Self {
        let target = Target {
            raw: database.collection::<RawDocumentBuf>(M::COLLECTION),
            guard,
            database: logical,
            namespace: Namespace {
                database: name,
                collection: M::COLLECTION,
            },
            reach,
            within,
            timeout: None,
        };
        Self {
            target,
            model: PhantomData,
        }
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

    /// Returns an insert's operation, for an error that is found before it is sent.
    pub(crate) fn operation_of_insert(&self) -> Operation {
        self.target
            .operation("insert_one", Class::Write, Resend::PinnedInsert)
    }

    /// Returns where the documents are.
    pub fn namespace(&self) -> &Namespace {
        &self.target.namespace
    }

    /// Returns the first document that matches, or `None`.
    pub fn find_one(&self, filter: Document) -> Call<'static, M, v::FindOne> {
        self.call(v::FindOne { filter })
    }

    /// Returns all documents that match, as a stream that fetches batch by batch.
    pub fn find(&self, filter: Document) -> Call<'static, M, v::Find> {
        self.call(v::Find { filter })
    }

    /// Inserts a document and returns its `_id`, which is made here when the document has none.
    pub fn insert_one(&self, document: impl Borrow<M>) -> Call<'static, M, v::InsertOne> {
        self.call(v::InsertOne {
            document: document::encode(document.borrow()),
        })
    }

    /// Inserts documents in their order and returns their `_id`s by position; each is made here
    /// when a document has none.
    pub fn insert_many(
        &self,
        documents: impl IntoIterator<Item = impl Borrow<M>>,
    ) -> Call<'static, M, v::InsertMany> {
        let documents = documents
            .into_iter()
            .map(|document| document::encode(document.borrow()));
        self.call(v::InsertMany {
            documents: documents.collect(),
        })
    }

    /// Changes the first document that matches; returns how many matched and were changed.
    pub fn update_one(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Call<'static, M, v::UpdateOne> {
        self.call(v::UpdateOne {
            filter,
            update: update.into(),
        })
    }

    /// Replaces the first document that matches; returns how many matched and were changed.
    pub fn replace_one(
        &self,
        filter: Document,
        replacement: impl Borrow<M>,
    ) -> Call<'static, M, v::ReplaceOne> {
        let replacement = document::encode_as_is(replacement.borrow());
        self.call(v::ReplaceOne {
            filter,
            replacement,
        })
    }

    /// Deletes the first document that matches; returns how many were deleted.
    pub fn delete_one(&self, filter: Document) -> Call<'static, M, v::DeleteOne> {
        self.call(v::DeleteOne { filter })
    }

    /// Changes the first document that matches and returns it as it was, or as it is with
    /// `return_document(After)`; `None` when nothing matched.
    pub fn find_one_and_update(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Call<'static, M, v::FindOneAndUpdate> {
        self.call(v::FindOneAndUpdate {
            filter,
            update: update.into(),
        })
    }

    /// Counts the documents that match.
    pub fn count_documents(&self, filter: Document) -> Call<'static, M, v::CountDocuments> {
        self.call(v::CountDocuments { filter })
    }

    /// Runs a pipeline and returns its documents as a stream; [`Call::with_type`] says what they are.
    ///
    /// # Errors
    /// [`Error::OutOfScope`](crate::Error::OutOfScope) when a tenant's pipeline names another database.
    pub fn aggregate(
        &self,
        pipeline: impl IntoIterator<Item = Document>,
    ) -> Call<'static, Document, v::Aggregate> {
        Call::new(
            self.target.clone(),
            v::Aggregate {
                pipeline: pipeline.into_iter().collect(),
            },
        )
    }

    fn call<V: v::Verb>(&self, verb: V) -> Call<'static, M, V> {
        Call::new(self.target.clone(), verb)
    }
}
