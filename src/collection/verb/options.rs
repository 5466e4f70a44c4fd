//! The verbs' options: the driver's own types, their setters, and the bound on the server's time.

use std::time::Duration;

use mongodb::{
    bson::{Bson, Document},
    options::{
        AggregateOptions, Collation, CountOptions, DeleteOptions, FindOneAndUpdateOptions,
        FindOneOptions, FindOptions, Hint, InsertManyOptions, InsertOneOptions, ReplaceOptions,
        ReturnDocument, UpdateOptions,
    },
};

use super::{
    Aggregate, CountDocuments, DeleteOne, Find, FindOne, FindOneAndUpdate, InsertMany, InsertOne,
    ReplaceOne, UpdateOne,
};
use crate::{collection::Call, guard::Attempt};

/// Options that can carry `maxTimeMS`, where the driver has it for the verb.
pub trait Bounded: Clone + Default + Send + Sync {
    /// Returns the options with `maxTimeMS` set to what is left for the attempt.
    #[must_use]
    fn bounded(&self, attempt: Attempt) -> Self;
}

macro_rules! bounded {
    ($($options:ident),*) => { $(
        impl Bounded for $options {
            fn bounded(&self, attempt: Attempt) -> Self {
                let mut options = self.clone();
                options.max_time = Some(attempt.max_time(options.max_time));
                options
            }
        }
    )* };
}

/// The driver has no `max_time` for these: the guard's own timer bounds them.
macro_rules! unbounded {
    ($($options:ident),*) => { $(
        impl Bounded for $options {
            fn bounded(&self, _: Attempt) -> Self {
                self.clone()
            }
        }
    )* };
}

bounded! { FindOneOptions, FindOptions, AggregateOptions, CountOptions, FindOneAndUpdateOptions }
unbounded! { InsertOneOptions, InsertManyOptions, UpdateOptions, ReplaceOptions, DeleteOptions }

macro_rules! setters {
    ($($verb:ident { $($option:ident: $type:ty),* $(,)? })*) => { $(
        impl<M> Call<'_, M, $verb> { $(
            #[doc = concat!("Returns the call with the driver's option `", stringify!($option), "`.")]
            pub fn $option(mut self, $option: impl Into<$type>) -> Self {
                self.options.$option = Some($option.into());
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
    UpdateOne { upsert: bool, array_filters: ArrayFiltersList, hint: Hint, collation: Collation, let_vars: Document }
    ReplaceOne { upsert: bool, hint: Hint, collation: Collation, let_vars: Document }
    DeleteOne { hint: Hint, collation: Collation, let_vars: Document }
    FindOneAndUpdate {
        sort: Document, projection: Document, upsert: bool, return_document: ReturnDocument,
        array_filters: ArrayFiltersList, hint: Hint, collation: Collation, max_time: Duration,
    }
}

type ArrayFiltersList = Vec<Document>;

impl<'s, M> Call<'s, M, Aggregate> {
    /// Returns the call with the type of the documents that come back; `Document` otherwise.
    pub fn with_type<U>(self) -> Call<'s, U, Aggregate> {
        self.typed()
    }
}
