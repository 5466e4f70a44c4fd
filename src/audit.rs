//! The audit trail: who changed what, written in the same transaction as the change.
//!
//! An entry names fields and never holds a value. Entries are only ever added. What an operator does
//! to a process is no change of a document: its entry is written beside it, as well as that goes.

use std::{any::TypeId, time::Duration};

use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    collection::Collection,
    error::Result,
    model::{Index, Model, Resource, Upkeep},
    orchestrator::{Connection, Databases},
    registry::{Common, Hosted, Routed},
    transaction::Lent,
};

/// One change. An application lists it by its path, `mongoplex::audit::Entry`, under `common` of the
/// logical database whose changes it records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry {
    /// Made by the library.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// When, by the clock of the process.
    pub at: DateTime,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: Action,
    /// The collection that was changed; `ops.circuits` where it is a circuit.
    pub collection: String,
    /// The `_id` of the document that was changed, as text; a circuit's logical database.
    pub document: String,
    /// The fields that were set, changed or dropped; never their values. Of a circuit what it was forced
    /// to do: `open`, `disable` or `free`.
    pub fields: Vec<String>,
}

/// What was done to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Action {
    /// It was made.
    Create,
    /// It was changed.
    Change,
    /// It was deleted, or marked as deleted where deleting only marks.
    Delete,
    /// The mark was taken away.
    Restore,
    /// It was deleted for good after it had been marked.
    Purge,
}

impl Entry {
    /// Returns an entry of something that is done now.
    pub fn new(
        actor: impl Into<String>,
        action: Action,
        collection: impl Into<String>,
        document: impl Into<String>,
        fields: Vec<String>,
    ) -> Self {
        Self {
            id: ObjectId::new(),
            at: DateTime::now(),
            actor: actor.into(),
            action,
            collection: collection.into(),
            document: document.into(),
            fields,
        }
    }
}

impl Model for Entry {
    const COLLECTION: &'static str = "audit_entries";
    const INDEXES: &'static [Index] = &[
        Index::on(&["-at", "-_id"]),
        Index::on(&["collection", "document", "-at"]),
    ];
    const UPKEEP: Upkeep = Upkeep::AppendOnly;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["at", "actor", "action", "collection", "document", "fields"],
            "properties": {
                "at": { "bsonType": "date" },
                "actor": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "action": { "enum": ["create", "change", "delete", "restore", "purge"] },
                "collection": { "bsonType": "string", "minLength": 1 },
                "document": { "bsonType": "string", "minLength": 1 },
                "fields": { "bsonType": "array", "items": { "bsonType": "string" } },
            },
        })
    }
}

impl Resource for Entry {
    const FILTERS: &'static [&'static str] = &["at", "actor", "action", "collection", "document"];
}

impl Routed for Entry {
    type Database = Hosted;
    type Scope = Common;
}

/// Where entries go, in a transaction; see [`Joined::audit_trail`](crate::Joined::audit_trail).
#[derive(Debug, Clone)]
pub struct Trail(Option<Collection<Entry>>);

impl Trail {
    pub(crate) fn new(entries: Option<Collection<Entry>>) -> Self {
        Self(entries)
    }

    /// Returns whether entries are written: `ENABLE_AUDIT_TRAIL`.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the same in a transaction of its own client.
    pub(crate) fn joined(&self, lent: &Lent) -> Self {
        Self(self.0.as_ref().map(|entries| lent.join(entries)))
    }

    /// Writes an entry as a part of the transaction, or nothing where the trail is off.
    ///
    /// # Errors
    /// Those of an insert. It must be returned from the body: no change without its entry.
    pub async fn write(&self, entry: &Entry) -> Result<()> {
        match &self.0 {
            Some(entries) => entries.insert_one(entry).await.map(drop),
            None => Ok(()),
        }
    }
}

impl Databases {
    /// Writes an entry of what was done to no document, and so in no transaction: to a circuit. It goes
    /// into the first logical database, as they were registered, that lists [`Entry`] and takes it.
    ///
    /// Returns the name of that database; `None` where the trail is off (`ENABLE_AUDIT_TRAIL`), where no
    /// database lists it, and where none took it within `limit`, of which each has half of what is left.
    /// One that did not answer in time may hold the entry all the same.
    ///
    /// # Cancel safety
    /// A dropped future abandons the entry; it may have been written.
    pub async fn audit(&self, entry: &Entry, limit: Duration) -> Option<&'static str> {
        if !self.keeps_audit_trail() {
            return None;
        }
        let until = Instant::now() + limit;
        let all = self.connections().iter();
        for connection in all.filter(|connection| lists_entries(connection)) {
            let database = connection.declared.name;
            let remaining = until.saturating_duration_since(Instant::now());
            let entries = connection.collection::<Entry>();
            match entries.insert_one(entry).timeout(remaining / 2).await {
                Ok(_) => return Some(database),
                Err(error) => tracing::warn!(
                    db.logical = database,
                    "`{database}` did not take an audit entry: {error}"
                ),
            }
        }
        None
    }
}

fn lists_entries(connection: &Connection) -> bool {
    let mut routes = connection.declared.routes.iter();
    routes.any(|route| route.id == TypeId::of::<Entry>())
}
