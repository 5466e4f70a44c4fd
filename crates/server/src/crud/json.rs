//! Documents as the JSON that people expect.

use axum::http::StatusCode;
use mongoplex::bson::{self, Bson, DateTime, Document};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::problem::Problem;

/// A document on its way to JSON, without its hidden fields: `_id` is `id`, ids are hexadecimal, dates
/// RFC 3339. It is written as it goes, without a tree of JSON values in between.
#[derive(Debug, Clone)]
pub struct Shown {
    document: Document,
    hidden: &'static [&'static str],
}

/// Returns a model or a stored document as it is shown, without its `hidden` fields.
///
/// # Errors
/// A 500 when it is no document.
pub fn shown(model: &impl Serialize, hidden: &'static [&'static str]) -> Result<Shown, Problem> {
    let document = document(model)?;
    Ok(Shown { document, hidden })
}

/// Returns whatever serializes to a document as one.
///
/// # Errors
/// A 500 when it does not.
pub(super) fn document(model: &impl Serialize) -> Result<Document, Problem> {
    bson::serialize_to_document(model)
        .map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.document {
            if self.hidden.contains(&key.as_str()) {
                continue;
            }
            let key = if key == "_id" { "id" } else { key };
            map.serialize_entry(key, &Plain(value))?;
        }
        map.end()
    }
}

/// A value as JSON has it, where BSON's extended JSON would wrap it in `$oid` and `$date`.
struct Plain<'a>(&'a Bson);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Bson::ObjectId(id) => serializer.collect_str(id),
            Bson::DateTime(date) => serializer.serialize_str(&rfc3339(*date)),
            Bson::Int64(number) => serializer.serialize_i64(*number),
            Bson::Decimal128(number) => serializer.collect_str(number),
            Bson::Array(items) => serializer.collect_seq(items.iter().map(Plain)),
            Bson::Document(fields) => {
                serializer.collect_map(fields.iter().map(|(key, value)| (key, Plain(value))))
            }
            other => other.serialize(serializer),
        }
    }
}

/// Returns a date with milliseconds, always three digits, so that texts sort as dates do.
fn rfc3339(date: DateTime) -> String {
    let text = date.try_to_rfc3339_string().unwrap_or_default();
    let whole = text.trim_end_matches('Z');
    let (seconds, fraction) = whole.split_once('.').unwrap_or((whole, ""));
    format!("{seconds}.{fraction:0<3}Z")
}

#[cfg(test)]
mod tests {
    use mongoplex::bson::{doc, oid::ObjectId};
    use serde_json::json;

    use super::*;

    #[test]
    fn bson_becomes_the_json_that_people_expect() {
        let id = ObjectId::new();
        let when = DateTime::from_millis(0);
        let document =
            doc! { "_id": id, "at": when, "n": 5_i64, "deep": [{ "x": id }], "secret": 1 };

        let expected = json!({ "id": id.to_hex(), "at": "1970-01-01T00:00:00.000Z", "n": 5, "deep": [{ "x": id.to_hex() }] });
        let shown = serde_json::to_value(shown(&document, &["secret"]).unwrap());
        assert_eq!(shown.unwrap(), expected);
    }
}
