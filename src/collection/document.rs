//! Between models and BSON. Errors name fields and kinds, never values.

use mongodb::bson::{self, DateTime, RawBsonRef, RawDocument, RawDocumentBuf, oid::ObjectId};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    model::{Namespace, Upkeep, misfit::reason},
};

/// A document on its way in, or why the model is none.
pub(crate) type Encoded = Result<RawDocumentBuf, String>;

/// A document that is to be inserted.
#[derive(Debug)]
pub(crate) struct New {
    pub(super) bytes: Encoded,
    /// Whether its `_id` was made here: then nobody else can have one like it.
    pub(super) is_id_ours: bool,
}

/// Encodes a document for an insert: always with an `_id`, made before the first attempt, and with
/// the stamps that the library keeps.
///
/// The driver makes an `_id` too, but a new one at its own retry, and then reports one that is not
/// the stored one.
pub(super) fn encode<M: Serialize>(model: &M, upkeep: Upkeep) -> New {
    let own = encode_as_is(model);
    let given = own.as_ref().map(|document| document.get("_id"));
    let is_id_ours = matches!(given, Ok(Ok(Some(RawBsonRef::Null) | None)));
    let bytes = own.map(|document| match is_id_ours || upkeep.has_stamps() {
        true => whole(&document, upkeep),
        false => document,
    });
    New { bytes, is_id_ours }
}

/// Encodes a document as the model says.
pub(super) fn encode_as_is<M: Serialize>(model: &M) -> Encoded {
    bson::serialize_to_raw_document_buf(model).map_err(|error| reason(&error))
}

fn whole(document: &RawDocument, upkeep: Upkeep) -> RawDocumentBuf {
    let mut whole = RawDocumentBuf::new();
    match document.get("_id") {
        Ok(Some(RawBsonRef::Null)) | Ok(None) | Err(_) => {
            whole.append(bson::cstr!("_id"), ObjectId::new());
        }
        Ok(Some(id)) => whole.append(bson::cstr!("_id"), id),
    }
    let kept = upkeep.fields();
    let own = document.iter().flatten();
    for (key, value) in own.filter(|(key, _)| *key != "_id" && !kept.contains(&key.as_str())) {
        whole.append(key, value);
    }
    if upkeep.has_stamps() {
        let now = DateTime::now();
        whole.append(bson::cstr!("version"), 1_i64);
        whole.append(bson::cstr!("createdAt"), now);
        whole.append(bson::cstr!("updatedAt"), now);
    }
    whole
}

/// Decodes a document of `namespace`.
pub(super) fn decode<M: DeserializeOwned>(
    document: &RawDocument,
    namespace: &Namespace,
) -> Result<M> {
    bson::deserialize_from_slice(document.as_bytes()).map_err(|error| {
        let reason = reason(&error);
        // An id that was made tells nothing; one that somebody chose may be content.
        let id = document.get_object_id("_id");
        let which = id.map_or_else(|_| String::new(), |id| format!("`_id` {id}: "));
        misfit(format!("{which}{reason}"), namespace)
    })
}

/// Returns the error of a document that does not fit its model.
pub(super) fn misfit(reason: String, namespace: &Namespace) -> Error {
    Error::Shape {
        namespace: namespace.clone(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mongodb::bson::{doc, rawdoc};
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Thing {
        #[serde(rename = "_id", skip_serializing_if = "Option::is_none")]
        id: Option<ObjectId>,
        size: i32,
    }

    #[test]
    fn an_insert_always_carries_an_id_of_ours_in_front() {
        let encoded = encode(&Thing { id: None, size: 1 }, Upkeep::None)
            .bytes
            .unwrap();
        let first = encoded.iter().next().unwrap().unwrap();
        assert_eq!(first.0, "_id");
        assert!(encoded.get_object_id("_id").is_ok());

        let null = encode(&doc! { "size": 1, "_id": null }, Upkeep::None)
            .bytes
            .unwrap();
        assert!(null.get_object_id("_id").is_ok());
        assert_eq!(null.iter().count(), 2);

        let id = ObjectId::new();
        let encoded = Thing {
            id: Some(id),
            size: 1,
        };
        let encoded = encode(&encoded, Upkeep::None).bytes.unwrap();
        assert_eq!(encoded.get_object_id("_id").unwrap(), id);
    }

    #[test]
    fn a_misfit_names_what_was_expected_and_no_value() {
        let namespace = Namespace {
            database: Arc::from("d"),
            collection: "things",
        };
        for document in [
            rawdoc! { "size": "canary, expected canary" },
            rawdoc! { "size": "canary" },
            rawdoc! { "size": "missing field canary" },
            rawdoc! {},
        ] {
            let error = decode::<Thing>(&document, &namespace)
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("a document of d.things does not fit its model: "),
                "{error}"
            );
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
