//! The steps of a migration: what is done to one database, as data wherever it can be.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;
use mongodb::bson::{Bson, Document, doc};

use super::{
    backfill::Backfill,
    body::{RawHandle, StepError, TransactionHandle},
};
use crate::model::Index;

/// What a body returns.
pub(super) type Ended = Result<(), StepError>;
pub(super) type Body<H> = Arc<dyn Fn(H) -> BoxFuture<'static, Ended> + Send + Sync>;

/// One step of a migration; it has a name that no other step of it has.
///
/// Most steps compare first and do only what is missing, so that they can be sent again after a
/// crash. Collections are named by text and not by their models: a migration stays as it was written,
/// while models go on.
#[derive(Clone)]
pub struct Step {
    pub(super) name: String,
    pub(super) action: Action,
}

/// What a crash in the middle of a [`Step::raw`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It may be run again: twice is like once.
    Safe,
    /// Somebody has to look what is there first: `up` stops at the target and says so.
    Manual,
}

#[derive(Clone)]
pub(super) enum Action {
    Collection {
        collection: &'static str,
        options: Document,
    },
    Indexes {
        collection: &'static str,
        indexes: Vec<Document>,
    },
    Validator {
        collection: &'static str,
        validator: Document,
        is_strict: bool,
    },
    Unique {
        collection: &'static str,
        index: Document,
    },
    DropIndex {
        collection: &'static str,
        index: &'static str,
    },
    Rename {
        from: &'static str,
        to: &'static str,
    },
    DropCollection {
        collection: &'static str,
    },
    Transaction {
        revision: u32,
        body: Body<TransactionHandle>,
    },
    Backfill(Backfill),
    Raw {
        revision: u32,
        retry: Retry,
        body: Body<RawHandle>,
    },
}

impl Step {
    fn new(name: impl Into<String>, action: Action) -> Self {
        let name = name.into();
        Self { name, action }
    }

    /// Makes sure that a collection is there. One that is there with other options fails the step.
    #[must_use]
    pub fn collection(collection: &'static str) -> Self {
        Self::collection_with(collection, Document::new())
    }

    /// The same with options of MongoDB's `create`, such as `{ "capped": true, "size": 4096 }`.
    #[must_use]
    pub fn collection_with(collection: &'static str, options: Document) -> Self {
        let action = Action::Collection {
            collection,
            options,
        };
        Self::new(format!("create {collection}"), action)
    }

    /// Makes sure that indexes are there: an [`Index`], or a document of MongoDB's `createIndexes`
    /// with `key` and `name`. All of one collection belong into one step: the server then reads it once.
    #[must_use]
    pub fn indexes(
        collection: &'static str,
        indexes: impl IntoIterator<Item = impl Into<Document>>,
    ) -> Self {
        let indexes = indexes.into_iter().map(Into::into).collect();
        let action = Action::Indexes {
            collection,
            indexes,
        };
        Self::new(format!("index {collection}"), action)
    }

    /// Sets the validator of a collection, such as `{ "$jsonSchema": … }`, moderate and as a warning:
    /// documents that are there may break it. [`strict`](Self::strict) once they do not.
    #[must_use]
    pub fn validator(collection: &'static str, validator: Document) -> Self {
        let action = Action::Validator {
            collection,
            validator,
            is_strict: false,
        };
        Self::new(format!("validate {collection}"), action)
    }

    /// Returns the step with the validator as strict: what breaks it is refused. Of no other step.
    #[must_use]
    pub fn strict(mut self) -> Self {
        if let Action::Validator { is_strict, .. } = &mut self.action {
            *is_strict = true;
        }
        self
    }

    /// Makes an index unique while documents are written: an ordinary index is built, new duplicates are
    /// refused, and once none is left it becomes unique. Duplicates that are there fail the step; new
    /// ones stay refused meanwhile. Needs MongoDB 6.0.
    #[must_use]
    pub fn unique(collection: &'static str, index: impl Into<Document>) -> Self {
        let mut index: Document = index.into();
        index.remove("unique");
        let action = Action::Unique { collection, index };
        Self::new(format!("unique {collection}"), action)
    }

    /// Drops an index by its name, where it is there. To be careful hide it first, in an earlier release.
    #[must_use]
    pub fn drop_index(collection: &'static str, index: &'static str) -> Self {
        let action = Action::DropIndex { collection, index };
        Self::new(format!("drop index {index} of {collection}"), action)
    }

    /// Renames a collection within the database. Its open cursors and change streams end.
    #[must_use]
    pub fn rename(from: &'static str, to: &'static str) -> Self {
        Self::new(
            format!("rename {from} to {to}"),
            Action::Rename { from, to },
        )
    }

    /// Drops a collection with its documents, where it is there.
    #[must_use]
    pub fn drop_collection(collection: &'static str) -> Self {
        Self::new(
            format!("drop {collection}"),
            Action::DropCollection { collection },
        )
    }

