//! A document as it is stored: a model with what the library keeps beside it.

use std::ops::Deref;

use mongodb::bson::{
    self, DateTime, Document, RawBsonRef, RawDocument, RawDocumentBuf, cstr, oid::ObjectId,
};
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
        Document::try_from(&self.to_raw()?)
    }

    /// From bytes to bytes: a value of BSON in between costs more than the rest.
    fn to_raw(&self) -> bson::error::Result<RawDocumentBuf> {
        let own = bson::serialize_to_raw_document_buf(&self.model)?;
        let kept = M::UPKEEP.fields();
        let mut raw = RawDocumentBuf::new();
        raw.append(cstr!("_id"), self.id);
        for element in &own {
            let (key, value) = element?;
            if key != "_id" && !kept.contains(&key.as_str()) {
                raw.append(key, value);
            }
        }
        raw.append(cstr!("version"), self.version);
        raw.append(cstr!("createdAt"), self.created_at);
        raw.append(cstr!("updatedAt"), self.updated_at);
        if let Some(deleted) = self.deleted_at {
            raw.append(cstr!("deletedAt"), deleted);
        }
        Ok(raw)
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
        let raw = self.to_raw().map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// The model is read apart from the stamps: serde's `flatten` would read every value into a copy
/// first, and forget its type on the way.
impl<'de, M: Model> Deserialize<'de> for Stored<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawDocumentBuf::deserialize(deserializer)?;
        let unfit = |error: bson::error::Error| de::Error::custom(misfit::quote(&error));
        let wrong = |reason: String| de::Error::custom(misfit::ours(&reason));
        let kept = Kept::find(&raw).map_err(unfit)?;
        // Elsewhere a field of that name is the model's own.
        let mark = kept.deleted_at.filter(|_| M::UPKEEP.is_soft_delete());
        Ok(Self {
            id: fit("_id", kept.id, RawBsonRef::as_object_id).map_err(wrong)?,
            version: fit(VERSION, kept.version, whole).map_err(wrong)?,
            created_at: fit(CREATED_AT, kept.created_at, RawBsonRef::as_datetime).map_err(wrong)?,
            updated_at: fit(UPDATED_AT, kept.updated_at, RawBsonRef::as_datetime).map_err(wrong)?,
            deleted_at: mark.and_then(RawBsonRef::as_datetime),
            model: bson::deserialize_from_slice(raw.as_bytes()).map_err(unfit)?,
        })
    }
}

/// What the library keeps, as it was found.
#[derive(Default)]
struct Kept<'a> {
    id: Option<RawBsonRef<'a>>,
    version: Option<RawBsonRef<'a>>,
    created_at: Option<RawBsonRef<'a>>,
    updated_at: Option<RawBsonRef<'a>>,
    deleted_at: Option<RawBsonRef<'a>>,
}

impl<'a> Kept<'a> {
    /// Finds it in one walk: a getter each would begin anew.
    fn find(raw: &'a RawDocument) -> bson::error::Result<Self> {
        let mut kept = Self::default();
        for element in raw {
            let (key, value) = element?;
            let place = match key.as_str() {
                "_id" => &mut kept.id,
                VERSION => &mut kept.version,
                CREATED_AT => &mut kept.created_at,
                UPDATED_AT => &mut kept.updated_at,
                DELETED_AT => &mut kept.deleted_at,
                _ => continue,
            };
            *place = Some(value);
        }
        Ok(kept)
    }
}

fn fit<'a, T>(
    field: &str,
    found: Option<RawBsonRef<'a>>,
    read: impl FnOnce(RawBsonRef<'a>) -> Option<T>,
) -> Result<T, String> {
    let value = found.ok_or_else(|| format!("missing field `{field}`"))?;
    read(value).ok_or_else(|| format!("field `{field}`: wrong type or form"))
}

/// A version that somebody else wrote may be an `int`.
fn whole(value: RawBsonRef<'_>) -> Option<i64> {
    let small = || value.as_i32().map(i64::from);
    value.as_i64().or_else(small)
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
        let document = bson::serialize_to_document(&note).unwrap();
        assert_eq!(document, note.to_document().unwrap());
        assert_eq!(back.title, "first");
        assert!(
            back.model.deleted_at.is_some(),
            "its own, as deleting does not mark"
        );
    }

    fn reason(document: &Document) -> String {
        let bytes = bson::serialize_to_vec(document).unwrap();
        let error = bson::deserialize_from_slice::<Stored<Note>>(&bytes).unwrap_err();
        misfit::reason(&error)
    }

    #[test]
    fn stamps_that_do_not_fit_are_told_by_their_field_and_no_value() {
        let mut document = doc! { "_id": ObjectId::new(), "title": "canary" };
        assert_eq!(reason(&document), "missing field `version`");

        document.insert("version", "canary");
        assert_eq!(reason(&document), "field `version`: wrong type or form");
    }

    #[test]
    fn a_version_may_be_a_small_number() {
        let now = DateTime::now();
        let id = ObjectId::new();
        let document =
            doc! { "_id": id, "title": "x", "version": 7, "createdAt": now, "updatedAt": now };
        let bytes = bson::serialize_to_vec(&document).unwrap();

        let note: Stored<Note> = bson::deserialize_from_slice(&bytes).unwrap();

        assert_eq!(note.version, 7);
    }

    #[test]
    fn a_field_of_the_model_that_is_kept_is_written_once() {
        #[derive(Serialize, Deserialize)]
        struct Own {
            version: i64,
            title: String,
        }
        impl Model for Own {
            const COLLECTION: &'static str = "own";
            const UPKEEP: Upkeep = Upkeep::Stamps;
        }
        let title = "x".into();

        let raw = Stored::new(Own { version: 9, title }).to_raw().unwrap();

        let keys: Vec<_> = raw.iter().flatten().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["_id", "title", "version", "createdAt", "updatedAt"]);
        assert_eq!(raw.get_i64("version").unwrap(), 1);
    }
}
