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
    Create(Box<M>),
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
            Self::Create(model) => json::document(&**model)?.keys().cloned().collect(),
            Self::Update { difference, .. } => difference.fields(),
            _ => Vec::new(),
        })
    }

    /// Makes the change and returns the document as it is then; as it was where it is gone.
    pub(super) async fn apply(&self, collection: &Collection<M>) -> Result<Stored<M>, Problem> {
        let (id, done) = match self {
            // And not one that is made beforehand: this one is known again where its answer is lost.
            Self::Create(model) => return Ok(collection.create(M::clone(model)).await?),
            Self::Update {
                id,
                version,
                difference,
            } => {
                let filter = doc! { "_id": id, "version": version };
                let update = collection.find_one_and_update(filter, difference.update());
                let update = update.stored().return_document(ReturnDocument::After);
                (id, update.await?)
            }
            Self::Delete { id, version } => {
                let delete = collection.find_one_and_delete(filter(*id, *version));
                (id, delete.stored().await?)
            }
            Self::Restore { id, version } => {
                let restore = collection.restore_one(filter(*id, *version));
                (id, restore.stored().await?)
            }
            Self::Purge { id, version } => {
                let deleted = self.seen_in(collection)?;
                let purge = deleted.find_one_and_delete(filter(*id, *version));
                (id, purge.stored().await?)
            }
        };
        match done {
            Some(document) => Ok(document),
            None => Err(self.refusal(collection, *id).await?),
        }
    }

    /// Says why nothing matched: there is no such document, or it has another version.
    async fn refusal(&self, collection: &Collection<M>, id: ObjectId) -> Result<Problem, Problem> {
        let seen = self.seen_in(collection)?;
        if seen.find_by_id(id).await?.is_some() {
            return Ok(Problem::stale());
        }
        let live = match self {
            Self::Restore { .. } | Self::Purge { .. } => collection.find_by_id(id).await?,
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
