//! Documents as the JSON that people expect.

use axum::http::StatusCode;
use mongoplex::bson::{self, DateTime, Document, RawBsonRef, RawDocumentBuf};
use serde::{
    Serialize, Serializer,
    ser::{Error, SerializeMap, SerializeSeq},
};

use crate::problem::Problem;

/// A document on its way to JSON, without its hidden fields: `_id` is `id`, ids are hexadecimal, dates
/// RFC 3339. It is written from the document's bytes, without a tree of values in between.
#[derive(Debug, Clone)]
pub struct Shown {
    document: RawDocumentBuf,
    hidden: &'static [&'static str],
}

/// Returns a model or a stored document as it is shown, without its `hidden` fields.
///
/// # Errors
/// A 500 when it is no document.
pub fn shown(model: &impl Serialize, hidden: &'static [&'static str]) -> Result<Shown, Problem> {
    let document = bson::serialize_to_raw_document_buf(model).map_err(no_document)?;
    Ok(Shown { document, hidden })
}

/// Returns whatever serializes to a document as one.
///
/// # Errors
/// A 500 when it does not.
pub(super) fn document(model: &impl Serialize) -> Result<Document, Problem> {
    bson::serialize_to_document(model).map_err(no_document)
}

fn no_document(_: bson::error::Error) -> Problem {
    Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR)
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for element in &self.document {
            let (key, value) = element.map_err(S::Error::custom)?;
            if self.hidden.contains(&key.as_str()) {
                continue;
            }
            let key = if key == "_id" { "id" } else { key.as_str() };
            map.serialize_entry(key, &Plain(value))?;
        }
        map.end()
    }
}

/// A value as JSON has it, where BSON's extended JSON would wrap it in `$oid` and `$date`.
struct Plain<'a>(RawBsonRef<'a>);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            RawBsonRef::ObjectId(id) => serializer.collect_str(&id),
            RawBsonRef::DateTime(date) => serializer.serialize_str(&rfc3339(date)),
            RawBsonRef::Decimal128(number) => serializer.collect_str(&number),
            RawBsonRef::Array(items) => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items {
                    list.serialize_element(&Plain(item.map_err(S::Error::custom)?))?;
                }
                list.end()
            }
            RawBsonRef::Document(fields) => {
                let mut map = serializer.serialize_map(None)?;
                for field in fields {
                    let (key, value) = field.map_err(S::Error::custom)?;
                    map.serialize_entry(key.as_str(), &Plain(value))?;
                }
                map.end()
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
    let zeros = "000".get(fraction.len()..).unwrap_or_default();
    [seconds, ".", fraction, zeros, "Z"].concat()
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

    #[test]
    fn a_date_has_three_digits_of_a_second() {
        let written = |millis| rfc3339(DateTime::from_millis(millis));

        assert_eq!(written(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(100), "1970-01-01T00:00:00.100Z");
        assert_eq!(written(1_020), "1970-01-01T00:00:01.020Z");
        assert_eq!(written(1_003), "1970-01-01T00:00:01.003Z");
    }
}
