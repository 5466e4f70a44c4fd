//! What can be done to the documents of a resource, whatever is around them.

use axum::http::StatusCode;
use mongoplex::{
    Collection, Resource, Stored,
    audit::Action,
    bson::{Document, doc, oid::ObjectId},
    mongodb::options::ReturnDocument,
};

use super::{body::Difference, json};
use crate::{extract::IfMatch, problem::Problem};

/// One change of one document.
#[derive(Debug)]
pub enum Change<M> {
    /// A document more.
    Create(Box<Stored<M>>),
    /// Some of its fields are set or dropped, if it still has the version.
    Update {
        id: ObjectId,
        version: i64,
        difference: Difference,
    },
    /// It is deleted or marked; with a version only if it still has it.
    Delete {
        id: ObjectId,
        version: Option<IfMatch>,
    },
    /// The mark of deletion is taken away.
    Restore {
        id: ObjectId,
        version: Option<IfMatch>,
    },
    /// What was marked goes.
    Purge {
        id: ObjectId,
        version: Option<IfMatch>,
    },
}

impl<M: Resource> Change<M> {
    pub(super) fn id(&self) -> ObjectId {
        match self {
            Self::Create(document) => document.id,
            Self::Update { id, .. }
            | Self::Delete { id, .. }
            | Self::Restore { id, .. }
            | Self::Purge { id, .. } => *id,
        }
    }

    pub(super) fn action(&self) -> Action {
        match self {
            Self::Create(_) => Action::Create,
            Self::Update { .. } => Action::Change,
            Self::Delete { .. } => Action::Delete,
            Self::Restore { .. } => Action::Restore,
            Self::Purge { .. } => Action::Purge,
        }
    }

    /// Returns the names of the fields that it sets or drops.
    pub(super) fn fields(&self) -> Result<Vec<String>, Problem> {
        Ok(match self {
            Self::Create(document) => json::document(&document.model)?.keys().cloned().collect(),
            Self::Update { difference, .. } => difference.fields(),
            _ => Vec::new(),
        })
    }

    /// Makes the change and returns the document as it is then; as it was where it is gone.
    pub(super) async fn apply(&self, collection: &Collection<M>) -> Result<Stored<M>, Problem> {
        let done = match self {
            Self::Create(document) => {
                collection.insert_stored(document).await?;
                return Ok(Stored::clone(document));
            }
            Self::Update {
                id,
                version,
                difference,
            } => {
                let filter = doc! { "_id": id, "version": version };
                let update = collection.find_one_and_update(filter, difference.update());
                let update = update.stored().return_document(ReturnDocument::After);
                update.await?
            }
            Self::Delete { id, version } => {
                let filter = filter(*id, *version);
                collection.find_one_and_delete(filter).stored().await?
            }
            Self::Restore { id, version } => {
                let restore = collection.restore_one(filter(*id, *version));
                restore.stored().await?
            }
            Self::Purge { id, version } => {
                let deleted = self.seen_in(collection)?;
                let purge = deleted.find_one_and_delete(filter(*id, *version));
                purge.stored().await?
            }
        };
        match done {
            Some(document) => Ok(document),
            None => Err(self.refusal(collection).await?),
        }
    }

    /// Says why nothing matched: there is no such document, or it has another version.
    async fn refusal(&self, collection: &Collection<M>) -> Result<Problem, Problem> {
        let seen = self.seen_in(collection)?;
        if seen.find_by_id(self.id()).await?.is_some() {
            return Ok(Problem::stale());
        }
        let live = match self {
            Self::Restore { .. } | Self::Purge { .. } => collection.find_by_id(self.id()).await?,
            _ => None,
        };
        let detail = "the document is not deleted; what is marked as deleted is restored or purged";
        Ok(live.map_or_else(Problem::not_found, |_| {
            Problem::new(StatusCode::CONFLICT, "not-deleted", detail)
        }))
    }

    /// Returns the documents among which this one must be: the deleted ones for those it brings back
    /// or takes away.
    fn seen_in(&self, collection: &Collection<M>) -> Result<Collection<M>, Problem> {
        match self {
            Self::Restore { .. } | Self::Purge { .. } => {
                collection.try_deleted().ok_or_else(Problem::not_found)
            }
            _ => Ok(collection.clone()),
        }
    }
}

fn filter(id: ObjectId, version: Option<IfMatch>) -> Document {
    let mut filter = doc! { "_id": id };
    if let Some(IfMatch(version)) = version {
        filter.insert("version", version);
    }
    filter
}
