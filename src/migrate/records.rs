//! The records of one logical database's targets: read, claimed and changed under the run's fence.

use mongodb::bson::{Bson, Document, deserialize_from_document, doc};

use super::{
    list::List,
    row::{Row, TargetState},
};
use crate::{
    control::{Control, Lease, TARGETS, matched},
    error::{Error, Result},
};

pub(super) const RUNS: &str = "runs";

/// What stands for a tenant that is gone, in the place of whether it is a tenant's.
const GONE: &str = "gone";

/// The server's code of a second document with one `_id`.
const DUPLICATE: i32 = 11000;

/// The index by which what is behind is found.
const BY_DIGEST: &str = "scope_1_tenants_1_digest_1_state_1__id_1";

/// How many names are read at a time, and how many records are written by one command.
pub(super) const BATCH: i32 = 10_000;

/// The records of one list's targets.
#[derive(Debug, Clone)]
pub(super) struct Records {
    pub(super) control: Control,
    pub(super) scope: String,
    pub(super) is_tenants: bool,
}

/// Targets that are in the same.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) digest: String,
    pub(super) state: TargetState,
    pub(super) count: u64,
    /// The first of them by name: it stands for all where the digest does.
    pub(super) sample: String,
}

/// Whether a record was still ours to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    Ours,
    Fenced,
}

impl Records {
    pub(super) fn new(control: &Control, list: &List) -> Self {
        Self {
            control: control.clone(),
            scope: control.connection().name.to_string(),
            is_tenants: list.is_tenants,
        }
    }

    fn own(&self) -> Document {
        doc! { "scope": &self.scope, "tenants": self.is_tenants }
    }

    /// Makes sure that the index is there by which what is behind is found.
    pub(super) async fn prepare(&self) -> Result<()> {
        let keys = doc! { "scope": 1, "tenants": 1, "digest": 1, "state": 1, "_id": 1 };
        let command =
            doc! { "createIndexes": TARGETS, "indexes": [{ "key": keys, "name": BY_DIGEST }] };
        self.control
            .write("createIndexes", TARGETS, command)
            .await
            .map(drop)
    }

    /// Returns all targets, grouped by what they are in: from the index alone.
    pub(super) async fn groups(&self) -> Result<Vec<Group>> {
        let command = doc! {
            "aggregate": TARGETS,
            "pipeline": [
                { "$match": self.own() },
                { "$project": { "digest": 1, "state": 1 } },
                { "$group": {
                    "_id": { "digest": "$digest", "state": "$state" },
                    "count": { "$sum": 1_i64 },
                    "sample": { "$min": "$_id" },
                } },
            ],
            "cursor": {},
            "hint": BY_DIGEST,
        };
        let found = match self.control.all(TARGETS, command).await {
            // Without the index there are no records.
            Err(error) if super::ground::code(&error) == Some(2) => return Ok(Vec::new()),
            found => found?,
        };
        let mut groups: Vec<Group> = found.iter().filter_map(group).collect();
        groups.sort_by(|one, other| one.sample.cmp(&other.sample));
        Ok(groups)
    }

    /// Returns the names of all targets that are known, in their order.
    pub(super) async fn known(&self) -> Result<Vec<String>> {
        let command = doc! {
            "find": TARGETS, "filter": self.own(), "projection": { "_id": 1 },
            "sort": { "_id": 1 }, "batchSize": BATCH,
        };
        let found = self.control.all(TARGETS, command).await?;
        Ok(names(&found))
    }

    /// Returns the names of the targets that are not at `head` and not left out.
    pub(super) async fn behind(&self, head: &str, left_out: &[TargetState]) -> Result<Vec<String>> {
        let left_out: Vec<&str> = left_out.iter().map(|state| state.as_str()).collect();
        let mut filter = self.own();
        // What has failed is behind though it may have everything: its migration may be gone since.
        let ready = TargetState::Ready.as_str();
        let behind = [
            doc! { "digest": { "$ne": head } },
            doc! { "state": { "$ne": ready } },
        ];
        filter.insert("$or", &behind[..]);
        filter.insert("state", doc! { "$nin": left_out });
        self.named(filter).await
    }

