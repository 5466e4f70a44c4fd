//! What seeds have done, in the control database: an entry per seed and database, and a record per row. Each
//! write carries the run's fence; one that a newer run has overtaken changes nothing and says so.

use std::collections::{BTreeMap, HashMap};

use mongodb::bson::{Bson, DateTime, Document, doc};

use super::{
    compare::Record,
    context::Context,
    describe::Described,
    place::{Place, number},
    told::Counts,
};
use crate::{
    control::{Control, Lease},
    error::{Error, Result},
};

pub(super) const SEEDS: &str = "seeds";
const ROWS: &str = "seed_rows";

/// How many records are written by one command.
const BATCH: usize = 1_000;

/// The entries and records of one logical database's seeds.
#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) control: Control,
}

/// What is recorded of a seed at one database.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) database: String,
    pub(super) seed: String,
    pub(super) state: String,
    pub(super) hash: String,
    pub(super) rows: Counts,
    pub(super) environment: String,
    pub(super) at: Option<DateTime>,
    /// By which volume was drawn.
    pub(super) numbers: Vec<u64>,
}

/// Why nothing more is done under this lease, or at this seed.
#[derive(Debug)]
pub(super) enum Stop {
    /// A newer run has taken over.
    Fenced,
    Failed {
        reason: String,
        is_precondition: bool,
    },
}

impl Stop {
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            is_precondition: false,
        }
    }

    pub(super) fn precondition(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            is_precondition: true,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::failed(error.to_string())
    }
}

/// Returns the name of a seed's entry.
pub(super) fn entry_id(place: &Place, seed: &Described) -> String {
    format!("{}#{}", place.name, seed.name)
}

