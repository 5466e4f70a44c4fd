//! After an attempt that may have been applied: what the next one's answer says about it.
//!
//! A repeated insert meets its own document, a repeated versioned change matches nothing, *because*
//! the first one succeeded. Both look like somebody else's doing until one looks. What cannot be
//! told is an error that says so.

mod inserts;

use std::time::Duration;

use mongodb::{
    Collection,
    bson::{Bson, Document, RawDocumentBuf, doc, oid::ObjectId},
    error::{Error, Result},
    options::{ReadConcern, ReadPreference, SelectionCriteria, UpdateModifications},
    results::{DeleteResult, UpdateResult},
};

pub(super) use self::inserts::{insert, insert_many};
use crate::model::upkeep::{VERSION, WRITE_TOKEN};

type Raw = Collection<RawDocumentBuf>;

/// What a caller is told who cannot know.
const UNKNOWN: &str =
    "the document was changed again since, and nobody knows whether by this call first";

/// Where to look, and how long the server may take over it.
#[derive(Clone, Copy)]
pub(super) struct There<'a> {
    pub(super) on: &'a Raw,
    pub(super) time: Duration,
}

impl There<'_> {
    /// Returns the document of an id as it is at this moment, majority or not: the attempt that met nothing has
    /// waited for its own write concern.
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

/// Where the write went, and nowhere else.
fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}
