//! One database and the commands that a seed sends it, each through the guard. What is written is durable
//! on a majority.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    bson::{Bson, Document, deserialize_from_document, doc, oid::ObjectId},
    error::{CommandError, ErrorKind},
};

use super::describe::Described;
use crate::{
    error::{Cause, Result},
    guard::{Class, Operation, Resend},
    model::{Namespace, TenantId, upkeep::DELETED_AT},
    orchestrator::Connection,
};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A collection that is not there.
const MISSING: i32 = 26;

/// A database that seeds are written to.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) connection: Arc<Connection>,
    pub(super) name: Arc<str>,
    pub(super) tenant: Option<TenantId>,
}

/// What a command that writes has done.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// How many statements matched, or how many documents were inserted or deleted.
    pub(super) count: u64,
    /// The positions of the documents that a unique index refused.
    pub(super) duplicates: BTreeSet<usize>,
}

impl Place {
    fn operation(&self, name: &'static str, collection: &'static str) -> Operation {
        Operation {
            name,
            database: self.connection.declared.name,
            namespace: Namespace {
                database: self.name.clone(),
                collection,
            },
            is_tenants: self.tenant.is_some(),
            is_joint: false,
            class: Class::Schema,
            resend: Resend::SameEffect,
            timeout: Some(LIMIT),
            within: None,
        }
    }

    fn database(&self) -> mongodb::Database {
        self.connection.client.database(&self.name)
    }

    async fn all(&self, operation: Operation, command: Document) -> Result<Vec<Document>> {
        let (database, operation) = (self.database(), operation.reading());
        let guard = &self.connection.guard;
        guard
            .run(operation, |_| {
                let (database, command) = (database.clone(), command.clone());
                async move {
                    let cursor = database.run_cursor_command(command).await?;
                    cursor.try_collect().await
                }
            })
            .await
    }

    /// Returns the documents of a collection that a filter matches.
    pub(super) async fn find(
        &self,
        collection: &'static str,
        filter: Document,
        projection: Document,
    ) -> Result<Vec<Document>> {
        let command = doc! {
            "find": collection, "filter": filter, "projection": projection, "batchSize": 10_000,
        };
        self.all(self.operation("find", collection), command).await
    }

    /// Returns how many documents have an `_id` within these bounds, both included.
    pub(super) async fn count(
        &self,
        collection: &'static str,
        from: impl Into<Bson>,
        to: impl Into<Bson>,
    ) -> Result<u64> {
        let pipeline = vec![
            doc! { "$match": { "_id": { "$gte": from.into(), "$lte": to.into() } } },
            doc! { "$count": "n" },
        ];
        let command = doc! { "aggregate": collection, "pipeline": pipeline, "cursor": {} };
        let found = self.all(self.operation("aggregate", collection), command);
        let found = found.await?;
        Ok(found.first().map_or(0, |found| number(found, "n")))
    }

