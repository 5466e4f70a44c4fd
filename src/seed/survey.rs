//! Compares one seed with one database: what is there is read in batches, and nothing is written.

use std::collections::{HashMap, HashSet};

use mongodb::bson::{Bson, Document, doc};

use super::{
    compare::{self, Record, Verdict, Wanted},
    context::Context,
    describe::{Changed, Described, Kind, Source},
    error::SeedError,
    ledger::{Ledger, Stop, entry_id},
    place::Place,
    refer::assembled,
    row::Row,
    told::Counts,
};
use crate::{
    error::Result,
    model::upkeep::{DELETED_AT, VERSION},
};

/// How many rows are looked up by one command: by one field, and by several.
const BATCHES: (usize, usize) = (1_000, 200);

/// A row, and what is to be done to it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) wanted: Wanted,
    pub(super) verdict: Verdict,
    /// What of the document that is there tells it from a later state of it.
    pub(super) there: Option<Document>,
    pub(super) record: Option<Record>,
    /// What it refers to and is not there.
    pub(super) missing: Option<String>,
    /// The fields that are as they are to be, where they are to be recorded.
    pub(super) adopted: Option<Document>,
}

/// A row that the seed has no longer.
#[derive(Debug)]
pub(super) struct Former {
    pub(super) hash: String,
    /// Of the document, where it is to be taken away.
    pub(super) id: Option<Bson>,
}

/// How a seed and a database differ.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What stands for the seed as it is written.
    pub(super) hash: String,
    pub(super) judged: Vec<Judged>,
    pub(super) former: Vec<Former>,
    /// What is not to be written.
    pub(super) counts: Counts,
    pub(super) skipped: Option<String>,
}

impl Survey {
    /// Returns what would be written.
    pub(super) fn planned(&self) -> Counts {
        let of = |wanted: fn(&Verdict) -> bool| {
            let judged = self.judged.iter().filter(|judged| wanted(&judged.verdict));
            judged.count() as u64
        };
        let pruned = self.former.iter().filter(|former| former.id.is_some());
        Counts {
            inserted: of(|verdict| *verdict == Verdict::Insert),
            updated: of(|verdict| matches!(verdict, Verdict::Change { .. })),
            pruned: pruned.count() as u64,
            ..self.counts
        }
    }

    /// Returns whether something is to be written, be it only a record.
    pub(super) fn is_pending(&self) -> bool {
        let wants = |judged: &Judged| {
            let is_open = judged
                .record
                .as_ref()
                .is_some_and(|record| record.next.is_some());
            let is_same = matches!(judged.verdict, Verdict::Same { .. });
            !matches!(judged.verdict, Verdict::Same { .. } | Verdict::Gone)
                || judged.adopted.is_some()
                || (is_open && is_same)
        };
        !self.former.is_empty() || self.judged.iter().any(wants)
    }

    /// Returns what keeps the seed from being written, in words that hold no value.
    pub(super) fn obstacle(&self) -> Option<String> {
        let lacks = self.judged.iter().find(|judged| {
            judged.missing.is_some()
                && !matches!(judged.verdict, Verdict::Same { .. } | Verdict::Gone)
        });
        if let Some(missing) = lacks.and_then(|judged| judged.missing.as_ref()) {
            return Some(missing.clone());
        }
        let conflicts: Vec<&Vec<String>> = self
            .judged
            .iter()
            .filter_map(|judged| match &judged.verdict {
                Verdict::Conflict(fields) => Some(fields),
                _ => None,
            })
            .collect();
        let first = conflicts.first()?;
        Some(format!(
            "people changed {} of {} rows since it last wrote them, and it is to fail then: take the change over into the seed, or undo it",
            first.join(", "),
            conflicts.len()
        ))
    }
}

/// One database, as a seed sees it.
pub(super) struct Surveyor<'a> {
    pub(super) place: &'a Place,
    pub(super) ledger: &'a Ledger,
    pub(super) context: &'a Context,
}

