//! Volume: documents that are drawn, inserted where they are not there yet. Their `_id`s lie side by side,
//! so that what is there is found by a range, and no record per document is needed.

use std::collections::HashSet;

use mongodb::bson::{Bson, Document, doc, oid::ObjectId};

use tokio_util::sync::CancellationToken;

use super::{
    compare,
    describe::{Described, Source},
    draw::{Draw, Shares},
    ledger::Stop,
    place::Place,
    told::Counts,
    write::stamped,
};
use crate::control::{CrashPoint, Lease};

/// How many documents are inserted by one command.
const BATCH: u64 = 1_000;

/// The volume seeds of one database.
pub(super) struct Volume<'a> {
    pub(super) place: &'a Place,
    pub(super) shares: &'a Shares,
    /// Ends it between two batches: the next run goes on from there.
    pub(super) stop: &'a CancellationToken,
}

impl Volume<'_> {
    /// Returns what stands for what a seed is to draw.
    pub(super) fn hash(&self, seed: &Described) -> String {
        let Shares {
            number,
            tenant,
            counts,
        } = self.shares;
        let counts: Document = counts
            .iter()
            .map(|(seed, count)| {
                (
                    (*seed).to_owned(),
                    i64::try_from(*count).unwrap_or(i64::MAX).into(),
                )
            })
            .collect();
        let number = number.cast_signed();
        let drawn =
            doc! { "number": number, "tenant": tenant, "counts": counts, "seed": seed.name };
        compare::hex(&compare::digest(&drawn))
    }

    /// Returns how many documents are there, and how many are not.
    pub(super) async fn survey(&self, seed: &Described) -> Result<Counts, Stop> {
        let count = self.shares.count(seed.name);
        if count > u64::from(u32::MAX) {
            return Err(Stop::failed(
                "more than 4,294,967,295 documents of one seed cannot be drawn",
            ));
        }
        let there = match count {
            0 => 0,
            count => {
                let last = self.shares.id(seed.name, count - 1);
                let first = self.shares.id(seed.name, 0);
                self.place.count(seed.collection, first, last).await?
            }
        };
        Ok(Counts {
            inserted: count.saturating_sub(there),
            unchanged: there,
            ..Counts::default()
        })
    }

    /// Inserts what is not there.
    pub(super) async fn write(
        &self,
        seed: &Described,
        lease: &Lease,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        let count = self.shares.count(seed.name);
        let mut from = 0;
        while from < count {
            if !lease.lasts(lease.margin()) {
                return Err(Stop::Fenced);
            }
            if self.stop.is_cancelled() {
                return Err(Stop::failed("stopped; the next run goes on from there"));
            }
            let until = (from + BATCH).min(count);
            self.batch(seed, from, until, rows).await?;
            CrashPoint::BetweenBatches.pass();
            from = until;
        }
        Ok(())
    }

    async fn batch(
        &self,
        seed: &Described,
        from: u64,
        until: u64,
        rows: &mut Counts,
    ) -> Result<(), Stop> {
        let ids = (
            self.shares.id(seed.name, from),
            self.shares.id(seed.name, until - 1),
        );
        let filter = doc! { "_id": { "$gte": ids.0, "$lte": ids.1 } };
        let there = self
            .place
            .find(seed.collection, filter, doc! { "_id": 1 })
            .await?;
        let there: HashSet<ObjectId> = there
            .iter()
            .filter_map(|found| found.get_object_id("_id").ok())
            .collect();
        let mut documents = Vec::new();
        for index in from..until {
            let id = self.shares.id(seed.name, index);
            if !there.contains(&id) {
                documents.push(self.document(seed, id, self.shares.draw(seed.name, index))?);
            }
        }
        rows.unchanged += there.len() as u64;
        if documents.is_empty() {
            return Ok(());
        }
        let wanted = documents.len();
        let command = doc! { "insert": seed.collection, "documents": documents };
        let written = self.place.write("insert", seed.collection, command).await?;
        rows.inserted += written.count;
        match written.duplicates.is_empty() {
            true => Ok(()),
            // An answer that was lost, or documents of people's that have the same key.
            false => self.after_duplicates(seed, (from, until), wanted).await,
        }
    }

    async fn after_duplicates(
        &self,
        seed: &Described,
        (from, until): (u64, u64),
        wanted: usize,
    ) -> Result<(), Stop> {
        let ids = (
            self.shares.id(seed.name, from),
            self.shares.id(seed.name, until - 1),
        );
        let there = self.place.count(seed.collection, ids.0, ids.1).await?;
        match there == until - from {
            true => Ok(()),
            false => Err(Stop::failed(format!(
                "a unique index refused some of {wanted} documents: others are there with the same key; take them away, or draw other keys"
            ))),
        }
    }

    /// Draws a document. Its stamps are drawn too: the same bytes each time.
    fn document(
        &self,
        seed: &Described,
        id: ObjectId,
        mut draw: Draw<'_>,
    ) -> Result<Document, Stop> {
        let Source::Drawn { row, .. } = &seed.source else {
            return Err(Stop::failed("nothing draws its documents"));
        };
        let index = draw.index();
        let unfit = |reason| Stop::failed(format!("document {index} does not fit: {reason}"));
        let mut fields = row(&mut draw).fields.map_err(unfit)?;
        if let Some(unknown) = &draw.unknown {
            return Err(Stop::failed(format!(
                "it names documents of `{unknown}`, which is no volume seed of the list"
            )));
        }
        fields = (seed.fit)(&fields).map_err(unfit)?;
        fields.remove("_id");
        Ok(stamped(seed, &Bson::from(id), fields, draw.date()))
    }
}