    /// Returns the first `_id`s that a filter matches, in their order.
    pub(super) async fn first(
        &self,
        collection: &'static str,
        filter: Document,
        most: usize,
    ) -> Result<Vec<ObjectId>> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let command = doc! {
            "find": collection, "filter": filter, "projection": { "_id": 1 }, "sort": { "_id": 1 },
            "limit": most,
        };
        let found = self
            .all(self.operation("find", collection), command)
            .await?;
        let ids = found
            .iter()
            .filter_map(|found| found.get_object_id("_id").ok());
        Ok(ids.collect())
    }

    /// Returns the database's own collections, views and the server's left out.
    pub(super) async fn collections(&self) -> Result<Vec<String>> {
        let command =
            doc! { "listCollections": 1, "filter": { "type": "collection" }, "nameOnly": true };
        let found = self.all(self.operation("listCollections", "$cmd"), command);
        let names = found.await?.into_iter();
        let names = names.filter_map(|found| Some(found.get_str("name").ok()?.to_owned()));
        Ok(names.filter(|name| !name.starts_with("system.")).collect())
    }

    /// Returns whether a collection holds a document.
    pub(super) async fn has_documents(&self, collection: &str) -> Result<bool> {
        let command = doc! { "find": collection, "projection": { "_id": 1 }, "limit": 1 };
        let found = self.all(self.operation("find", "$cmd"), command).await?;
        Ok(!found.is_empty())
    }

    /// Returns what keeps a seed's key from being relied upon: no unique index on exactly its fields that is
    /// built and leaves no document out that could be met. `None` where there is one.
    pub(super) async fn lacks(&self, seed: &Described) -> Result<Option<String>> {
        if seed.key == ["_id"] {
            return Ok(None);
        }
        let command = doc! { "listIndexes": seed.collection, "includeBuildUUIDs": true };
        let operation = self.operation("listIndexes", seed.collection);
        let indexes = match self.all(operation, command).await {
            Err(error) if error.driver().and_then(Cause::code_of) == Some(MISSING) => Vec::new(),
            found => found?,
        };
        let fields = seed.key.join(", ");
        let (name, collection) = (&self.name, seed.collection);
        let building = |found: &Document| {
            let spec = found.get_document("spec");
            found.contains_key("buildUUID") && spec.is_ok_and(|spec| is_key(spec, seed))
        };
        if indexes
            .iter()
            .any(|found| is_key(found, seed) && !found.contains_key("buildUUID"))
        {
            return Ok(None);
        }
        Ok(Some(match indexes.iter().any(building) {
            true => format!(
                "the unique index of {name}.{collection} on {fields} is still being built: wait until it is"
            ),
            false => format!(
                "{name}.{collection} has no unique index on exactly {fields}, so that a row could be written twice: add it with `sync` (where the collection is empty) or with a migration"
            ),
        }))
    }

    /// Sends a command that writes. Refusals of a unique index are counted and no error: the collection is
    /// looked at anew then. Of others the first is the error.
    pub(super) async fn write(
        &self,
        name: &'static str,
        collection: &'static str,
        mut command: Document,
    ) -> Result<Written> {
        command.insert("ordered", false);
        command.insert("writeConcern", doc! { "w": "majority" });
        let (database, operation) = (self.database(), self.operation(name, collection));
        let guard = &self.connection.guard;
        guard
            .run(operation, |_| {
                let (database, command) = (database.clone(), command.clone());
                async move { judged(&database.run_command(command).await?) }
            })
            .await
    }
}

/// Reads what a command has written: `run_command` looks at no single write.
fn judged(reply: &Document) -> mongodb::error::Result<Written> {
    let mut written = Written {
        count: number(reply, "n"),
        ..Written::default()
    };
    let errors = reply.get_array("writeErrors").into_iter().flatten();
    for error in errors.filter_map(Bson::as_document) {
        match error.get_i32("code") {
            Ok(11000) => {
                let index = usize::try_from(number(error, "index")).unwrap_or_default();
                written.duplicates.insert(index);
            }
            _ => return Err(failed(error)?),
        }
    }
    match reply.get_document("writeConcernError") {
        Ok(error) => Err(failed(error)?),
        Err(_) => Ok(written),
    }
}

fn failed(error: &Document) -> mongodb::error::Result<mongodb::error::Error> {
    let error: CommandError = deserialize_from_document(error.clone())?;
    Ok(ErrorKind::Command(error).into())
}

/// Returns whether an index as `listIndexes` shows it makes a seed's key unique.
fn is_key(found: &Document, seed: &Described) -> bool {
    let fields: BTreeSet<&str> = match found.get_document("key") {
        Ok(keys) => keys.keys().map(String::as_str).collect(),
        Err(_) => return false,
    };
    let live = doc! { DELETED_AT: Bson::Null };
    let partial = found.get_document("partialFilterExpression").ok();
    let covers = partial.is_none_or(|partial| seed.upkeep.is_soft_delete() && *partial == live);
    fields == seed.key.iter().copied().collect()
        && found.get_bool("unique").unwrap_or(false)
        && !found.get_bool("sparse").unwrap_or(false)
        && !found.contains_key("collation")
        && covers
}

pub(super) fn number(document: &Document, key: &str) -> u64 {
    let number = match document.get(key) {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        Some(Bson::Double(number)) => *number as i64,
        _ => 0,
    };
    u64::try_from(number).unwrap_or_default()
}
