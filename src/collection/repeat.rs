//! After an attempt that may have been applied: what the next one's answer says about it.
//!
//! A repeated insert meets its own document, a repeated versioned change matches nothing, *because*
//! the first one succeeded. Both look like somebody else's doing until one looks. What cannot be
//! told is an error that says so.

use std::{collections::HashSet, time::Duration};

use mongodb::{
    Collection,
    bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId},
    error::{Error, Result},
    options::{
        InsertManyOptions, ReadConcern, ReadPreference, SelectionCriteria, UpdateModifications,
    },
    results::{DeleteResult, InsertManyResult, InsertOneResult, UpdateResult},
};

use super::document::New;
use crate::{
    error::Cause,
    model::upkeep::{VERSION, WRITE_TOKEN},
};

type Raw = Collection<RawDocumentBuf>;

/// What a caller is told who cannot know.
const CHOSEN: &str =
    "there is a document with this `_id`, and nobody knows whether it is this call's";
const UNKNOWN: &str =
    "the document was changed again since, and nobody knows whether by this call first";

/// Where to look, and how long the server may take over it.
#[derive(Clone, Copy)]
pub(super) struct There<'a> {
    pub(super) on: &'a Raw,
    pub(super) time: Duration,
}

/// Takes a duplicate `_id` for what it is: this call's own document, as nobody else can have that `_id`.
/// Of one that the caller chose nobody knows.
pub(super) async fn insert(
    _: There<'_>,
    sent: &New,
    reply: Result<InsertOneResult>,
) -> Result<InsertOneResult> {
    if !reply.as_ref().is_err_and(meets_own_id) {
        return reply;
    }
    let id = sent.bytes.as_ref().ok().and_then(id);
    let Some(id) = id.filter(|_| sent.is_id_ours) else {
        return Err(Error::custom(CHOSEN));
    };
    let mut inserted = InsertOneResult::default();
    inserted.inserted_id = id;
    Ok(inserted)
}

/// Inserts those of the documents that are not there yet.
pub(super) async fn insert_many(
    there: There<'_>,
    sent: &[New],
    options: InsertManyOptions,
    reply: Result<InsertManyResult>,
) -> Result<InsertManyResult> {
    if !reply.as_ref().is_err_and(meets_own_id) {
        return reply;
    }
    let ids: Vec<Bson> = sent
        .iter()
        .filter_map(|new| id(new.bytes.as_ref().ok()?))
        .collect();
    let found = there.ids(&ids).await?;
    let is_there = |id: &Bson| found.contains(&id.to_string());
    let mut both = sent.iter().zip(&ids);
    if both.any(|(new, id)| !new.is_id_ours && is_there(id)) {
        return Err(Error::custom(CHOSEN));
    }
    let both = sent.iter().zip(&ids).filter(|(_, id)| !is_there(id));
    let missing: Vec<_> = both
        .filter_map(|(new, _)| new.bytes.as_ref().ok())
        .collect();
    if !missing.is_empty() {
        there.on.insert_many(missing).with_options(options).await?;
    }
    let mut inserted = InsertManyResult::default();
    inserted.inserted_ids = ids.into_iter().enumerate().collect();
    Ok(inserted)
}

impl There<'_> {
    /// Returns those of the ids that are there.
    async fn ids(self, ids: &[Bson]) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        let find = self
            .on
            .find(doc! { "_id": { "$in": ids } })
            .projection(doc! { "_id": 1 });
        let find = find
            .selection_criteria(primary())
            .read_concern(ReadConcern::local());
        let mut cursor = find.max_time(self.time).await?;
        while cursor.advance().await? {
            let document = cursor.current().to_owned();
            found.extend(id(&document).map(|id| id.to_string()));
        }
        Ok(found)
    }

    /// Returns the document of an id.
    async fn document(self, id: &Bson) -> Result<Option<RawDocumentBuf>> {
        let find = self
            .on
            .find_one(doc! { "_id": id })
            .selection_criteria(primary());
        find.read_concern(ReadConcern::local())
            .max_time(self.time)
            .await
    }
}

/// Returns the document as a versioned change of this call left it, if it was this call's; `None` where
/// somebody else was faster.
pub(super) async fn changed(
    there: There<'_>,
    filter: &Document,
    update: Option<&UpdateModifications>,
) -> Result<Option<RawDocumentBuf>> {
    let (Some(token), Some(id)) = (update.and_then(token), filter.get("_id")) else {
        return Ok(None);
    };
    let Some(found) = there.document(id).await? else {
        return Err(Error::custom(UNKNOWN));
    };
    if found
        .get_object_id(WRITE_TOKEN)
        .is_ok_and(|own| own == token)
    {
        return Ok(Some(found));
    }
    let (asked, is) = (version(filter.get(VERSION)), found.get_i64(VERSION).ok());
    match asked.zip(is) {
        // One change later that is not ours, or none at all: this call changed nothing.
        Some((asked, is)) if is <= asked + 1 => Ok(None),
        _ => Err(Error::custom(UNKNOWN)),
    }
}

/// The same for a change that is answered with counts.
pub(super) async fn update(
    there: There<'_>,
    filter: &Document,
    update: &UpdateModifications,
    reply: Result<UpdateResult>,
) -> Result<UpdateResult> {
    let reply = reply?;
    if reply.matched_count > 0 || changed(there, filter, Some(update)).await?.is_none() {
        return Ok(reply);
    }
    let mut applied = UpdateResult::default();
    (applied.matched_count, applied.modified_count) = (1, 1);
    Ok(applied)
}

/// The same for a deletion that marks.
pub(super) async fn mark(
    there: There<'_>,
    filter: &Document,
    mark: Option<&UpdateModifications>,
    reply: Result<DeleteResult>,
) -> Result<DeleteResult> {
    let mut reply = reply?;
    if reply.deleted_count == 0 && changed(there, filter, mark).await?.is_some() {
        reply.deleted_count = 1;
    }
    Ok(reply)
}

/// The same for a change that is answered with the document.
pub(super) async fn document(
    there: There<'_>,
    filter: &Document,
    update: Option<&UpdateModifications>,
    reply: Result<Option<RawDocumentBuf>>,
) -> Result<Option<RawDocumentBuf>> {
    match reply? {
        Some(found) => Ok(Some(found)),
        None => changed(there, filter, update).await,
    }
}

fn meets_own_id(error: &Error) -> bool {
    let cause = Cause::new(error.clone());
    cause.code() == Some(11000) && cause.key_pattern() == ["_id"]
}

fn id(document: &RawDocumentBuf) -> Option<Bson> {
    Bson::try_from(document.get("_id").ok()??).ok()
}

/// Returns the token that a versioned update carries.
fn token(update: &UpdateModifications) -> Option<ObjectId> {
    let set = |stage: &Document| stage.get_document("$set")?.get_object_id(WRITE_TOKEN);
    match update {
        UpdateModifications::Document(update) => set(update).ok(),
        UpdateModifications::Pipeline(stages) => set(stages.last()?).ok(),
        _ => None,
    }
}

fn version(value: Option<&Bson>) -> Option<i64> {
    value.and_then(|value| value.as_i64().or(value.as_i32().map(i64::from)))
}

/// Where the write went, and nowhere else; with what it holds at this moment, majority or not. The
/// attempt that met nothing has waited for its own write concern.
fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}
