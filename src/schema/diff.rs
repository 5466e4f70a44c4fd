//! What a collection has otherwise than its model says: pure, no I/O.

use mongodb::{
    IndexModel,
    bson::{Document, doc},
    options::{IndexOptions, ValidationLevel},
    results::{CollectionSpecification, CollectionType},
};

use super::{Cure, Kind, Part};
use crate::{model::Index, registry::Route};

/// A collection as the server describes it.
pub(super) struct Found {
    pub(super) collection: CollectionSpecification,
    pub(super) indexes: Vec<FoundIndex>,
}

/// An index as the server describes it.
pub(super) struct FoundIndex {
    pub(super) model: IndexModel,
    /// Whether it is still being built: no query uses it yet, and the build may fail.
    pub(super) is_building: bool,
}

/// One difference, and what would end it.
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) part: Part,
    pub(super) what: String,
    pub(super) remedy: Remedy,
}

/// What would end a difference.
pub(super) enum Remedy {
    /// Creating the collection, with its validator and all its indexes.
    Create,
    /// Creating an index, or waiting for the build that is going on.
    Index { index: Index, is_building: bool },
    /// Setting the model's validator, in the place of another one or of none.
    Validator { schema: Document, replaces: bool },
    /// A migration, or a person.
    Migration,
    /// Nothing: it is no difference that matters to a model.
    Nothing,
}

impl Remedy {
    /// Returns whether the cure is another one where the collection holds no document.
    pub(super) fn depends_on_documents(&self) -> bool {
        matches!(self, Self::Index { .. } | Self::Validator { .. })
    }

    /// Returns the cure. A validator that somebody else made is never replaced over documents: it
    /// may be a fence.
    pub(super) fn cure(&self, is_empty: bool) -> Cure {
        match self {
            Self::Create => Cure::Add,
            Self::Index { is_building, .. } if is_empty || *is_building => Cure::Add,
            Self::Validator { replaces, .. } if is_empty || !replaces => Cure::Add,
            Self::Index { .. } | Self::Validator { .. } | Self::Migration => Cure::Migration,
            Self::Nothing => Cure::Nothing,
        }
    }

    /// Returns whether [`Mode::Build`](super::Mode::Build) does it.
    pub(super) fn is_built(&self) -> bool {
        !matches!(self, Self::Migration | Self::Nothing)
    }
}

impl Finding {
    fn missing(part: Part, what: impl Into<String>, remedy: Remedy) -> Self {
        let (kind, what) = (Kind::Missing, what.into());
        Self {
            kind,
            part,
            what,
            remedy,
        }
    }

    fn different(part: Part, what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Different,
            ..Self::missing(part, what, Remedy::Migration)
        }
    }

    fn unknown(part: Part, what: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unknown,
            ..Self::missing(part, what, Remedy::Nothing)
        }
    }
}

/// Compares a model with its collection, `None` where there is none.
pub(super) fn compare(route: &Route, found: Option<&Found>) -> Vec<Finding> {
    let Some(found) = found else {
        return vec![Finding::missing(
            Part::Collection,
            "the collection",
            Remedy::Create,
        )];
    };
    if let Some(instead) = instead_of_plain(&found.collection) {
        // Nothing fits into such a one: its indexes would be others than the model's too.
        let what = format!("a plain collection; {instead} is there");
        return vec![Finding::different(Part::Collection, what)];
    }
    let mut findings = Vec::new();
    if found.collection.options.capped == Some(true) {
        let what = "a plain collection; a capped one is there, which forgets its oldest documents";
        findings.push(Finding::different(Part::Collection, what));
    }
    findings.extend(indexes(&route.indexes(), &found.indexes));
    findings.extend(validator((route.validator)(), &found.collection));
    findings
}

/// Returns the finding of a collection that belongs to no model; `None` for MongoDB's own.
pub(super) fn stranger(collection: &CollectionSpecification) -> Option<Finding> {
    let own = collection.name.starts_with("system.");
    let what = instead_of_plain(collection).unwrap_or("a collection");
    (!own).then(|| Finding::unknown(Part::Collection, format!("{what} of no model")))
}

