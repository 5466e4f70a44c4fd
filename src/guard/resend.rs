//! Whether a call may be sent again: a function of its inputs, never a constant of the verb.

use mongodb::bson::{Bson, Document};

use mongodb::options::UpdateModifications;

use crate::model::Upkeep;

/// What a repeat of a call would do if the first one had been applied after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resend {
    /// Nothing: it only reads.
    Read,
    /// Meet its own document: the `_id` was made before the first attempt.
    PinnedInsert,
    /// The same, and more documents than one command takes: a failure speaks of the last command only.
    PinnedInserts,
    /// The same again: it replaces or deletes the one document of an `_id`, or only sets fields of it.
    /// What somebody else wrote there in between is written over a second time, a `version` that the
    /// library keeps may count two changes, and a deletion may answer that it deleted none.
    SameEffect,
    /// Nothing, as it changes one version of one document, which its first attempt ended. By the token
    /// that it carries the library tells its own change from another.
    Versioned,
    /// Perhaps something else: it may be sent again only when it surely was not sent.
    UnsentOnly,
    /// The same for what changes many documents: it may be sent again only when no server had it at all.
    Many,
}

/// Operators whose repeat on the same document leaves it as it is.
const REPEATABLE: [&str; 6] = [
    "$set",
    "$unset",
    "$setOnInsert",
    "$min",
    "$max",
    "$addToSet",
];

impl Resend {
    /// Judges a replacement, or a deletion that marks, by its filter.
    pub fn of_filter(filter: &Document, upkeep: Upkeep) -> Self {
        if names_one(filter) {
            Self::SameEffect
        } else if upkeep.has_stamps() && names_version(filter) {
            Self::Versioned
        } else {
            Self::UnsentOnly
        }
    }

    /// Judges an update by its filter and its operators.
    pub fn of_update(filter: &Document, update: &UpdateModifications, upkeep: Upkeep) -> Self {
        let repeatable = match update {
            UpdateModifications::Document(update) => update
                .keys()
                .all(|operator| REPEATABLE.contains(&operator.as_str())),
            // A pipeline may compute the new value from the old one.
            _ => false,
        };
        match Self::of_filter(filter, upkeep) {
            Self::SameEffect if !repeatable => Self::UnsentOnly,
            judged => judged,
        }
    }

    /// Judges an insert of several documents. The driver sends up to 100,000 or 48 MB in one command.
    pub fn of_inserts(sizes: impl IntoIterator<Item = usize>) -> Self {
        let (mut count, mut bytes) = (0, 0);
        for size in sizes {
            (count, bytes) = (count + 1, bytes + size);
        }
        match count <= 100_000 && bytes <= 40_000_000 {
            true => Self::PinnedInsert,
            false => Self::PinnedInserts,
        }
    }

    /// Returns the same for a call that changes all documents that match.
    #[must_use]
    pub fn many(self) -> Self {
        match self {
            Self::UnsentOnly => Self::Many,
            judged => judged,
        }
    }

    /// Returns the same unless something makes it unclear: a collation, by which one `_id` may be several,
    /// or a projection, which a document that is read back afterwards would not have.
    #[must_use]
    pub fn unless(self, is_unclear: bool) -> Self {
        match self {
            Self::SameEffect | Self::Versioned if is_unclear => Self::UnsentOnly,
            judged => judged,
        }
    }

    /// Returns the same for a call that makes the document where there is none: then a version that is
    /// not there says nothing.
    #[must_use]
    pub fn with_upsert(self, upsert: Option<bool>) -> Self {
        match self {
            Self::Versioned if upsert == Some(true) => Self::UnsentOnly,
            judged => judged,
        }
    }

    /// Returns the same for a call that returns the document as it was: what only has the same effect
    /// again cannot return that again.
    #[must_use]
    pub fn only_versioned(self) -> Self {
        match self {
            Self::SameEffect => Self::UnsentOnly,
            judged => judged,
        }
    }

