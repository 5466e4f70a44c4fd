//! Where a page ended: a place in the order and not a count, so that inserts shift nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use mongoplex::{
    Resource,
    bson::{self, Bson, Document, RawDocument, doc},
};
use serde::{Deserialize, Serialize};

use super::{
    filter,
    shape::{bad, stored_name},
};
use crate::problem::Problem;

/// The order of a list: one field and `_id` behind it, both in one direction, so that one index
/// serves it and no two documents are in the same place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sort {
    field: String,
    descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self {
            field: "_id".into(),
            descending: false,
        }
    }
}

impl Sort {
    /// Reads `field` or `-field`.
    pub(super) fn read<M: Resource>(text: &str) -> Result<Self, Problem> {
        let (field, descending) = match text.strip_prefix('-') {
            Some(field) => (field, true),
            None => (text, false),
        };
        if !filter::allows::<M>(field) {
            let what = format!(
                "expected a field, with `-` before it for the last first; there are {}",
                filter::allowed::<M>()
            );
            return Err(bad("sort", &what));
        }
        if matches!(filter::shape::<M>(field).kind(), "array" | "object") {
            return Err(bad("sort", "a list or an object has no place in an order"));
        }
        let field = stored_name(field).to_owned();
        Ok(Self { field, descending })
    }

    pub(super) fn document(&self) -> Document {
        let direction = if self.descending { -1 } else { 1 };
        let mut sort = doc! { &self.field: direction };
        sort.insert("_id", direction);
        sort
    }

    /// Returns the name of the order, so that a cursor of another one is told apart.
    fn name(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.field)
    }
}

/// The place of the last document of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    sort: String,
    value: Bson,
    id: Bson,
}

impl Cursor {
    /// Returns the place of a document.
    pub(super) fn at(document: &RawDocument, sort: &Sort) -> Self {
        let document = &Document::try_from(document).unwrap_or_default();
        let mut value = Some(&Bson::Null);
        let mut inside = Some(document);
        for part in sort.field.split('.') {
            value = inside.and_then(|inside| inside.get(part));
            inside = value.and_then(Bson::as_document);
        }
        Self {
            sort: sort.name(),
            value: value.cloned().unwrap_or(Bson::Null),
            id: document.get("_id").cloned().unwrap_or(Bson::Null),
        }
    }

    /// Returns the text that the next request gives back.
    pub(super) fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(bson::serialize_to_vec(self).unwrap_or_default())
    }

    /// Reads the text that a page gave.
    ///
    /// # Errors
    /// A 400 where it is none, or one of another order, or holds what no page ends at.
    pub(super) fn read(text: &str, sort: &Sort) -> Result<Self, Problem> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| bson::deserialize_from_slice::<Self>(&bytes).ok());
        cursor
            .filter(|cursor| cursor.sort == sort.name())
            .filter(|cursor| is_plain(&cursor.value) && is_plain(&cursor.id))
            .ok_or_else(|| {
                bad(
                    "after",
                    "use the `nextCursor` of the page before, with the same `sort`",
                )
            })
    }

    /// Returns the filter of what stands behind. MongoDB sorts a missing value like null, before all
    /// others; `$gt` and `$lt` compare within one type, so null is asked for by itself. Every value
    /// stands behind an operator: one that is a document is compared, and never read.
    pub(super) fn filter(&self, sort: &Sort) -> Document {
        let (field, value, id) = (sort.field.as_str(), &self.value, &self.id);
        let beyond = if sort.descending { "$lt" } else { "$gt" };
        if field == "_id" {
            return doc! { "_id": { beyond: id } };
        }
        let tie = doc! { field: { "$eq": value }, "_id": { beyond: id } };
        match (value, sort.descending) {
            (Bson::Null, true) => tie,
            (Bson::Null, false) => doc! { "$or": [tie, { field: { "$ne": null } }] },
            (_, false) => doc! { "$or": [tie, { field: { "$gt": value } }] },
            (_, true) => {
                doc! { "$or": [tie, { field: { "$lt": value } }, { field: { "$eq": null } }] }
            }
        }
    }
}

/// Returns whether a page can end at a value. A pattern or a document in a cursor was never in one that
/// we gave, and MongoDB refuses to compare some of them.
fn is_plain(value: &Bson) -> bool {
    use Bson as B;
    matches!(
        value,
        B::Null
            | B::Boolean(_)
            | B::Int32(_)
            | B::Int64(_)
            | B::Double(_)
            | B::Decimal128(_)
            | B::String(_)
            | B::DateTime(_)
            | B::ObjectId(_)
            | B::Binary(_)
            | B::Timestamp(_)
    )
}
