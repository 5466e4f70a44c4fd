//! A repeated insert that meets its own documents: what is missing is inserted, and what is there is its own.
//!
//! What is asked and inserted here follows after the repeat's own answer: its refusals are no answer to the
//! attempt that nobody knows of.

use std::{collections::HashSet, slice, time::Duration};

use mongodb::{
    bson::{Bson, RawDocumentBuf, doc, oid::ObjectId},
    error::{Error, ErrorKind, Result},
    options::{Acknowledgment, InsertManyOptions, InsertOneOptions, ReadConcern, WriteConcern},
    results::{InsertManyResult, InsertOneResult},
};
use tokio::time::sleep;

use super::{There, primary};
use crate::{
    collection::document::New,
    error::{Cause, Failure},
};

/// What a caller is told who cannot know.
const CHOSEN: &str =
    "there is a document with this `_id`, and nobody knows whether it is this call's";
const REFUSED: &str = "documents of this call are there, and what was missing of it was refused";

/// How many ids are asked for at once: 2 MB of the 16 MB that a command may have.
const AT_ONCE: usize = 100_000;

/// The time that an attempt before this one is given, where its server still goes on with it, to get further.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes a duplicate `_id` for what it is: this call's own document, as nobody else can have that `_id`.
/// Of one that the caller chose nobody knows. Whether its write concern was met the driver does not tell
/// beside a duplicate, so it is looked for.
pub(in crate::collection) async fn insert(
    there: There<'_>,
    sent: &New,
    options: InsertOneOptions,
    reply: Result<InsertOneResult>,
) -> Result<InsertOneResult> {
    if !reply.as_ref().is_err_and(meets_own_id) {
        return reply;
    }
    let mut same = InsertManyOptions::default();
    same.bypass_document_validation = options.bypass_document_validation;
    (same.write_concern, same.comment) = (options.write_concern, options.comment);
    there.complete(slice::from_ref(sent), same).await?;
    let mut inserted = InsertOneResult::default();
    inserted.inserted_id = id(sent).unwrap_or_default();
    Ok(inserted)
}

/// Inserts those of the documents that are not there yet.
pub(in crate::collection) async fn insert_many(
    there: There<'_>,
    sent: &[New],
    options: InsertManyOptions,
    reply: Result<InsertManyResult>,
) -> Result<InsertManyResult> {
    if !reply.as_ref().is_err_and(meets_own_id) {
        return reply;
    }
    there.complete(sent, options).await?;
    let mut inserted = InsertManyResult::default();
    inserted.inserted_ids = sent.iter().filter_map(id).enumerate().collect();
    Ok(inserted)
}

impl There<'_> {
    /// Inserts what is missing until all of it is there as its write concern asks: what is found has a majority,
    /// what is inserted waits for it. Each round gets further, and the guard ends them with the call's deadline.
    async fn complete(self, sent: &[New], options: InsertManyOptions) -> Result<()> {
        if sent.iter().any(|new| !new.is_id_ours) {
            return Err(Error::custom(CHOSEN));
        }
        let concern = options.write_concern.as_ref();
        let seen = enough(concern.or(self.on.write_concern()));
        let mut missing: Vec<_> = sent.iter().filter_map(own).collect();
        loop {
            let found = self.found(&missing, &seen).await.map_err(in_doubt)?;
            missing.retain(|(id, _)| !found.contains(id));
            if missing.is_empty() {
                return Ok(());
            }
            let documents = missing.iter().map(|(_, document)| *document);
            let insert = self.on.insert_many(documents);
            match insert.with_options(options.clone()).await {
                Ok(_) => return Ok(()),
                // The attempt before it is still being carried out, and was faster.
                Err(error) if meets_own_id(&error) && !misses_concern(&error) => {
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(in_doubt(error)),
            }
        }
    }

    /// Returns the ids of those of the documents that are there.
    async fn found(self, documents: &[Own<'_>], seen: &ReadConcern) -> Result<HashSet<ObjectId>> {
        let mut found = HashSet::new();
        for some in documents.chunks(AT_ONCE) {
            let ids: Vec<ObjectId> = some.iter().map(|(id, _)| *id).collect();
            let find = self.on.find(doc! { "_id": { "$in": ids } });
            let find = find.projection(doc! { "_id": 1 }).max_time(self.time);
            let find = find.selection_criteria(primary());
            let mut cursor = find.read_concern(seen.clone()).await?;
            while cursor.advance().await? {
                found.extend(cursor.current().get_object_id("_id"));
            }
        }
        Ok(found)
    }
}

/// A document whose `_id` was made here.
type Own<'a> = (ObjectId, &'a RawDocumentBuf);

fn own(new: &New) -> Option<Own<'_>> {
    let document = new.bytes.as_ref().ok()?;
    Some((document.get_object_id("_id").ok()?, document))
}

fn id(new: &New) -> Option<Bson> {
    Bson::try_from(new.bytes.as_ref().ok()?.get("_id").ok()??).ok()
}

fn meets_own_id(error: &Error) -> bool {
    let cause = Cause::new(error.clone());
    cause.code() == Some(11000) && cause.key_pattern() == ["_id"]
}

/// Returns whether too few servers have what was written, or was there, in the time that was given.
fn misses_concern(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::InsertMany(batch) if batch.write_concern_error.is_some())
}

/// Returns what a look must see so that a failover does not take what it finds: what a majority has, unless
/// the caller asked for less.
fn enough(concern: Option<&WriteConcern>) -> ReadConcern {
    match concern.and_then(|concern| concern.w.as_ref()) {
        Some(Acknowledgment::Nodes(0 | 1)) => ReadConcern::local(),
        _ => ReadConcern::majority(),
    }
}

/// Takes the certainty from a refusal: of the first attempt it says nothing.
fn in_doubt(error: Error) -> Error {
    match Failure::of(&error) {
        Failure::Duplicate | Failure::Refused => Error::custom(REFUSED),
        _ => error,
    }
}