    /// Changes documents in one transaction, which is recorded within it: once, whatever happens. At
    /// most about 1,000 documents and 40 s; more is for [`backfill`](Self::backfill).
    ///
    /// `revision` stands for the code of the body, which no hash can see: raise it when you change
    /// what it does before it was applied anywhere.
    #[must_use]
    pub fn transaction<F, A>(name: &'static str, revision: u32, body: F) -> Self
    where
        F: Fn(TransactionHandle) -> A + Send + Sync + 'static,
        A: Future<Output = Ended> + Send + 'static,
    {
        let body: Body<TransactionHandle> = Arc::new(move |handle| Box::pin(body(handle)));
        Self::new(name, Action::Transaction { revision, body })
    }

    /// Changes documents batch by batch while others are written; see [`Backfill`].
    #[must_use]
    pub fn backfill(name: &'static str, backfill: Backfill) -> Self {
        Self::new(name, Action::Backfill(backfill))
    }

    /// Runs code of yours, with the driver where it is needed. `revision` as with
    /// [`transaction`](Self::transaction).
    #[must_use]
    pub fn raw<F, A>(name: &'static str, revision: u32, retry: Retry, body: F) -> Self
    where
        F: Fn(RawHandle) -> A + Send + Sync + 'static,
        A: Future<Output = Ended> + Send + 'static,
    {
        let body: Body<RawHandle> = Arc::new(move |handle| Box::pin(body(handle)));
        let action = Action::Raw {
            revision,
            retry,
            body,
        };
        Self::new(name, action)
    }

    /// Returns the step under another name: two steps of one migration may do the same kind of thing.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Returns what it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its kind in a word.
    pub fn kind(&self) -> &'static str {
        match self.action {
            Action::Collection { .. } => "collection",
            Action::Indexes { .. } => "indexes",
            Action::Validator { .. } => "validator",
            Action::Unique { .. } => "unique",
            Action::DropIndex { .. } => "drop-index",
            Action::Rename { .. } => "rename",
            Action::DropCollection { .. } => "drop-collection",
            Action::Transaction { .. } => "transaction",
            Action::Backfill(_) => "backfill",
            Action::Raw { .. } => "raw",
        }
    }

    /// Returns whether it takes documents or an index away.
    pub fn is_destructive(&self) -> bool {
        matches!(
            self.action,
            Action::DropIndex { .. } | Action::DropCollection { .. }
        )
    }

    /// Returns whether it may be done again after what follows it, as long as that is additive too: then
    /// its end needs no record of its own.
    pub(super) fn is_additive(&self) -> bool {
        matches!(
            self.action,
            Action::Collection { .. } | Action::Indexes { .. } | Action::Validator { .. }
        )
    }

    /// Returns whether it changes documents in a way that cannot be seen in the schema.
    pub(super) fn is_code(&self) -> bool {
        matches!(
            self.action,
            Action::Transaction { .. } | Action::Backfill(_) | Action::Raw { .. }
        )
    }

    pub(super) fn is_transaction(&self) -> bool {
        matches!(self.action, Action::Transaction { .. })
    }

    /// Returns whether a person has to look after a crash in the middle of it.
    pub(super) fn is_manual(&self) -> bool {
        let Action::Raw { retry, .. } = &self.action else {
            return false;
        };
        *retry == Retry::Manual
    }

    /// Returns all that it is as data: what its hash is made of.
    pub(super) fn rendered(&self) -> Document {
        let what: Document = match &self.action {
            Action::Collection {
                collection,
                options,
            } => doc! { "on": *collection, "options": options },
            Action::Indexes {
                collection,
                indexes,
            } => doc! { "on": *collection, "indexes": indexes },
            Action::Validator {
                collection,
                validator,
                is_strict,
            } => doc! { "on": *collection, "validator": validator, "strict": is_strict },
            Action::Unique { collection, index } => doc! { "on": *collection, "index": index },
            Action::DropIndex { collection, index } => doc! { "on": *collection, "index": *index },
            Action::Rename { from, to } => doc! { "from": *from, "to": *to },
            Action::DropCollection { collection } => doc! { "on": *collection },
            Action::Transaction { revision, .. } => doc! { "revision": i64::from(*revision) },
            Action::Backfill(backfill) => backfill.rendered(),
            Action::Raw {
                revision, retry, ..
            } => {
                let retry = match retry {
                    Retry::Safe => "safe",
                    Retry::Manual => "manual",
                };
                doc! { "revision": i64::from(*revision), "retry": retry }
            }
        };
        doc! { "name": &self.name, "kind": self.kind(), "what": Bson::Document(what) }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Step({}: {})", self.kind(), self.name)
    }
}

impl From<Index> for Document {
    fn from(index: Index) -> Self {
        index.to_command()
    }
}