    /// Returns the names of the targets of a filter, in their order.
    pub(super) async fn named(&self, mut filter: Document) -> Result<Vec<String>> {
        filter.extend(self.own());
        let command = doc! {
            "find": TARGETS, "filter": filter, "projection": { "_id": 1 },
            "sort": { "_id": 1 }, "batchSize": BATCH,
        };
        Ok(names(&self.control.all(TARGETS, command).await?))
    }

    /// Returns the records of these targets, in the order of their names.
    pub(super) async fn rows(&self, names: &[String]) -> Result<Vec<Row>> {
        let filter = doc! { "_id": { "$in": names } };
        self.find(filter).await
    }

    pub(super) async fn find(&self, mut filter: Document) -> Result<Vec<Row>> {
        filter.extend(self.own());
        let command = doc! {
            "find": TARGETS, "filter": filter, "sort": { "_id": 1 }, "batchSize": BATCH,
        };
        let found = self.control.all(TARGETS, command).await?;
        found.into_iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: Document) -> Result<Row> {
        deserialize_from_document(row).map_err(|error| {
            let operation = Box::new(self.control.operation("find", TARGETS));
            Error::Driver {
                operation,
                cause: crate::error::Cause::new(error.into()),
            }
        })
    }

    /// Adds the records of targets that have none; those that are there stay as they are.
    pub(super) async fn enrol(&self, rows: Vec<Document>) -> Result<()> {
        for rows in rows.chunks(1_000) {
            self.take_back(rows).await?;
            let updates: Vec<Document> = rows.iter().map(|row| self.insertion(row)).collect();
            let command = doc! { "update": TARGETS, "updates": updates, "ordered": false };
            self.control.write("update", TARGETS, command).await?;
        }
        Ok(())
    }

    /// Begins the record of a target anew where it has none, or one of a former life. One that counts is
    /// left alone: somebody else has made the same, and a run may have been there since.
    pub(super) async fn begin(&self, row: Document) -> Result<()> {
        let mut all = self.own();
        all.extend(row);
        let filter = doc! { "_id": all.get("_id"), "tenants": GONE };
        let command =
            doc! { "update": TARGETS, "updates": [{ "q": filter, "u": all, "upsert": true }] };
        match self.control.write("update", TARGETS, command).await {
            Err(error) if super::ground::code(&error) == Some(DUPLICATE) => Ok(()),
            answer => answer.map(drop),
        }
    }

    /// Takes out the records of targets that are gone: what was done there is kept, and nobody's.
    pub(super) async fn retire(&self, lease: &Lease, names: &[String]) -> Result<()> {
        let mut filter = self.own();
        filter.insert("_id", doc! { "$in": names });
        filter.insert("fence", doc! { "$lte": lease.fence() });
        let gone = doc! { "$set": { "tenants": GONE } };
        let updates = [doc! { "q": filter, "u": gone, "multi": true }];
        let command = doc! { "update": TARGETS, "updates": &updates[..] };
        self.control
            .write("update", TARGETS, command)
            .await
            .map(drop)
    }

