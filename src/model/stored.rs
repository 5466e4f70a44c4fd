//! A document as it is stored: a model with what the library keeps beside it.

use std::ops::Deref;

use mongodb::bson::{self, Bson, DateTime, Document, RawDocumentBuf, oid::ObjectId};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::{
    Model, misfit,
    upkeep::{CREATED_AT, DELETED_AT, UPDATED_AT, VERSION},
};

/// A model with its `_id` and the library's stamps, for models whose
/// [`UPKEEP`](crate::Model::UPKEEP) keeps them. It reads like the model itself.
///
/// ```no_run
/// # use mongoplex::{Collection, Model, Result, Stored, Upkeep, bson::doc};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize)] struct Note { title: String }
/// # impl Model for Note { const COLLECTION: &str = "notes"; const UPKEEP: Upkeep = Upkeep::Stamps; }
/// # async fn run(notes: Collection<Note>) -> Result<()> {
/// let note: Stored<Note> = notes.create(Note { title: "first".into() }).await?;
/// let found = notes.find_by_id(note.id).stored().await?;
/// assert_eq!(found.unwrap().title, "first");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Stored<M> {
    /// Its `_id`.
    pub id: ObjectId,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
    /// When it was deleted, where deleting only marks.
    pub deleted_at: Option<DateTime>,
    /// What the model holds.
    pub model: M,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    #[serde(rename = "_id")]
    id: ObjectId,
    version: i64,
    created_at: DateTime,
    updated_at: DateTime,
    deleted_at: Option<Bson>,
}

impl<M> Stored<M> {
    /// Returns a document that is about to be made: a new id, version 1, made now.
    pub fn new(model: M) -> Self {
        let now = DateTime::now();
        Self {
            id: ObjectId::new(),
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            model,
        }
    }
}

impl<M: Model> Stored<M> {
    /// Returns the document as it lies in the database: `_id`, the model's fields, the stamps.
    ///
    /// # Errors
    /// When the model is no document.
    pub fn to_document(&self) -> bson::error::Result<Document> {
        let own = bson::serialize_to_document(&self.model)?;
        let mut document = Document::new();
        document.insert("_id", self.id);
        let kept = M::UPKEEP.fields();
        let is_own = |key: &str| key != "_id" && !kept.contains(&key);
        document.extend(own.into_iter().filter(|(key, _)| is_own(key)));
        document.insert(VERSION, self.version);
        document.insert(CREATED_AT, self.created_at);
        document.insert(UPDATED_AT, self.updated_at);
        if let Some(deleted) = self.deleted_at {
            document.insert(DELETED_AT, deleted);
        }
        Ok(document)
    }
}

impl<M> Deref for Stored<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.model
    }
}

impl<M: Model> Serialize for Stored<M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = self.to_document().map_err(ser::Error::custom)?;
        document.serialize(serializer)
    }
}

/// Read twice, for the stamps and for the model: serde's `flatten` would read every value into a
/// copy first, and forget its type on the way.
impl<'de, M: Model> Deserialize<'de> for Stored<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawDocumentBuf::deserialize(deserializer)?;
        let unfit = |error: bson::error::Error| de::Error::custom(misfit::quote(&error));
        let kept: Kept = bson::deserialize_from_slice(raw.as_bytes()).map_err(unfit)?;
        let model = bson::deserialize_from_slice(raw.as_bytes()).map_err(unfit)?;
        // Elsewhere a field of that name is the model's own.
        let mark = kept.deleted_at.filter(|_| M::UPKEEP.is_soft_delete());
        Ok(Self {
            id: kept.id,
            version: kept.version,
            created_at: kept.created_at,
            updated_at: kept.updated_at,
            deleted_at: mark.and_then(|mark| mark.as_datetime().copied()),
            model,
        })
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;
    use crate::model::Upkeep;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Note {
        title: String,
        #[serde(rename = "deletedAt")]
        deleted_at: Option<DateTime>,
    }

    impl Model for Note {
        const COLLECTION: &'static str = "notes";
        const UPKEEP: Upkeep = Upkeep::Stamps;
    }

    #[test]
    fn a_stored_document_survives_the_way_to_bytes_and_back() {
        let note = Stored::new(Note {
            title: "first".into(),
            deleted_at: Some(DateTime::from_millis(7)),
        });

        let bytes = bson::serialize_to_vec(&note).unwrap();
        let back: Stored<Note> = bson::deserialize_from_slice(&bytes).unwrap();

        assert_eq!(back, note);
        assert_eq!(back.title, "first");
        assert!(
            back.model.deleted_at.is_some(),
            "its own, as deleting does not mark"
        );
    }

    #[test]
    fn a_document_without_stamps_is_told_by_its_field_and_no_value() {
        let bytes = bson::serialize_to_vec(&doc! { "_id": ObjectId::new(), "title": "canary" });

        let error = bson::deserialize_from_slice::<Stored<Note>>(&bytes.unwrap()).unwrap_err();

        assert_eq!(misfit::reason(&error), "missing field `version`");
    }
}