impl Surveyor<'_> {
    /// Compares a seed of rows with the database.
    pub(super) async fn survey(&self, seed: &Described) -> Result<Survey, Stop> {
        let Source::Rows(rows) = &seed.source else {
            return Ok(Survey::default());
        };
        let rows = match rows(self.context) {
            Ok(rows) => rows,
            Err(SeedError::Skip(reason)) => {
                let skipped = Some(reason);
                return Ok(Survey {
                    skipped,
                    ..Survey::default()
                });
            }
            Err(error) => return Err(Stop::failed(error.to_string())),
        };
        let wanted = self.wanted(seed, &rows).await?;
        let id = entry_id(self.place, seed);
        let records = self.ledger.records(&id).await?;
        let there = self.there(seed, &wanted).await?;
        let mut survey = Survey {
            hash: compare::hex(&compare::digest(&seed.rendered(&rows))),
            ..Survey::default()
        };
        survey.former = self
            .former(seed, &wanted, &records, &mut survey.counts)
            .await?;
        for (wanted, missing) in wanted {
            let found = there.get(&wanted.hash);
            let record = records.get(&wanted.hash);
            survey
                .judged
                .push(judged(seed, wanted, missing, found, record));
        }
        for judged in &survey.judged {
            match &judged.verdict {
                Verdict::Same { kept: 0 } => survey.counts.unchanged += 1,
                Verdict::Same { .. } | Verdict::Gone => survey.counts.kept += 1,
                _ => {}
            }
        }
        Ok(survey)
    }

    /// Returns all rows as they are to be, their references looked up.
    async fn wanted(
        &self,
        seed: &Described,
        rows: &[Row],
    ) -> Result<Vec<(Wanted, Option<String>)>, Stop> {
        let values = self.resolve(rows).await?;
        let mut known = HashSet::new();
        let mut all = Vec::with_capacity(rows.len());
        for (position, row) in rows.iter().enumerate() {
            let (fields, missing) = assembled(seed, row, &values)
                .map_err(|reason| Stop::failed(format!("row {position} does not fit: {reason}")))?;
            let mut fields = fields;
            let key = compare::key(seed, &fields);
            let id = if seed.key == ["_id"] {
                fields.get("_id").cloned()
            } else {
                fields.remove("_id")
            };
            let hash = compare::key_hash(&key);
            if !known.insert(hash.clone()) {
                let reason = format!("row {position} has the key of another row");
                return Err(Stop::failed(reason));
            }
            let wanted = Wanted {
                hash,
                key,
                fields,
                id,
                position,
            };
            all.push((wanted, missing));
        }
        Ok(all)
    }

    /// Reads the documents that have the keys of rows.
    async fn there(
        &self,
        seed: &Described,
        wanted: &[(Wanted, Option<String>)],
    ) -> Result<HashMap<String, Document>> {
        let mut there = HashMap::with_capacity(wanted.len());
        let size = if seed.key.len() == 1 {
            BATCHES.0
        } else {
            BATCHES.1
        };
        for some in wanted.chunks(size) {
            let keys = some.iter().map(|(wanted, _)| &wanted.key);
            let mut filter = match seed.key {
                [field] => {
                    let values: Vec<&Bson> = keys.filter_map(|key| key.get(field)).collect();
                    doc! { *field: { "$in": values } }
                }
                _ => doc! { "$or": keys.collect::<Vec<_>>() },
            };
            if seed.upkeep.is_soft_delete() {
                filter.insert(DELETED_AT, Bson::Null);
            }
            for found in self.place.find(seed.collection, filter, doc! {}).await? {
                let key = compare::key_hash(&compare::key(seed, &found));
                there.insert(key, found);
            }
        }
        Ok(there)
    }

    /// Returns the rows that a pruning seed has inserted and has no longer.
    async fn former(
        &self,
        seed: &Described,
        wanted: &[(Wanted, Option<String>)],
        records: &HashMap<String, Record>,
        counts: &mut Counts,
    ) -> Result<Vec<Former>> {
        if !seed.prunes {
            return Ok(Vec::new());
        }
        let still: HashSet<&str> = wanted
            .iter()
            .map(|(wanted, _)| wanted.hash.as_str())
            .collect();
        let gone = records
            .iter()
            .filter(|(hash, _)| !still.contains(hash.as_str()));
        let gone: Vec<(&String, &Record)> = gone.collect();
        let mut there: HashMap<String, Document> = HashMap::new();
        for some in gone.chunks(BATCHES.0) {
            let own = some.iter().filter(|(_, record)| record.is_own);
            let ids: Vec<&Bson> = own.map(|(_, record)| &record.id).collect();
            let mut filter = doc! { "_id": { "$in": ids } };
            if seed.upkeep.is_soft_delete() {
                filter.insert(DELETED_AT, Bson::Null);
            }
            for found in self.place.find(seed.collection, filter, doc! {}).await? {
                there.insert(
                    found.get("_id").map(Bson::to_string).unwrap_or_default(),
                    found,
                );
            }
        }
        let mut former = Vec::new();
        for (hash, record) in gone {
            let found = there.get(&record.id.to_string());
            match found
                .filter(|found| seed.changed != Changed::Overwrite && is_changed(record, found))
            {
                // Somebody made it theirs.
                Some(_) => counts.kept += 1,
                None => former.push(Former {
                    hash: hash.clone(),
                    id: found.map(|_| record.id.clone()),
                }),
            }
        }
        Ok(former)
    }
}

fn judged(
    seed: &Described,
    wanted: Wanted,
    missing: Option<String>,
    found: Option<&Document>,
    record: Option<&Record>,
) -> Judged {
    let verdict = match (&missing, compare::judge(seed, &wanted, found, record)) {
        // What a reference or a demo refers to must be there.
        (Some(_), Verdict::Same { .. }) if seed.kind != Kind::Once => Verdict::Insert,
        (_, verdict) => verdict,
    };
    let is_recorded = seed.kind == Kind::Once || seed.changed != Changed::Overwrite;
    let is_same = matches!(verdict, Verdict::Same { .. });
    let adopted = found
        .filter(|_| is_recorded && record.is_none() && is_same)
        .map(|found| {
            let equal = wanted.fields.iter();
            let equal = equal.filter(|(field, value)| found.get(*field) == Some(*value));
            let equal: Document = equal
                .map(|(field, value)| (field.clone(), value.clone()))
                .collect();
            compare::hashes(&equal)
        });
    let there = found.map(|found| {
        let parts = ["_id", VERSION].into_iter();
        let parts = parts.filter_map(|field| Some((field.to_owned(), found.get(field)?.clone())));
        parts
            .filter(|(field, _)| field == "_id" || seed.upkeep.has_stamps())
            .collect()
    });
    Judged {
        wanted,
        verdict,
        there,
        record: record.cloned(),
        missing,
        adopted,
    }
}

fn is_changed(record: &Record, found: &Document) -> bool {
    let known = record.is.as_ref().or(record.next.as_ref());
    let mut known = known.into_iter().flatten();
    known.any(|(field, mark)| {
        let value = found.get(field);
        value.is_none_or(|value| {
            let hash = compare::hash(value);
            let next = record.next.as_ref().and_then(|next| next.get(field));
            hash != *mark && Some(&hash) != next
        })
    })
}
