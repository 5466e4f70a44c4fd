//! The verbs' options: the driver's own types, their setters, and the bound on the server's time.

use std::time::Duration;

use mongodb::{
    bson::{Bson, Document, Timestamp},
    change_stream::event::ResumeToken,
    options::*,
};

use super::*;
use crate::{collection::Call, guard::Attempt, model::Stored};

/// Options that can carry `maxTimeMS`, where the driver has it for the verb.
pub trait Bounded: Clone + Default + Send + Sync {
    /// Returns the options with `maxTimeMS` set to what is left for the attempt.
    #[must_use]
    fn bounded(self, attempt: Attempt) -> Self;
}

macro_rules! bounded {
    ($($options:ident),*) => { $(
        impl Bounded for $options {
            #[inline]
            fn bounded(mut self, attempt: Attempt) -> Self {
                self.max_time = Some(attempt.max_time(self.max_time));
                self
            }
        }
    )* };
}

/// The driver has no `max_time` for these: the guard's own timer bounds them.
macro_rules! unbounded {
    ($($options:ident),*) => { $(
        impl Bounded for $options {
            #[inline]
            fn bounded(self, _: Attempt) -> Self {
                self
            }
        }
    )* };
}

bounded! {
    FindOneOptions, FindOptions, AggregateOptions, CountOptions, EstimatedDocumentCountOptions,
    DistinctOptions, FindOneAndUpdateOptions, FindOneAndReplaceOptions, FindOneAndDeleteOptions,
    CreateIndexOptions, ListIndexesOptions, DropIndexOptions
}
unbounded! {
    InsertOneOptions, InsertManyOptions, UpdateOptions, ReplaceOptions, DeleteOptions
}

/// Without a bound: a change stream waits as long as nothing happens.
impl Bounded for ChangeStreamOptions {
    fn bounded(mut self, _: Attempt) -> Self {
        // MongoDB refuses any other with code 72, and the client's own may be another.
        self.read_concern = Some(ReadConcern::majority());
        self
    }
}

macro_rules! setters {
    ($($verb:ident { $($option:ident: $type:ty),* $(,)? })*) => { $(
        impl<M> Call<'_, M, $verb> { $(
            #[doc = concat!("Returns the call with the driver's option `", stringify!($option), "`.")]
            pub fn $option(mut self, $option: impl Into<$type>) -> Self {
                self.options.set().$option = Some($option.into());
                self
            }
        )* }
    )* };
}

setters! {
    FindOne { sort: Document, projection: Document, skip: u64, hint: Hint, collation: Collation, max_time: Duration }
    Find {
        sort: Document, projection: Document, skip: u64, limit: i64, batch_size: u32, hint: Hint,
        collation: Collation, max_time: Duration,
    }
    Aggregate { allow_disk_use: bool, batch_size: u32, hint: Hint, collation: Collation, let_vars: Document, max_time: Duration }
    CountDocuments { limit: u64, skip: u64, hint: Hint, collation: Collation, max_time: Duration }
    InsertOne { bypass_document_validation: bool, comment: Bson }
    InsertMany { ordered: bool, bypass_document_validation: bool, comment: Bson }
    EstimatedDocumentCount { max_time: Duration }
    Distinct { hint: Hint, collation: Collation, max_time: Duration }
    UpdateOne { upsert: bool, array_filters: ArrayFiltersList, hint: Hint, collation: Collation, let_vars: Document }
    UpdateMany { upsert: bool, array_filters: ArrayFiltersList, hint: Hint, collation: Collation, let_vars: Document }
    ReplaceOne { upsert: bool, hint: Hint, collation: Collation, let_vars: Document }
    DeleteOne { hint: Hint, collation: Collation, let_vars: Document }
    DeleteMany { hint: Hint, collation: Collation, let_vars: Document }
    FindOneAndUpdate {
        sort: Document, projection: Document, upsert: bool, return_document: ReturnDocument,
        array_filters: ArrayFiltersList, hint: Hint, collation: Collation, max_time: Duration,
    }
    FindOneAndReplace {
        sort: Document, projection: Document, upsert: bool, return_document: ReturnDocument,
        hint: Hint, collation: Collation, max_time: Duration,
    }
    FindOneAndDelete { sort: Document, projection: Document, hint: Hint, collation: Collation, max_time: Duration }
    Watch {
        full_document: FullDocumentType, full_document_before_change: FullDocumentBeforeChangeType,
        resume_after: ResumeToken, start_after: ResumeToken, start_at_operation_time: Timestamp,
        max_await_time: Duration, batch_size: u32,
    }
    CreateIndexes { commit_quorum: CommitQuorum, max_time: Duration }
    ListIndexes { batch_size: u32, max_time: Duration }
    DropIndex { max_time: Duration }
}

type ArrayFiltersList = Vec<Document>;

impl<'s, M> Call<'s, M, Aggregate> {
    /// Returns the call with the type of the documents that come back; `Document` otherwise.
    pub fn with_type<U>(self) -> Call<'s, U, Aggregate> {
        self.typed()
    }
}

impl<M> Call<'_, M, Watch> {
    /// Returns the call with stages that the events pass before they come back.
    pub fn pipeline(mut self, pipeline: impl IntoIterator<Item = Document>) -> Self {
        self.verb.pipeline.extend(pipeline);
        self
    }
}

macro_rules! stored {
    ($($verb:ident),*) => { $(
        impl<'s, M> Call<'s, M, $verb> {
            /// Returns the call with its documents as they are stored: the model with its `_id` and
            /// the library's stamps.
            pub fn stored(self) -> Call<'s, Stored<M>, $verb> {
                self.typed()
            }
        }
    )* };
}

stored! { FindOne, Find, FindOneAndUpdate, FindOneAndReplace, FindOneAndDelete, RestoreOne, Watch }

impl<'s, M> Call<'s, M, Find> {
    /// Returns the call with its documents undecoded; see [`Collection::decode`](crate::Collection::decode).
    pub fn raw(self) -> Call<'s, RawDocumentBuf, Find> {
        self.typed()
    }
}