impl Ledger {
    /// Returns the entries of these names.
    pub(super) async fn entries(&self, ids: &[String]) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for ids in ids.chunks(10_000) {
            let filter = doc! { "_id": { "$in": ids } };
            let command = doc! { "find": SEEDS, "filter": filter, "batchSize": 10_000 };
            let found = self.control.all(SEEDS, command).await?;
            entries.extend(found.iter().map(entry));
        }
        Ok(entries)
    }

    /// Makes a seed's entry this run's, before anything is written for it.
    pub(super) async fn begin(
        &self,
        lease: &Lease,
        place: &Place,
        seed: &Described,
        context: &Context,
        number: Option<u64>,
    ) -> Result<(), Stop> {
        let set = doc! {
            "scope": &*place.connection.name,
            "database": &*place.name,
            "tenant": place.tenant.as_ref().map(|tenant| tenant.as_str()),
            "seed": seed.name,
            "kind": seed.kind.as_str(),
            "state": "running",
            "environment": context.environment().as_str(),
        };
        let numbers = number.map(|number| doc! { "numbers": number.cast_signed() });
        self.change(lease, &entry_id(place, seed), set, numbers)
            .await
    }

    /// Records how a seed has ended.
    pub(super) async fn end(
        &self,
        lease: &Lease,
        id: &str,
        state: &str,
        hash: &str,
        rows: Counts,
    ) -> Result<(), Stop> {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let rows = doc! {
            "inserted": whole(rows.inserted),
            "updated": whole(rows.updated),
            "unchanged": whole(rows.unchanged),
            "pruned": whole(rows.pruned),
            "kept": whole(rows.kept),
        };
        let set = doc! { "state": state, "hash": hash, "rows": rows };
        self.change(lease, id, set, None).await
    }

    async fn change(
        &self,
        lease: &Lease,
        id: &str,
        mut set: Document,
        numbers: Option<Document>,
    ) -> Result<(), Stop> {
        set.insert("fence", lease.fence());
        set.insert("run", lease.run());
        let mut update = doc! { "$set": set, "$currentDate": { "at": true } };
        if let Some(numbers) = numbers {
            update.insert("$addToSet", numbers);
        }
        let statement = doc! { "q": guarded(lease, id), "u": update, "upsert": true };
        self.send(SEEDS, vec![statement]).await
    }

    /// Returns the records of a seed's rows at one database, by what stands for their keys.
    pub(super) async fn records(&self, id: &str) -> Result<HashMap<String, Record>> {
        let bounds = doc! { "$gte": format!("{id}#"), "$lt": format!("{id}$") };
        let command = doc! { "find": ROWS, "filter": { "_id": bounds }, "batchSize": 10_000 };
        let found = self.control.all(ROWS, command).await?;
        let record = |found: &Document| {
            let (_, hash) = found.get_str("_id").ok()?.rsplit_once('#')?;
            Some((hash.to_owned(), record(found)))
        };
        Ok(found.iter().filter_map(record).collect())
    }

    /// Records what is about to be written to rows: their key, and the record's fields.
    pub(super) async fn note(
        &self,
        lease: &Lease,
        id: &str,
        rows: &[(String, Document)],
    ) -> Result<(), Stop> {
        for rows in rows.chunks(BATCH) {
            let statement = |(hash, set): &(String, Document)| {
                let mut set = set.clone();
                set.insert("fence", lease.fence());
                let filter = guarded(lease, &format!("{id}#{hash}"));
                doc! { "q": filter, "u": { "$set": set }, "upsert": true }
            };
            self.send(ROWS, rows.iter().map(statement).collect())
                .await?;
        }
        Ok(())
    }

    /// Records that what was about to be written to rows has been written.
    pub(super) async fn settle(
        &self,
        lease: &Lease,
        id: &str,
        hashes: &[String],
    ) -> Result<(), Stop> {
        let settled = doc! {
            "is": { "$mergeObjects": ["$is", "$next"] }, "next": "$$REMOVE", "fence": lease.fence(),
        };
        for hashes in hashes.chunks(BATCH) {
            let ids: Vec<String> = hashes.iter().map(|hash| format!("{id}#{hash}")).collect();
            let filter = doc! {
                "_id": { "$in": ids }, "next": { "$exists": true }, "fence": { "$lte": lease.fence() },
            };
            let update = vec![doc! { "$set": &settled }];
            self.send(ROWS, vec![doc! { "q": filter, "u": update, "multi": true }])
                .await?;
        }
        Ok(())
    }

    /// Forgets rows.
    pub(super) async fn forget(
        &self,
        lease: &Lease,
        id: &str,
        hashes: &[String],
    ) -> Result<(), Stop> {
        for hashes in hashes.chunks(BATCH) {
            let ids: Vec<String> = hashes.iter().map(|hash| format!("{id}#{hash}")).collect();
            let filter = doc! { "_id": { "$in": ids }, "fence": { "$lte": lease.fence() } };
            let command = doc! { "delete": ROWS, "deletes": [{ "q": filter, "limit": 0 }] };
            self.control.write("delete", ROWS, command).await?;
        }
        Ok(())
    }

    /// Forgets a seed at one database; its records are to be gone before.
    pub(super) async fn forget_entry(&self, lease: &Lease, id: &str) -> Result<(), Stop> {
        let filter = guarded(lease, id);
        let command = doc! { "delete": SEEDS, "deletes": [{ "q": filter, "limit": 1 }] };
        self.control.write("delete", SEEDS, command).await?;
        Ok(())
    }

    async fn send(&self, collection: &'static str, updates: Vec<Document>) -> Result<(), Stop> {
        let command = doc! { "update": collection, "updates": updates, "ordered": false };
        match self.control.write("update", collection, command).await {
            Ok(_) => Ok(()),
            // A newer run's fence is there, so the filter found nothing and an insert was tried.
            Err(Error::Duplicate { .. }) => Err(Stop::Fenced),
            Err(error) => Err(error.into()),
        }
    }
}

fn guarded(lease: &Lease, id: &str) -> Document {
    doc! { "_id": id, "fence": { "$lte": lease.fence() } }
}

fn entry(found: &Document) -> Entry {
    let text = |key| found.get_str(key).unwrap_or_default().to_owned();
    let rows = found.get_document("rows").cloned().unwrap_or_default();
    Entry {
        database: text("database"),
        seed: text("seed"),
        state: text("state"),
        hash: text("hash"),
        environment: text("environment"),
        at: found.get_datetime("at").ok().copied(),
        numbers: found
            .get_array("numbers")
            .into_iter()
            .flatten()
            .filter_map(|number| Some(number.as_i64()?.cast_unsigned()))
            .collect(),
        rows: Counts {
            inserted: number(&rows, "inserted"),
            updated: number(&rows, "updated"),
            unchanged: number(&rows, "unchanged"),
            pruned: number(&rows, "pruned"),
            kept: number(&rows, "kept"),
        },
    }
}

fn record(found: &Document) -> Record {
    let marks = |key| {
        let fields = found.get_document(key).ok()?.iter();
        let marks = fields.filter_map(|(field, mark)| Some((field.clone(), mark.as_i64()?)));
        Some(marks.collect::<BTreeMap<_, _>>())
    };
    Record {
        id: found.get("id").cloned().unwrap_or(Bson::Null),
        is_own: found.get_bool("own").unwrap_or(false),
        is: marks("is"),
        next: marks("next"),
    }
}
