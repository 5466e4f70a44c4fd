//! Whether a call may be sent again: a function of its inputs, never a constant of the verb.

use mongodb::bson::{Bson, Document};

use mongodb::options::UpdateModifications;

/// What a repeat of a call would do if the first one had been applied after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resend {
    /// Nothing: it only reads.
    Read,
    /// Meet its own document: the `_id` was made before the first attempt.
    PinnedInsert,
    /// The same again: it replaces or deletes the one document of an `_id`, or only sets fields of it.
    SameEffect,
    /// Perhaps something else: it may be sent again only when it surely was not sent.
    UnsentOnly,
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
    /// Judges a replacement or a deletion by its filter.
    pub fn of_filter(filter: &Document) -> Self {
        if names_one(filter) {
            Self::SameEffect
        } else {
            Self::UnsentOnly
        }
    }

    /// Judges an update by its filter and its operators.
    pub fn of_update(filter: &Document, update: &UpdateModifications) -> Self {
        let repeatable = match update {
            UpdateModifications::Document(update) => update
                .keys()
                .all(|operator| REPEATABLE.contains(&operator.as_str())),
            // A pipeline may compute the new value from the old one.
            _ => false,
        };
        if repeatable && names_one(filter) {
            Self::SameEffect
        } else {
            Self::UnsentOnly
        }
    }

    /// Judges an aggregate by its stages: `$out` and `$merge` write.
    pub fn of_pipeline(pipeline: &[Document]) -> Self {
        let writes = |stage: &Document| stage.contains_key("$out") || stage.contains_key("$merge");
        if pipeline.iter().any(writes) {
            Self::UnsentOnly
        } else {
            Self::Read
        }
    }
}

/// Returns whether a filter is `{ _id: value }` and nothing else, value not being an operator.
fn names_one(filter: &Document) -> bool {
    let operator = |value: &Bson| match value {
        Bson::Document(inner) => inner.keys().any(|key| key.starts_with('$')),
        Bson::RegularExpression(_) => true,
        _ => false,
    };
    filter.len() == 1 && filter.get("_id").is_some_and(|value| !operator(value))
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
            let found = Resend::of_update(&filter, &update.clone().into());
            assert_eq!(found, expected, "{filter} {update}");
        }
        let pipeline = vec![doc! { "$set": { "a": { "$add": ["$a", 1] } } }];
        assert_eq!(
            Resend::of_update(&doc! { "_id": 1 }, &pipeline.into()),
            Resend::UnsentOnly
        );
    }

    #[test]
    fn a_pipeline_that_writes_is_no_read() {
        assert_eq!(Resend::of_pipeline(&[doc! { "$match": {} }]), Resend::Read);
        assert_eq!(
            Resend::of_pipeline(&[doc! { "$out": "x" }]),
            Resend::UnsentOnly
        );
    }
}
