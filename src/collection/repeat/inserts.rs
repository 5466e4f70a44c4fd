//! A repeated insert that meets its own documents: what is missing is inserted, and what is there is its own.
//!
//! What is asked and inserted here follows after the repeat's own answer: its refusals are no answer to the
//! attempt that nobody knows of.

use std::{collections::HashSet, time::Duration};

use mongodb::{
    bson::{Bson, RawDocumentBuf, doc, oid::ObjectId},
    error::{Error, Result},
    options::{InsertManyOptions, ReadConcern},
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
/// Of one that the caller chose nobody knows.
pub(in crate::collection) async fn insert(
    _: There<'_>,
    sent: &New,
    reply: Result<InsertOneResult>,
) -> Result<InsertOneResult> {
    if !reply.as_ref().is_err_and(meets_own_id) {
        return reply;
    }
    let Some(id) = id(sent).filter(|_| sent.is_id_ours) else {
        return Err(Error::custom(CHOSEN));
    };
    let mut inserted = InsertOneResult::default();
    inserted.inserted_id = id;
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
    /// Inserts what is missing until all of it is there. Each round gets further, and the guard ends them with
    /// the call's deadline.
    async fn complete(self, sent: &[New], options: InsertManyOptions) -> Result<()> {
        if sent.iter().any(|new| !new.is_id_ours) {
            return Err(Error::custom(CHOSEN));
        }
        let mut missing: Vec<_> = sent.iter().filter_map(own).collect();
        loop {
            let found = self.found(&missing).await.map_err(in_doubt)?;
            missing.retain(|(id, _)| !found.contains(id));
            if missing.is_empty() {
                return Ok(());
            }
            let documents = missing.iter().map(|(_, document)| *document);
            let insert = self.on.insert_many(documents);
            match insert.with_options(options.clone()).await {
                Ok(_) => return Ok(()),
                // The attempt before it is still being carried out, and was faster.
                Err(error) if meets_own_id(&error) => sleep(PAUSE).await,
                Err(error) => return Err(in_doubt(error)),
            }
        }
    }

    /// Returns the ids of those of the documents that are there.
    async fn found(self, documents: &[Own<'_>]) -> Result<HashSet<ObjectId>> {
        let mut found = HashSet::new();
        for some in documents.chunks(AT_ONCE) {
            let ids: Vec<ObjectId> = some.iter().map(|(id, _)| *id).collect();
            let find = self.on.find(doc! { "_id": { "$in": ids } });
            let find = find.projection(doc! { "_id": 1 }).max_time(self.time);
            let find = find.selection_criteria(primary());
            let mut cursor = find.read_concern(ReadConcern::local()).await?;
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

/// Takes the certainty from a refusal: of the first attempt it says nothing.
fn in_doubt(error: Error) -> Error {
    match Failure::of(&error) {
        Failure::Duplicate | Failure::Refused => Error::custom(REFUSED),
        _ => error,
    }
}
