//! One seed as an application writes it: of which model, of which kind, by which key, and what it writes.

use std::{marker::PhantomData, sync::Arc};

use mongodb::bson::{Bson, Document, deserialize_from_document, doc, serialize_to_document};

use super::{context::Context, draw::Draw, error::SeedError, row::Row};
use crate::{
    model::{Upkeep, misfit},
    registry::Routed,
};

/// What a seed does with its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// What differs is written, at each run.
    Reference,
    /// What was never there is inserted; what somebody took away or changed stays so.
    Once,
    /// The same as a reference, in development and test only; what people changed is kept.
    Demo,
    /// Many documents that a generator draws, in development and test only.
    Volume,
}

impl Kind {
    /// Returns it in a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Once => "once",
            Self::Demo => "demo",
            Self::Volume => "volume",
        }
    }

    /// Returns whether it belongs into development and test only.
    pub fn is_harmless_only(self) -> bool {
        matches!(self, Self::Demo | Self::Volume)
    }
}

/// What becomes of fields that people changed since the seed last wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changed {
    /// The seed's values are written over them.
    Overwrite,
    /// They stay.
    Keep,
    /// The seed fails, and says which fields of how many rows.
    Fail,
}

/// Rows of the model `M`, which are written by their natural key.
#[must_use = "a seed does nothing before it stands in a list"]
pub struct Seed<M> {
    pub(super) described: Described,
    model: PhantomData<fn() -> M>,
}

type Rows = dyn Fn(&Context) -> Result<Vec<Row>, SeedError> + Send + Sync;
type Drawn = dyn Fn(&mut Draw<'_>) -> Row + Send + Sync;

/// Where a seed's rows come from.
#[derive(Clone)]
pub(super) enum Source {
    Nothing,
    Rows(Arc<Rows>),
    Drawn { weight: u32, row: Arc<Drawn> },
}

/// A seed, its model known by what is asked of it only.
#[derive(Clone)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) key: &'static [&'static str],
    pub(super) after: Vec<&'static str>,
    pub(super) changed: Changed,
    pub(super) prunes: bool,
    pub(super) source: Source,
    pub(super) collection: &'static str,
    pub(super) upkeep: Upkeep,
    /// Returns a document as the model would write it.
    pub(super) fit: fn(&Document) -> Result<Document, String>,
}

impl<M: Routed> Seed<M> {
    fn new(name: &'static str, kind: Kind) -> Self {
        let changed = match kind {
            Kind::Demo => Changed::Keep,
            _ => Changed::Overwrite,
        };
        let described = Described {
            name,
            kind,
            key: &[],
            after: Vec::new(),
            changed,
            prunes: false,
            source: Source::Nothing,
            collection: M::COLLECTION,
            upkeep: M::UPKEEP,
            fit: fit::<M>,
        };
        Self {
            described,
            model: PhantomData,
        }
    }

    /// Returns a seed whose rows are brought back to what it says at each run. Its name is 1–60 of a–z, 0–9,
    /// `_` and `-`, unique within the list.
    pub fn reference(name: &'static str) -> Self {
        Self::new(name, Kind::Reference)
    }

    /// Returns a seed that inserts what was never there, and leaves the rest to people.
    pub fn once(name: &'static str) -> Self {
        Self::new(name, Kind::Once)
    }

    /// Returns a seed for development and test only. What people changed is kept unless
    /// [`changed`](Self::changed) says otherwise.
    pub fn demo(name: &'static str) -> Self {
        Self::new(name, Kind::Demo)
    }

    /// Returns a seed of as many documents as a run asks for; see [`drawn`](Self::drawn).
    pub fn volume(name: &'static str) -> Self {
        Self::new(name, Kind::Volume)
    }

    /// Returns the seed with its natural key: the fields by which a row is found again. A unique index on
    /// exactly these fields must be there; else nothing is written.
    pub fn key(mut self, fields: &'static [&'static str]) -> Self {
        self.described.key = fields;
        self
    }

    /// Returns the seed as one that runs after another one of its list, and not when that one failed.
    pub fn after(mut self, seed: &'static str) -> Self {
        self.described.after.push(seed);
        self
    }

    /// Returns the seed with what becomes of fields that people changed.
    pub fn changed(mut self, policy: Changed) -> Self {
        self.described.changed = policy;
        self
    }

    /// Returns the seed as one that takes rows away which it has inserted and no longer has.
    pub fn pruning(mut self) -> Self {
        self.described.prunes = true;
        self
    }

    /// Returns the seed with its rows. They are asked for at each database anew, and may be asked for more
    /// than once: the same each time.
    pub fn rows(
        mut self,
        rows: impl Fn(&Context) -> Result<Vec<Row>, SeedError> + Send + Sync + 'static,
    ) -> Self {
        self.described.source = Source::Rows(Arc::new(rows));
        self
    }

    /// Returns the seed with what draws its documents. Of a tenant's documents it gets the share that its
    /// weight has in those of all volume seeds of the list.
    pub fn drawn(
        mut self,
        weight: u32,
        row: impl Fn(&mut Draw<'_>) -> Row + Send + Sync + 'static,
    ) -> Self {
        let row = Arc::new(row);
        self.described.source = Source::Drawn { weight, row };
        self
    }
}

/// Reads a document as the model does and writes it again, so that types and defaults are the model's. A
/// field that the model does not know would be lost on the way.
fn fit<M: Routed>(row: &Document) -> Result<Document, String> {
    let read: M = deserialize_from_document(row.clone()).map_err(|error| misfit::reason(&error))?;
    let mut fitted = serialize_to_document(&read).map_err(|error| misfit::reason(&error))?;
    let lost = |(field, value): &(&String, &Bson)| {
        *field != "_id" && **value != Bson::Null && !fitted.contains_key(*field)
    };
    if let Some((field, _)) = row.iter().find(lost) {
        return Err(format!("field `{field}` is none of the model"));
    }
    let kept = M::UPKEEP.fields();
    if let Some(field) = kept.iter().find(|field| fitted.contains_key(**field)) {
        return Err(format!("field `{field}` is kept by the library"));
    }
    if let Some(id) = row.get("_id") {
        fitted.insert("_id", id.clone());
    }
    Ok(fitted)
}

impl Described {
    /// Returns what stands for the seed at one database, as it is written: the same for the same data.
    pub(super) fn rendered(&self, rows: &[Row]) -> Document {
        doc! {
            "kind": self.kind.as_str(),
            "collection": self.collection,
            "key": self.key,
            "prunes": self.prunes,
            "rows": rows.iter().map(Row::rendered).collect::<Vec<_>>(),
        }
    }

    pub(super) fn is_volume(&self) -> bool {
        self.kind == Kind::Volume
    }
}