    /// Judges an aggregate by its stages: `$out` and `$merge` write.
    pub fn of_pipeline(pipeline: &[Document]) -> Self {
        let writes = |stage: &Document| stage.contains_key("$out") || stage.contains_key("$merge");
        if pipeline.iter().any(writes) {
            Self::Many
        } else {
            Self::Read
        }
    }
}

/// Returns whether a filter is `{ _id: value }` and nothing else, value not being an operator.
fn names_one(filter: &Document) -> bool {
    filter.len() == 1 && has_id(filter)
}

/// Returns whether a filter is `{ _id: value, version: number }` and nothing else.
fn names_version(filter: &Document) -> bool {
    let version = filter.get("version");
    let is_number = version.is_some_and(|is| matches!(is, Bson::Int32(_) | Bson::Int64(_)));
    filter.len() == 2 && has_id(filter) && is_number
}

fn has_id(filter: &Document) -> bool {
    let operator = |value: &Bson| match value {
        Bson::Document(inner) => inner.keys().any(|key| key.starts_with('$')),
        Bson::RegularExpression(_) => true,
        _ => false,
    };
    filter.get("_id").is_some_and(|value| !operator(value))
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn an_update_may_be_repeated_only_where_it_sets_fields_of_one_document() {
        let cases = [
            (
                doc! { "_id": 1 },
                doc! { "$set": { "a": 1 } },
                Resend::SameEffect,
            ),
            (
                doc! { "_id": 1 },
                doc! { "$set": { "a": 1 }, "$unset": { "b": 1 } },
                Resend::SameEffect,
            ),
            (
                doc! { "_id": 1 },
                doc! { "$inc": { "a": 1 } },
                Resend::UnsentOnly,
            ),
            (
                doc! { "_id": 1 },
                doc! { "$set": { "a": 1 }, "$push": { "b": 1 } },
                Resend::UnsentOnly,
            ),
            (
                doc! { "_id": { "$gt": 1 } },
                doc! { "$set": { "a": 1 } },
                Resend::UnsentOnly,
            ),
            (
                doc! { "_id": 1, "version": 2 },
                doc! { "$set": { "version": 3 } },
                Resend::UnsentOnly,
            ),
            (doc! {}, doc! { "$set": { "a": 1 } }, Resend::UnsentOnly),
        ];
        for (filter, update, expected) in cases {
            let found = Resend::of_update(&filter, &update.clone().into(), Upkeep::None);
            assert_eq!(found, expected, "{filter} {update}");
        }
        let pipeline = vec![doc! { "$set": { "a": { "$add": ["$a", 1] } } }];
        assert_eq!(
            Resend::of_update(&doc! { "_id": 1 }, &pipeline.into(), Upkeep::None),
            Resend::UnsentOnly
        );
    }

    #[test]
    fn a_change_of_one_version_may_be_repeated_where_the_library_keeps_versions() {
        let (one, any) = (
            doc! { "_id": 1, "version": 2_i64 },
            doc! { "_id": 1, "version": { "$gt": 2 } },
        );
        let count = doc! { "$inc": { "a": 1 } };
        let of = |filter, upkeep| Resend::of_update(filter, &count.clone().into(), upkeep);

        assert_eq!(of(&one, Upkeep::Stamps), Resend::Versioned);
        assert_eq!(
            of(&one, Upkeep::Stamps).with_upsert(Some(true)),
            Resend::UnsentOnly
        );
        assert_eq!(of(&one, Upkeep::None), Resend::UnsentOnly);
        assert_eq!(of(&any, Upkeep::Stamps), Resend::UnsentOnly);
        assert_eq!(of(&doc! { "_id": 1 }, Upkeep::Stamps), Resend::UnsentOnly);
    }

    #[test]
    fn a_pipeline_that_writes_is_no_read() {
        assert_eq!(Resend::of_pipeline(&[doc! { "$match": {} }]), Resend::Read);
        assert_eq!(Resend::of_pipeline(&[doc! { "$out": "x" }]), Resend::Many);
    }
}
