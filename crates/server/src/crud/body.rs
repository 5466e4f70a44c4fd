//! Bodies: a whole model or a part of it, taken strictly.

use std::marker::PhantomData;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use mongoplex::{
    Resource,
    bson::{self, Bson, Document},
};
use serde_json::{Map, Value};

use super::{
    json,
    json::Shown,
    shape::{Shape, is_kept},
    strict,
};
use crate::{
    extract::{malformed, misfit, unknown},
    problem::Problem,
};

/// The fields of a JSON object, none of them the library's or hidden.
#[derive(Debug)]
pub(super) struct Body<M> {
    pub(super) fields: Map<String, Value>,
    model: PhantomData<fn() -> M>,
}

impl<S: Send + Sync, M: Resource> FromRequest<S> for Body<M> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| Problem::of_status(rejection.status()))?;
        let fields = strict::object(&bytes).map_err(|error| malformed(&error))?;
        let model = PhantomData;
        Ok(Self { fields, model })
    }
}

impl<M: Resource> Body<M> {
    /// Takes out what is not the client's to set: `id`, the stamps, hidden fields. Whoever sends back what
    /// they read may leave `id` and the stamps in, as they are in `shown`.
    pub(super) fn without_theirs(mut self, shown: Option<&Shown>) -> Result<Self, Problem> {
        let shown = shown.and_then(|shown| serde_json::to_value(shown).ok());
        let mut theirs = Vec::new();
        self.fields.retain(|name, value| {
            let kept = is_kept(M::UPKEEP, name) || name == "id";
            let same = shown.as_ref().and_then(|shown| shown.get(name)) == Some(value);
            if (kept && !same) || M::HIDDEN.contains(&name.as_str()) {
                theirs.push(name.clone());
            }
            !kept
        });
        match theirs.is_empty() {
            true => Ok(self),
            false => Err(unfit("these fields are not yours to set").with_fields(theirs)),
        }
    }
}

impl<M: Resource> Body<M> {
    /// Returns the fields as BSON, with dates and ids where the model has them.
    pub(super) fn document(self) -> Result<Document, Problem> {
        let document = Shape::of::<M>().document(self.fields, "");
        document.map_err(|(path, expected)| {
            unfit(format!("expected {expected}")).with_fields(vec![path])
        })
    }
}

/// Reads a whole document as the model, strictly: a field that the model does not have is a fault.
pub(super) fn model<M: Resource>(document: Document) -> Result<M, Problem> {
    let mut ignored = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| ignored.push(path.to_string());
    let bson = bson::Deserializer::new(Bson::Document(document));
    let strict = serde_ignored::Deserializer::new(bson, &mut note);
    let model = serde_path_to_error::deserialize(strict).map_err(|error| {
        let text = error.inner().message.clone().unwrap_or_default();
        misfit(&error.path().to_string(), &text)
    })?;
    if ignored.is_empty() {
        Ok(model)
    } else {
        Err(unknown(ignored))
    }
}

/// Applies a JSON merge patch (RFC 7396): `null` drops a field, an object changes the fields that it
/// names, anything else replaces.
pub(super) fn merge(document: &mut Document, patch: Document) {
    for (key, value) in patch {
        match value {
            Bson::Null => drop(document.remove(&key)),
            Bson::Document(inner) => match document.get_document_mut(&key) {
                Ok(there) => merge(there, inner),
                Err(_) => {
                    let mut new = Document::new();
                    merge(&mut new, inner);
                    document.insert(key, new);
                }
            },
            value => drop(document.insert(key, value)),
        }
    }
}

/// What turns one model into another: the fields to set and those to drop.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Difference {
    pub(super) set: Document,
    pub(super) unset: Vec<String>,
}

impl Difference {
    /// Compares two models field by field, as they are stored.
    pub(super) fn between<M: Resource>(before: &M, after: &M) -> Result<Self, Problem> {
        let (before, after) = (json::document(before)?, json::document(after)?);
        let unset = before
            .keys()
            .filter(|key| !after.contains_key(*key))
            .cloned()
            .collect();
        let changed = |(key, value): &(String, Bson)| before.get(key) != Some(value);
        let set = after.into_iter().filter(changed).collect();
        Ok(Self { set, unset })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty()
    }

    /// Returns the names of the fields, in the order of the model.
    pub(super) fn fields(&self) -> Vec<String> {
        self.set.keys().chain(&self.unset).cloned().collect()
    }

    pub(super) fn update(&self) -> Document {
        let mut update = Document::new();
        if !self.set.is_empty() {
            update.insert("$set", self.set.clone());
        }
        if !self.unset.is_empty() {
            let dropped = self
                .unset
                .iter()
                .map(|field| (field.clone(), Bson::from("")));
            update.insert("$unset", dropped.collect::<Document>());
        }
        update
    }
}

fn unfit(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "unfit-json", detail)
}

#[cfg(test)]
mod tests {
    use mongoplex::bson::doc;

    use super::*;

    #[test]
    fn a_merge_patch_changes_what_it_names() {
        let mut document = doc! { "a": 1, "b": { "c": 1, "d": 2 }, "e": [1, 2] };

        merge(
            &mut document,
            doc! { "a": null, "b": { "c": null, "x": 3 }, "e": [3], "n": { "z": null, "y": 1 } },
        );

        assert_eq!(
            document,
            doc! { "b": { "d": 2, "x": 3 }, "e": [3], "n": { "y": 1 } }
        );
    }
}
