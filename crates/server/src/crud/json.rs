//! Documents as the JSON that people expect.

use axum::http::StatusCode;
use mongoplex::bson::{self, Bson, DateTime, Document};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Returns a document as JSON without its `hidden` fields: `_id` is `id`, ids are hexadecimal, dates
/// RFC 3339.
///
/// # Errors
/// A 500 when it is no document.
pub fn to_json(model: &impl Serialize, hidden: &[&str]) -> Result<Value, Problem> {
    Ok(shown(document(model)?, hidden))
}

/// Returns whatever serializes to a document as one.
///
/// # Errors
/// A 500 when it does not.
pub(super) fn document(model: &impl Serialize) -> Result<Document, Problem> {
    bson::serialize_to_document(model)
        .map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))
}

pub(super) fn shown(document: Document, hidden: &[&str]) -> Value {
    let fields = document
        .into_iter()
        .filter(|(key, _)| !hidden.contains(&key.as_str()))
        .map(|(key, value)| match key.as_str() {
            "_id" => ("id".to_owned(), plain(value)),
            _ => (key, plain(value)),
        });
    Value::Object(fields.collect())
}

/// Returns a value as JSON has it, where BSON's extended JSON would wrap it in `$oid` and `$date`.
fn plain(value: Bson) -> Value {
    match value {
        Bson::ObjectId(id) => id.to_hex().into(),
        Bson::DateTime(date) => rfc3339(date).into(),
        Bson::Int64(number) => number.into(),
        Bson::Decimal128(number) => number.to_string().into(),
        Bson::Array(items) => items.into_iter().map(plain).collect(),
        Bson::Document(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect::<Map<_, _>>(),
        ),
        other => serde_json::to_value(other).unwrap_or_default(),
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
        assert_eq!(to_json(&document, &["secret"]).unwrap(), expected);
    }
}
