//! The verbs of a collection, under the driver's names: each begins a [`Call`].

use std::borrow::Borrow;

use mongodb::{IndexModel, bson::Document, options::UpdateModifications};

use super::{
    Call, Collection,
    document::{self, New},
    upkeep,
    verb::{self as v, Mark, Replacement},
};
use crate::{
    error::Result,
    model::{Model, Stored},
};

impl<M: Model> Collection<M> {
    /// Returns the first document that matches, or `None`.
    pub fn find_one(&self, filter: Document) -> Call<'static, M, v::FindOne> {
        self.call(v::FindOne {
            filter,
            by_id: None,
        })
    }

    /// Returns all documents that match, as a stream that fetches batch by batch.
    pub fn find(&self, filter: Document) -> Call<'static, M, v::Find> {
        self.call(v::Find { filter })
    }

    /// Inserts a document and returns its `_id`, which is made here when the document has none.
    pub fn insert_one(&self, document: impl Borrow<M>) -> Call<'static, M, v::InsertOne> {
        self.call(v::InsertOne {
            document: document::encode(document.borrow(), M::UPKEEP),
        })
    }

    /// Inserts a document whose id and stamps are there already: as it was read elsewhere, or made by
    /// [`Stored::new`]. Its id is the caller's choice, and proves nothing where answers are lost
    /// ([`Error::Ambiguous`](crate::Error::Ambiguous)): somebody else may insert the same. What
    /// [`create`](Self::create) makes is known again.
    pub fn insert_stored(&self, document: &Stored<M>) -> Call<'static, M, v::InsertOne> {
        self.call(v::InsertOne {
            document: New {
                bytes: document::encode_as_is(document),
                is_id_ours: false,
            },
        })
    }

    /// Inserts a document of a model whose stamps are kept, and returns it as it is stored. For a
    /// session there is [`insert_stored`](Self::insert_stored) with a [`Stored::new`]. Asking it of
    /// another model does not compile.
    ///
    /// # Errors
    /// Those of [`insert_one`](Self::insert_one).
    ///
    /// # Cancel safety
    /// Dropped midway, the document may have been inserted.
    pub async fn create(&self, model: M) -> Result<Stored<M>> {
        const {
            assert!(
                M::UPKEEP.has_stamps(),
                "only a model with `UPKEEP: Upkeep = Upkeep::Stamps` or `SoftDelete` has stamps"
            );
        }
        let stored = Stored::new(model);
        let mut insert = self.insert_stored(&stored);
        insert.verb.document.is_id_ours = true;
        insert.await?;
        Ok(stored)
    }

    /// Inserts documents in their order and returns their `_id`s by position; each is made here
    /// when a document has none.
    pub fn insert_many(
        &self,
        documents: impl IntoIterator<Item = impl Borrow<M>>,
    ) -> Call<'static, M, v::InsertMany> {
        let documents = documents
            .into_iter()
            .map(|document| document::encode(document.borrow(), M::UPKEEP));
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

    /// Changes all documents that match; returns how many matched and were changed.
    pub fn update_many(
        &self,
        filter: Document,
        update: impl Into<UpdateModifications>,
    ) -> Call<'static, M, v::UpdateMany> {
        self.call(v::UpdateMany {
            filter,
            update: update.into(),
        })
    }

    /// Replaces the first document that matches; returns how many matched and were changed.
    ///
    /// What the library keeps stays, and counts the change.
    pub fn replace_one(
        &self,
        filter: Document,
        replacement: impl Borrow<M>,
    ) -> Call<'static, M, v::ReplaceOne> {
        let with = Replacement::new(document::encode_as_is(replacement.borrow()));
        self.call(v::ReplaceOne { filter, with })
    }

    /// Deletes the first document that matches; returns how many were deleted.
    pub fn delete_one(&self, filter: Document) -> Call<'static, M, v::DeleteOne> {
        let mark = Mark::default();
        self.call(v::DeleteOne { filter, mark })
    }

    /// Deletes all documents that match; returns how many were deleted.
    pub fn delete_many(&self, filter: Document) -> Call<'static, M, v::DeleteMany> {
        let mark = Mark::default();
        self.call(v::DeleteMany { filter, mark })
    }

    /// Takes the mark of deletion from the first deleted document that matches and returns it as it is
    /// again; `None` when nothing matched. The inverse of [`delete_one`](Self::delete_one) where deleting
    /// only marks; elsewhere nothing matches.
    ///
    /// # Errors
    /// [`Error::Duplicate`](crate::Error::Duplicate) when a document took its unique key meanwhile.
    pub fn restore_one(&self, filter: Document) -> Call<'static, M, v::RestoreOne> {
        let update = upkeep::restoration();
        self.call(v::RestoreOne { filter, update })
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

    /// Replaces the first document that matches and returns it as it was, or as it is with
    /// `return_document(After)`; `None` when nothing matched.
    pub fn find_one_and_replace(
        &self,
        filter: Document,
        replacement: impl Borrow<M>,
    ) -> Call<'static, M, v::FindOneAndReplace> {
        let with = Replacement::new(document::encode_as_is(replacement.borrow()));
        self.call(v::FindOneAndReplace { filter, with })
    }

    /// Deletes the first document that matches and returns it as it was; `None` when nothing matched.
    pub fn find_one_and_delete(&self, filter: Document) -> Call<'static, M, v::FindOneAndDelete> {
        let mark = Mark::default();
        self.call(v::FindOneAndDelete { filter, mark })
    }

    /// Counts the documents that match.
    pub fn count_documents(&self, filter: Document) -> Call<'static, M, v::CountDocuments> {
        self.call(v::CountDocuments { filter })
    }

    /// Counts all documents of the collection from its metadata: fast and rough, deleted ones that
    /// are only marked included. MongoDB has no such count inside a transaction or a session.
    pub fn estimated_document_count(&self) -> Call<'static, M, v::EstimatedDocumentCount> {
        self.call(v::EstimatedDocumentCount {})
    }

    /// Returns the different values that `field` has in the documents that match.
    pub fn distinct(
        &self,
        field: impl Into<String>,
        filter: Document,
    ) -> Call<'static, M, v::Distinct> {
        let field = field.into();
        self.call(v::Distinct { field, filter })
    }

    /// Returns what happens to the documents from now on, as a stream of the driver's events that
    /// waits for the next one without a deadline. Deletions that only mark come as updates.
    ///
    /// While it is polled it keeps a connection of the pool, and no place among the calls: for each stream that is
    /// open at once, `POOL_RESERVE` wants one more, and `MAX_POOL_SIZE` too. Otherwise calls wait for
    /// its connection up to a second each time, inside the driver, where only their deadline ends the wait.
    ///
    /// # Errors
    /// Those of the server: a standalone mongod has no change streams.
    pub fn watch(&self) -> Call<'static, M, v::Watch> {
        self.call(v::Watch {
            pipeline: Vec::new(),
        })
    }

    /// Creates indexes, waits until they are built, and returns their names. Those that the model
    /// lists are made by `sync`; this is for what a program decides at run time. It has
    /// `SCAN_DEADLINE`; [`Call::timeout`] gives it more.
    pub fn create_indexes(
        &self,
        indexes: impl IntoIterator<Item = IndexModel>,
    ) -> Call<'static, M, v::CreateIndexes> {
        self.call(v::CreateIndexes {
            indexes: indexes.into_iter().collect(),
        })
    }

    /// Returns the collection's indexes, the one on `_id` included.
    pub fn list_indexes(&self) -> Call<'static, M, v::ListIndexes> {
        self.call(v::ListIndexes {})
    }

    /// Drops the index of a name.
    pub fn drop_index(&self, name: impl Into<String>) -> Call<'static, M, v::DropIndex> {
        self.call(v::DropIndex { name: name.into() })
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