    /// Makes records of targets that were gone count again, with what was done there.
    async fn take_back(&self, rows: &[Document]) -> Result<()> {
        let names: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.get_str("_id").ok())
            .collect();
        let gone = doc! { "_id": { "$in": names }, "scope": &self.scope, "tenants": GONE };
        let back = doc! { "$set": { "tenants": self.is_tenants } };
        let updates = [doc! { "q": gone, "u": back, "multi": true }];
        let command = doc! { "update": TARGETS, "updates": &updates[..] };
        self.control
            .write("update", TARGETS, command)
            .await
            .map(drop)
    }

    fn insertion(&self, row: &Document) -> Document {
        let mut all = self.own();
        all.extend(row.clone());
        let id = all.remove("_id");
        doc! { "q": { "_id": id }, "u": { "$setOnInsert": all }, "upsert": true }
    }

    /// Makes these targets this run's, unless a newer run has them, and returns them.
    pub(super) async fn claim(&self, lease: &Lease, names: &[String]) -> Result<Vec<Row>> {
        let mut filter = self.own();
        filter.insert("_id", doc! { "$in": names });
        filter.insert("fence", doc! { "$lte": lease.fence() });
        let mine = doc! { "$set": { "fence": lease.fence() } };
        let command = doc! {
            "update": TARGETS, "updates": [{ "q": filter, "u": mine, "multi": true }],
        };
        self.control.write("update", TARGETS, command).await?;
        self.find(doc! { "_id": { "$in": names }, "fence": lease.fence() })
            .await
    }

    /// Changes targets, each under its fence, by one command. It returns for each whether it was ours.
    pub(super) async fn change(&self, lease: &Lease, changes: &[Change]) -> Result<Vec<Kept>> {
        let updates: Vec<Document> = changes
            .iter()
            .map(|change| doc! { "q": change.filter(lease.fence()), "u": change.update() })
            .collect();
        let command = doc! { "update": TARGETS, "updates": updates, "ordered": false };
        let reply = self.control.write("update", TARGETS, command).await?;
        if usize::try_from(matched(&reply)).unwrap_or_default() == changes.len() {
            return Ok(vec![Kept::Ours; changes.len()]);
        }
        let names: Vec<String> = changes
            .iter()
            .map(|change| change.database.clone())
            .collect();
        let filter = doc! { "_id": { "$in": &names }, "fence": lease.fence() };
        let ours = self.named(filter).await?;
        let kept = |name: &String| match ours.contains(name) {
            true => Kept::Ours,
            false => Kept::Fenced,
        };
        Ok(names.iter().map(kept).collect())
    }
}

/// A change of a target's record: fields to set, to remove, and to stamp with the server's time.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    pub(super) database: String,
    pub(super) set: Document,
    pub(super) unset: Document,
    pub(super) now: Document,
}

impl Change {
    pub(super) fn of(row: &Row) -> Self {
        Self {
            database: row.database.clone(),
            now: doc! { "updatedAt": true },
            ..Self::default()
        }
    }

    pub(super) fn set(&mut self, field: impl Into<String>, value: impl Into<Bson>) {
        self.set.insert(field, value);
    }

    pub(super) fn unset(&mut self, field: impl Into<String>) {
        self.unset.insert(field, true);
    }

    /// Returns whether it changes nothing but the time.
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty()
    }

    /// Takes back what was to be done to a field and all within it.
    pub(super) fn forget(&mut self, field: &str) {
        let within = |key: &String| {
            key == field
                || key
                    .strip_prefix(field)
                    .is_some_and(|rest| rest.starts_with('.'))
        };
        for fields in [&mut self.set, &mut self.unset, &mut self.now] {
            let kept = std::mem::take(fields)
                .into_iter()
                .filter(|(key, _)| !within(key));
            *fields = kept.collect();
        }
    }

    pub(super) fn filter(&self, fence: i64) -> Document {
        doc! { "_id": &self.database, "fence": fence }
    }

    pub(super) fn update(&self) -> Document {
        let parts = [
            ("$set", &self.set),
            ("$unset", &self.unset),
            ("$currentDate", &self.now),
        ];
        let parts = parts.into_iter().filter(|(_, fields)| !fields.is_empty());
        parts
            .map(|(operator, fields)| (operator.to_owned(), Bson::from(fields)))
            .collect()
    }
}

fn group(found: &Document) -> Option<Group> {
    let key = found.get_document("_id").ok()?;
    let state = key.get_str("state").ok()?;
    let state = TargetState::ALL
        .into_iter()
        .find(|known| known.as_str() == state)?;
    Some(Group {
        digest: key.get_str("digest").ok()?.to_owned(),
        state,
        count: u64::try_from(found.get_i64("count").ok()?).ok()?,
        sample: found.get_str("sample").ok()?.to_owned(),
    })
}

fn names(found: &[Document]) -> Vec<String> {
    let name = |row: &Document| row.get_str("_id").unwrap_or_default().to_owned();
    found.iter().map(name).collect()
}
