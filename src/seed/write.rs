//! Writes what a survey has found to differ, and records it: before, so that a row that was written and not
//! recorded is known again after a crash, and after.

use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};

use super::{
    compare::{self, Verdict},
    describe::{Described, Source},
    ledger::{Stop, entry_id},
    row::Row,
    survey::{Judged, Survey, Surveyor},
    told::Counts,
};
use crate::{
    control::{CrashPoint, Lease},
    model::upkeep::{CREATED_AT, DELETED_AT, UPDATED_AT, VERSION},
};

/// How many rows are written by one command.
const BATCH: usize = 500;

/// How often a database is looked at anew because somebody else wrote there meanwhile.
const ROUNDS: usize = 4;

/// A seed at one database, under a lease.
pub(super) struct Writer<'a> {
    pub(super) surveyor: Surveyor<'a>,
    pub(super) lease: &'a Lease,
}

/// Whether all that was sent has met what it was made for.
#[derive(PartialEq)]
enum Met {
    All,
    Some,
}

impl Writer<'_> {
    /// Writes what was found, and compares and writes again until nothing differs. `rows` counts what has been
    /// done, also where it fails.
    pub(super) async fn converge(
        &self,
        seed: &Described,
        mut found: Option<Survey>,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        for _ in 0..ROUNDS {
            let survey = match found.take() {
                Some(survey) => survey,
                None => self.surveyor.survey(seed).await?,
            };
            if let Some(obstacle) = survey.obstacle() {
                return Err(Stop::failed(obstacle));
            }
            if self.write(seed, &survey, rows).await? == Met::All {
                rows.unchanged = survey.counts.unchanged;
                rows.kept += survey.counts.kept;
                return Ok(());
            }
        }
        Err(Stop::failed(
            "rows are refused again and again: somebody writes them meanwhile, or another unique index of the collection holds what they would repeat",
        ))
    }

    async fn write(
        &self,
        seed: &Described,
        survey: &Survey,
        rows: &mut Counts,
    ) -> Result<Met, Stop> {
        let mut met = Met::All;
        for some in survey.judged.chunks(BATCH) {
            self.check_lease()?;
            self.adopt(seed, some).await?;
            let of = |wanted: fn(&Verdict) -> bool| -> Vec<&Judged> {
                some.iter()
                    .filter(|judged| wanted(&judged.verdict))
                    .collect()
            };
            let new = of(|verdict| *verdict == Verdict::Insert);
            if self.insert(seed, &new, rows).await? == Met::Some {
                met = Met::Some;
            }
            let differing = of(|verdict| matches!(verdict, Verdict::Change { .. }));
            if self.change(seed, &differing, rows).await? == Met::Some {
                met = Met::Some;
            }
            CrashPoint::BetweenBatches.pass();
        }
        self.prune(seed, survey, rows).await?;
        Ok(met)
    }

    /// Refuses to go on under a lease that may run out before a batch is written.
    fn check_lease(&self) -> Result<(), Stop> {
        match self.lease.lasts(self.lease.margin()) {
            true => Ok(()),
            false => Err(Stop::Fenced),
        }
    }

    /// Records rows that are as they are to be: those of which a run did not hear the end, and those that
    /// somebody else wrote.
    async fn adopt(&self, seed: &Described, some: &[Judged]) -> Result<(), Stop> {
        let id = entry_id(self.surveyor.place, seed);
        let ledger = self.surveyor.ledger;
        let adopted = some.iter().filter_map(|judged| {
            let id = judged.there.as_ref()?.get("_id")?;
            let record = doc! { "id": id, "own": false, "is": judged.adopted.as_ref()? };
            Some((judged.wanted.hash.clone(), record))
        });
        let adopted: Vec<_> = adopted.collect();
        if !adopted.is_empty() {
            ledger.note(self.lease, &id, &adopted).await?;
        }
        let open = some.iter().filter(|judged| {
            let is_same = matches!(judged.verdict, Verdict::Same { .. });
            is_same
                && judged
                    .record
                    .as_ref()
                    .is_some_and(|record| record.next.is_some())
        });
        let open: Vec<String> = open.map(|judged| judged.wanted.hash.clone()).collect();
        match open.is_empty() {
            true => Ok(()),
            false => ledger.settle(self.lease, &id, &open).await,
        }
    }

    async fn insert(
        &self,
        seed: &Described,
        new: &[&Judged],
        rows: &mut Counts,
    ) -> Result<Met, Stop> {
        if new.is_empty() {
            return Ok(Met::All);
        }
        let source = self.source(seed, new)?;
        let (mut documents, mut notes) = (Vec::new(), Vec::new());
        for judged in new {
            let (document, id) = self.document(seed, judged, &source)?;
            let next = compare::hashes(&judged.wanted.fields);
            let note = doc! { "id": id, "own": true, "next": next };
            notes.push((judged.wanted.hash.clone(), note));
            documents.push(document);
        }
        let (place, ledger) = (self.surveyor.place, self.surveyor.ledger);
        let entry = entry_id(place, seed);
        CrashPoint::BeforeRecord.pass();
        ledger.note(self.lease, &entry, &notes).await?;
        CrashPoint::BeforeStep.pass();
        let command = doc! { "insert": seed.collection, "documents": documents };
        let written = place.write("insert", seed.collection, command).await?;
        CrashPoint::AfterStep.pass();
        let is_refused = |at: usize| written.duplicates.contains(&at);
        let settled = notes
            .into_iter()
            .enumerate()
            .filter(|(at, _)| !is_refused(*at));
        let settled: Vec<String> = settled.map(|(_, (hash, _))| hash).collect();
        rows.inserted += settled.len() as u64;
        ledger.settle(self.lease, &entry, &settled).await?;
        CrashPoint::AfterRecord.pass();
        Ok(if settled.len() == new.len() {
            Met::All
        } else {
            Met::Some
        })
    }

    /// Returns the rows as the seed gives them, where some of their fields are made at the insert.
    fn source(&self, seed: &Described, new: &[&Judged]) -> Result<Vec<Row>, Stop> {
        match &seed.source {
            Source::Rows(rows) if !new.is_empty() => {
                rows(self.surveyor.context).map_err(|error| Stop::failed(error.to_string()))
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Returns a document as it is inserted, and its `_id`. That of an insert of which nobody heard the end
    /// is taken again.
    fn document(
        &self,
        seed: &Described,
        judged: &Judged,
        source: &[Row],
    ) -> Result<(Document, Bson), Stop> {
        let wanted = &judged.wanted;
        let mut fields = wanted.fields.clone();
        let made = source.get(wanted.position).map(|row| row.made.as_slice());
        let made = made.unwrap_or_default();
        for (field, make) in made {
            let value =
                make(self.surveyor.context).map_err(|error| Stop::failed(error.to_string()))?;
            fields.insert(*field, value);
        }
        if !made.is_empty() {
            let unfit =
                |reason| Stop::failed(format!("row {} does not fit: {reason}", wanted.position));
            fields = (seed.fit)(&fields).map_err(unfit)?;
        }
        let begun = judged
            .record
            .as_ref()
            .filter(|record| record.is.is_none() && record.is_own);
        let id = wanted.id.clone().or_else(|| fields.remove("_id"));
        let id = id.or_else(|| begun.map(|record| record.id.clone()));
        let id = id.unwrap_or_else(|| ObjectId::new().into());
        Ok((stamped(seed, &id, fields, DateTime::now()), id))
    }

    async fn change(
        &self,
        seed: &Described,
        differing: &[&Judged],
        rows: &mut Counts,
    ) -> Result<Met, Stop> {
        if differing.is_empty() {
            return Ok(Met::All);
        }
        let (mut statements, mut notes) = (Vec::new(), Vec::new());
        for judged in differing {
            let (Verdict::Change { set, kept }, Some(there)) = (&judged.verdict, &judged.there)
            else {
                continue;
            };
            if *kept > 0 {
                rows.kept += 1;
            }
            let id = there.get("_id");
            let of_it = judged
                .record
                .as_ref()
                .filter(|record| Some(&record.id) == id);
            let is_own = of_it.is_some_and(|record| record.is_own);
            let note = doc! { "id": id, "own": is_own, "next": compare::hashes(set) };
            notes.push((judged.wanted.hash.clone(), note));
            statements.push(doc! { "q": there, "u": update(seed, set) });
        }
        let (place, ledger) = (self.surveyor.place, self.surveyor.ledger);
        let entry = entry_id(place, seed);
        CrashPoint::BeforeRecord.pass();
        ledger.note(self.lease, &entry, &notes).await?;
        CrashPoint::BeforeStep.pass();
        let command = doc! { "update": seed.collection, "updates": statements };
        let written = place.write("update", seed.collection, command).await?;
        CrashPoint::AfterStep.pass();
        rows.updated += written.count;
        if written.count < notes.len() as u64 {
            return Ok(Met::Some);
        }
        let settled: Vec<String> = notes.into_iter().map(|(hash, _)| hash).collect();
        ledger.settle(self.lease, &entry, &settled).await?;
        CrashPoint::AfterRecord.pass();
        Ok(Met::All)
    }

    /// Takes away what the seed has inserted and has no longer.
    async fn prune(
        &self,
        seed: &Described,
        survey: &Survey,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        let (place, ledger) = (self.surveyor.place, self.surveyor.ledger);
        let entry = entry_id(place, seed);
        for some in survey.former.chunks(BATCH) {
            self.check_lease()?;
            let ids: Vec<&Bson> = some
                .iter()
                .filter_map(|former| former.id.as_ref())
                .collect();
            if !ids.is_empty() {
                let filter = doc! { "_id": { "$in": ids } };
                let command = taking_away(seed, filter);
                let name = if seed.upkeep.is_soft_delete() {
                    "update"
                } else {
                    "delete"
                };
                CrashPoint::BeforeStep.pass();
                rows.pruned += place.write(name, seed.collection, command).await?.count;
                CrashPoint::AfterStep.pass();
            }
            let hashes: Vec<String> = some.iter().map(|former| former.hash.clone()).collect();
            ledger.forget(self.lease, &entry, &hashes).await?;
        }
        Ok(())
    }
}

/// Returns a document with its `_id` and what the library keeps.
pub(super) fn stamped(seed: &Described, id: &Bson, fields: Document, at: DateTime) -> Document {
    let mut document = doc! { "_id": id };
    document.extend(fields);
    if seed.upkeep.has_stamps() {
        document.insert(VERSION, 1_i64);
        document.insert(CREATED_AT, at);
        document.insert(UPDATED_AT, at);
    }
    document
}

fn update(seed: &Described, set: &Document) -> Document {
    let mut set = set.clone();
    if !seed.upkeep.has_stamps() {
        return doc! { "$set": set };
    }
    set.insert(UPDATED_AT, DateTime::now());
    doc! { "$set": set, "$inc": { VERSION: 1_i64 } }
}

/// Returns the command that deletes, or marks as deleted where the model says so.
fn taking_away(seed: &Described, mut filter: Document) -> Document {
    if !seed.upkeep.is_soft_delete() {
        return doc! { "delete": seed.collection, "deletes": [{ "q": filter, "limit": 0 }] };
    }
    filter.insert(DELETED_AT, Bson::Null);
    let now = DateTime::now();
    let mark = doc! { "$set": { DELETED_AT: now, UPDATED_AT: now }, "$inc": { VERSION: 1_i64 } };
    doc! { "update": seed.collection, "updates": [{ "q": filter, "u": mark, "multi": true }] }
}
