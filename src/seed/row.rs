//! A row of a seed: a model's value, or a document, with what is only known in the database.

use std::{fmt, sync::Arc};

use mongodb::bson::{Bson, Document, doc, serialize_to_document};
use serde::Serialize;

use super::{context::Context, error::SeedError};
use crate::model::{Model, misfit};

type Make = dyn Fn(&Context) -> Result<Bson, SeedError> + Send + Sync;

/// A document as a seed wants it to be.
#[derive(Clone)]
pub struct Row {
    pub(super) fields: Result<Document, String>,
    pub(super) references: Vec<(&'static str, Reference)>,
    pub(super) made: Vec<(&'static str, Arc<Make>)>,
}

/// Another document, by its natural key; see [`by_key`].
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub(super) collection: &'static str,
    pub(super) soft_delete: bool,
    pub(super) key: Document,
    pub(super) field: &'static str,
}

/// Returns a reference to a field of the document of `M` that has this natural key, in the same database. It
/// is looked up there when the row is compared, so it holds whoever wrote the other document, and when.
pub fn by_key<M: Model>(key: Document, field: &'static str) -> Reference {
    Reference {
        collection: M::COLLECTION,
        soft_delete: M::UPKEEP.is_soft_delete(),
        key,
        field,
    }
}

impl Row {
    /// Returns the row of a model's value, or of a document that fits the model.
    #[must_use]
    pub fn new(value: &impl Serialize) -> Self {
        Self {
            fields: serialize_to_document(value).map_err(|error| misfit::reason(&error)),
            references: Vec::new(),
            made: Vec::new(),
        }
    }

    /// Returns the row with its `_id`. Without it a new one is made.
    #[must_use]
    pub fn id(mut self, id: impl Into<Bson>) -> Self {
        if let Ok(fields) = &mut self.fields {
            fields.insert("_id", id);
        }
        self
    }

    /// Returns the row with a field that refers to another document. It cannot be a part of the key.
    #[must_use]
    pub fn refer(mut self, field: &'static str, to: Reference) -> Self {
        self.references.push((field, to));
        self
    }

    /// Returns the row with a field that is made only when the row is inserted, and neither compared nor
    /// recorded: what must not be known before, or costs much. For seeds that write [`once`](super::Seed::once).
    #[must_use]
    pub fn at_insert(
        mut self,
        field: &'static str,
        make: impl Fn(&Context) -> Result<Bson, SeedError> + Send + Sync + 'static,
    ) -> Self {
        self.made.push((field, Arc::new(make)));
        self
    }

    /// Returns what stands for the row as it is written down: the same for the same data.
    pub(super) fn rendered(&self) -> Document {
        let references = self.references.iter();
        let references = references.map(|(field, to)| {
            let to = doc! { "in": to.collection, "key": &to.key, "field": to.field };
            ((*field).to_owned(), Bson::from(to))
        });
        doc! {
            "fields": self.fields.as_ref().ok(),
            "references": references.collect::<Document>(),
            "made": self.made.iter().map(|(field, _)| *field).collect::<Vec<_>>(),
        }
    }
}

/// No values: rows may hold personal data.
impl fmt::Debug for Row {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields.as_ref().map(Document::len).unwrap_or_default();
        write!(out, "Row({fields} fields)")
    }
}
