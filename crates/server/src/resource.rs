//! The usual ways of a resource: read, create, change by version, delete, list.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use mongoplex::{
    Collection, Model, Versioned,
    bson::{self, Bson, DateTime, Document, doc, oid::ObjectId},
    mongodb::options::ReturnDocument,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    extract::{IfMatch, Json, Page},
    problem::Problem,
};

/// Returns 200 with the document and its version as `ETag`.
///
/// # Errors
/// A 500 when the model is no document.
pub fn found<M: Versioned>(model: &M) -> Result<Response, Problem> {
    answer(StatusCode::OK, model, None)
}

/// Returns 201 with the document, its `ETag`, and its address below `path` as `Location`.
///
/// # Errors
/// A 500 when the model is no document.
pub fn created<M: Versioned>(path: &str, model: &M) -> Result<Response, Problem> {
    answer(
        StatusCode::CREATED,
        model,
        Some((header::LOCATION, format!("{path}/{}", model.id()))),
    )
}

/// Reads one document.
///
/// # Errors
/// A 404 when there is none; those of the database.
pub async fn read<M: Versioned>(collection: &Collection<M>, id: ObjectId) -> Result<M, Problem> {
    collection
        .find_one(doc! { "_id": id })
        .await?
        .ok_or_else(Problem::not_found)
}

/// Changes one document if it still has `version`: sets the fields of `set`, drops those of `unset`.
///
/// # Errors
/// A 404 when there is none, a 412 when it has another version; those of the database.
pub async fn change<M: Versioned>(
    collection: &Collection<M>,
    id: ObjectId,
    version: i64,
    mut set: Document,
    unset: &[&str],
) -> Result<M, Problem> {
    set.insert("updatedAt", DateTime::now());
    let mut update = doc! { "$set": set, "$inc": { "version": 1_i64 } };
    if !unset.is_empty() {
        let unset: Document = unset
            .iter()
            .map(|field| ((*field).to_owned(), Bson::from("")))
            .collect();
        update.insert("$unset", unset);
    }
    let filter = doc! { "_id": id, "version": version };
    let changed = collection
        .find_one_and_update(filter, update)
        .return_document(ReturnDocument::After);
    match changed.await? {
        Some(model) => Ok(model),
        None => {
            read(collection, id).await?;
            Err(Problem::stale())
        }
    }
}

/// Deletes one document and returns 204; with a version only if it still has it.
///
/// # Errors
/// A 404 when there is none, a 412 when it has another version; those of the database.
pub async fn delete<M: Versioned>(
    collection: &Collection<M>,
    id: ObjectId,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    let mut filter = doc! { "_id": id };
    if let Some(IfMatch(version)) = version {
        filter.insert("version", version);
    }
    if collection.delete_one(filter).await?.deleted_count > 0 {
        return Ok(StatusCode::NO_CONTENT);
    }
    read(collection, id).await?;
    Err(Problem::stale())
}

/// Returns a page of all documents in the order of their ids, which stays right under inserts.
///
/// # Errors
/// A 400 for a bad cursor; those of the database.
pub async fn list<M: Versioned>(
    collection: &Collection<M>,
    page: &Page,
) -> Result<Json<Value>, Problem> {
    let filter = page
        .after_id()?
        .map_or_else(|| doc! {}, |after| doc! { "_id": { "$gt": after } });
    // One more than asked for tells whether there is a next page.
    let found = collection
        .find(filter)
        .sort(doc! { "_id": 1 })
        .limit(page.limit + 1)
        .await?;
    let mut models: Vec<M> = found.try_collect().await?;
    let more = models.len() > page.limit as usize;
    models.truncate(page.limit as usize);
    let next = models
        .last()
        .filter(|_| more)
        .map(|last| last.id().to_hex());
    let items = models.iter().map(to_json).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({ "items": items, "nextCursor": next })))
}

/// Reads a field of a change: it may be left out, but `null` is not silently taken for that.
///
/// For `#[serde(default, deserialize_with = "given")]` on an `Option`.
///
/// # Errors
/// Those of the value, `null` included.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    value: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Returns the fields of a body as a document, for [`change`].
///
/// # Errors
/// A 500 when it is no document.
pub fn fields(body: &impl Serialize) -> Result<Document, Problem> {
    bson::serialize_to_document(body)
        .map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn answer<M: Versioned>(
    status: StatusCode,
    model: &M,
    more: Option<(HeaderName, String)>,
) -> Result<Response, Problem> {
    let etag = (header::ETAG, format!("\"{}\"", model.version()));
    let mut response = (status, Json(to_json(model)?)).into_response();
    for (name, value) in [Some(etag), more].into_iter().flatten() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Returns a model as JSON: `_id` is `id`, ids are hexadecimal, dates RFC 3339.
///
/// # Errors
/// A 500 when the model is no document.
pub fn to_json<M: Model>(model: &M) -> Result<Value, Problem> {
    let renamed = fields(model)?
        .into_iter()
        .map(|(key, value)| match key.as_str() {
            "_id" => ("id".to_owned(), plain(value)),
            _ => (key, plain(value)),
        });
    Ok(Value::Object(renamed.collect()))
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
    use mongoplex::bson::oid::ObjectId;

    use super::*;

    #[test]
    fn bson_becomes_the_json_that_people_expect() {
        let id = ObjectId::new();
        let when = DateTime::from_millis(0);
        let value = plain(Bson::Document(
            doc! { "id": id, "at": when, "n": 5_i64, "deep": [{ "x": id }] },
        ));

        let expected = json!({ "id": id.to_hex(), "at": "1970-01-01T00:00:00.000Z", "n": 5, "deep": [{ "x": id.to_hex() }] });
        assert_eq!(value, expected);
    }
}
