//! Between models and BSON. Errors name fields and kinds, never values.

use mongodb::bson::{self, RawBsonRef, RawDocument, RawDocumentBuf, oid::ObjectId};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    model::Namespace,
};

/// A document on its way in, or why the model is none.
pub(crate) type Encoded = Result<RawDocumentBuf, String>;

/// Encodes a document for an insert: always with an `_id`, made before the first attempt.
///
/// The driver makes one too, but a new one at its own retry, and then reports one that is not the
/// stored one.
pub(super) fn encode<M: Serialize>(model: &M) -> Encoded {
    let document = encode_as_is(model)?;
    match document.get("_id") {
        Ok(Some(RawBsonRef::Null) | None) => Ok(with_id(&document)),
        _ => Ok(document),
    }
}

/// Encodes a document as the model says.
pub(super) fn encode_as_is<M: Serialize>(model: &M) -> Encoded {
    bson::serialize_to_raw_document_buf(model).map_err(|error| reason(&error))
}

fn with_id(document: &RawDocument) -> RawDocumentBuf {
    let mut whole = RawDocumentBuf::new();
    whole.append(bson::cstr!("_id"), ObjectId::new());
    for (key, value) in document.iter().flatten().filter(|(key, _)| *key != "_id") {
        whole.append(key, value);
    }
    whole
}

/// Decodes a document of `namespace`.
pub(super) fn decode<M: DeserializeOwned>(
    document: &RawDocument,
    namespace: &Namespace,
) -> Result<M> {
    bson::deserialize_from_slice(document.as_bytes())
        .map_err(|error| misfit(reason(&error), namespace))
}

/// Returns the error of a document that does not fit its model.
pub(super) fn misfit(reason: String, namespace: &Namespace) -> Error {
    Error::Shape {
        namespace: namespace.clone(),
        reason,
    }
}

/// Says what does not fit. serde's messages quote the value before `, expected`.
fn reason(error: &bson::error::Error) -> String {
    let field = error
        .key
        .as_deref()
        .map_or_else(String::new, |key| format!("field `{key}`: "));
    let message = error.message.as_deref().unwrap_or_default();
    if message.starts_with("missing field ") {
        return format!("{field}{message}");
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{field}expected {expected}"),
        None => format!("{field}wrong type or form"),
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
        let encoded = encode(&Thing { id: None, size: 1 }).unwrap();
        let first = encoded.iter().next().unwrap().unwrap();
        assert_eq!(first.0, "_id");
        assert!(encoded.get_object_id("_id").is_ok());

        let null = encode(&doc! { "size": 1, "_id": null }).unwrap();
        assert!(null.get_object_id("_id").is_ok());
        assert_eq!(null.iter().count(), 2);

        let id = ObjectId::new();
        let encoded = encode(&Thing {
            id: Some(id),
            size: 1,
        })
        .unwrap();
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