fn instead_of_plain(collection: &CollectionSpecification) -> Option<&'static str> {
    match collection.collection_type {
        CollectionType::View => Some("a view"),
        CollectionType::Timeseries => Some("a time series collection"),
        _ if collection.options.collation.is_some() => Some("one with a collation"),
        _ => None,
    }
}

fn indexes(wanted: &[Index], found: &[FoundIndex]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut known = vec![false; found.len()];
    for index in wanted {
        if let Some(at) = found.iter().position(|other| index.matches(&other.model)) {
            known[at] = true;
            findings.extend(found[at].is_building.then(|| unbuilt(*index)));
            continue;
        }
        let name = index.name();
        let alike =
            |other: &FoundIndex| name_of(&other.model) == name || index.has_keys_of(&other.model);
        let alike: Vec<usize> = (0..found.len()).filter(|&at| alike(&found[at])).collect();
        alike.iter().for_each(|&at| known[at] = true);
        findings.push(match alike.first() {
            Some(&at) => different(index, &found[at].model),
            None => Finding::missing(Part::Index, index.describe(), create(*index)),
        });
    }
    let strangers = found
        .iter()
        .zip(known)
        .filter(|(other, known)| !known && name_of(&other.model) != "_id_");
    findings
        .extend(strangers.map(|(other, _)| Finding::unknown(Part::Index, describe(&other.model))));
    findings
}

fn create(index: Index) -> Remedy {
    let is_building = false;
    Remedy::Index { index, is_building }
}

fn unbuilt(index: Index) -> Finding {
    let what = format!("{}, which is still being built", index.describe());
    let is_building = true;
    Finding::missing(Part::Index, what, Remedy::Index { index, is_building })
}

fn different(wanted: &Index, found: &IndexModel) -> Finding {
    let what = format!(
        "{} as the model has it; there is {}",
        wanted.describe(),
        describe(found)
    );
    Finding::different(Part::Index, what)
}

fn name_of(index: &IndexModel) -> &str {
    let options = index.options.as_ref();
    options
        .and_then(|options| options.name.as_deref())
        .unwrap_or_default()
}

/// Returns an index in words, without the filter of a partial one: that may hold values.
fn describe(index: &IndexModel) -> String {
    let none = IndexOptions::default();
    let options = index.options.as_ref().unwrap_or(&none);
    let is = Some(true);
    let traits = [
        (options.unique == is).then(|| ", unique".to_owned()),
        options
            .expire_after
            .map(|age| format!(", expireAfterSeconds {}", age.as_secs())),
        (options.sparse == is).then(|| ", sparse".to_owned()),
        (options.hidden == is).then(|| ", hidden".to_owned()),
        (options.partial_filter_expression.as_ref()).map(|_| ", partial".to_owned()),
        (options.collation.as_ref()).map(|_| ", with a collation".to_owned()),
    ];
    let traits: String = traits.into_iter().flatten().collect();
    format!("index `{}` ({}{traits})", name_of(index), index.keys)
}

/// Compares validators. One that was added to documents that were there is moderate and warns, which
/// counts as the model's: strictness is a migration's.
fn validator(wanted: Option<Document>, found: &CollectionSpecification) -> Option<Finding> {
    let options = &found.options;
    let is_off = matches!(options.validation_level, Some(ValidationLevel::Off));
    let Some(wanted) = wanted.map(|schema| doc! { "$jsonSchema": schema }) else {
        let there = options.validator.as_ref()?;
        let what = match there.is_empty() || is_off {
            true => return None,
            false => "a validator, where the model has none",
        };
        return Some(Finding::unknown(Part::Validator, what));
    };
    let (kind, what) = match &options.validator {
        Some(there) if *there == wanted && !is_off => return None,
        Some(there) if *there == wanted => (Kind::Different, "the model's validator switched on"),
        Some(_) => (
            Kind::Different,
            "the model's validator; another one is there",
        ),
        None => (Kind::Missing, "the model's validator"),
    };
    let remedy = Remedy::Validator {
        schema: wanted,
        replaces: options.validator.is_some(),
    };
    Some(Finding {
        kind,
        ..Finding::missing(Part::Validator, what, remedy)
    })
}

#[cfg(test)]
mod tests;
