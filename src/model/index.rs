//! An index as a constant of its model.

use std::time::Duration;

use mongodb::{
    IndexModel,
    bson::{Bson, Document, doc},
    options::IndexOptions,
};

use super::upkeep::{DELETED_AT, Upkeep};

/// An index of a model, built in a constant.
///
/// ```
/// use mongoplex::Index;
///
/// const INDEXES: &[Index] = &[
///     Index::on(&["clientCode"]).unique(),
///     Index::on(&["status", "-createdAt"]),
/// ];
/// assert_eq!(INDEXES[1].name(), "status_1_createdAt_-1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    fields: &'static [&'static str],
    unique: bool,
    expire_after: Option<Duration>,
    live_only: bool,
}

impl Index {
    /// Returns an ascending index on `fields`, in their order; `-field` is descending.
    pub const fn on(fields: &'static [&'static str]) -> Self {
        Self {
            fields,
            unique: false,
            expire_after: None,
            live_only: false,
        }
    }

    /// Returns the index as unique. In a per-tenant model that means unique within the tenant.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Returns the index as a TTL index: a document goes `age` after the date in its one field.
    /// MongoDB counts whole seconds and looks once a minute.
    #[must_use]
    pub const fn expire_after(mut self, age: Duration) -> Self {
        self.expire_after = Some(age);
        self
    }

    /// Returns MongoDB's default name of such an index, such as `status_1_createdAt_-1`.
    pub fn name(&self) -> String {
        let parts = self
            .directions()
            .map(|(field, direction)| format!("{field}_{direction}"));
        parts.collect::<Vec<_>>().join("_")
    }

    /// Returns the keys as MongoDB takes them: field and direction.
    pub fn keys(&self) -> Document {
        self.directions()
            .map(|(field, direction)| (field.to_owned(), direction.into()))
            .collect()
    }

    /// Returns whether two documents may not share the key.
    pub fn is_unique(&self) -> bool {
        self.unique
    }

    /// Returns the index as unique among what is not deleted, where deleting only marks: a deleted
    /// document must not keep its key from a new one.
    pub(crate) fn under(mut self, upkeep: Upkeep) -> Self {
        self.live_only = self.unique && upkeep.is_soft_delete();
        self
    }

    /// Returns the index in words, with what a person needs to create it.
    pub(crate) fn describe(&self) -> String {
        let unique = if self.unique { ", unique" } else { "" };
        let seconds = self
            .expire_after
            .map(|age| format!(", expireAfterSeconds {}", age.as_secs()));
        let partial = self
            .live_only
            .then(|| format!(", partialFilterExpression {}", live()));
        format!(
            "index `{}` ({}{unique}{}{})",
            self.name(),
            self.keys(),
            seconds.unwrap_or_default(),
            partial.unwrap_or_default()
        )
    }

    /// Returns the index as `createIndexes` takes it.
    pub(crate) fn to_command(self) -> Document {
        let mut command = doc! { "key": self.keys(), "name": self.name() };
        if self.unique {
            command.insert("unique", true);
        }
        if let Some(age) = self.expire_after {
            command.insert(
                "expireAfterSeconds",
                i64::try_from(age.as_secs()).unwrap_or(i64::MAX),
            );
        }
        if self.live_only {
            command.insert("partialFilterExpression", live());
        }
        command
    }

    /// Returns whether an index found in a database does what this one does, and nothing else: one
    /// that is partial or sparse leaves documents out, one with a collation sees keys as equal that
    /// are not.
    pub(crate) fn matches(&self, found: &IndexModel) -> bool {
        let none = IndexOptions::default();
        let options = found.options.as_ref().unwrap_or(&none);
        let seconds = |age: Option<Duration>| age.map(|age| age.as_secs());
        self.has_keys_of(found)
            && options.unique.unwrap_or(false) == self.unique
            && seconds(options.expire_after) == seconds(self.expire_after)
            && !options.sparse.unwrap_or(false)
            && !options.hidden.unwrap_or(false)
            && options.partial_filter_expression == self.live_only.then(live)
            && options.collation.is_none()
    }

    /// Returns whether an index found in a database has the same keys, in the same order. A
    /// direction may be any number: other shells write 1.0.
    pub(crate) fn has_keys_of(&self, found: &IndexModel) -> bool {
        let direction = |value: &Bson| match value {
            Bson::Int32(number) => Some(f64::from(*number)),
            Bson::Int64(number) => Some(*number as f64),
            Bson::Double(number) => Some(*number),
            _ => None,
        };
        let mine = self
            .directions()
            .map(|(field, way)| (field, Some(f64::from(way))));
        let theirs = found
            .keys
            .iter()
            .map(|(field, way)| (field.as_str(), direction(way)));
        mine.eq(theirs)
    }

    fn directions(&self) -> impl Iterator<Item = (&'static str, i32)> {
        self.fields
            .iter()
            .map(|field| match field.strip_prefix('-') {
                Some(field) => (field, -1),
                None => (*field, 1),
            })
    }
}

/// The filter of what is not deleted, as the verbs add it to every filter.
fn live() -> Document {
    doc! { DELETED_AT: null }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minus_before_a_field_makes_it_descending() {
        let index = Index::on(&["company", "-_id"]).unique();

        assert_eq!(index.keys(), doc! { "company": 1, "_id": -1 });
        assert_eq!(index.name(), "company_1__id_-1");
        assert!(index.is_unique());
    }

    fn found(keys: Document, options: IndexOptions) -> IndexModel {
        IndexModel::builder().keys(keys).options(options).build()
    }

    #[test]
    fn an_index_matches_by_order_value_and_what_it_leaves_out() {
        let index = Index::on(&["status", "-_id"]);
        let plain = IndexOptions::default();

        for keys in [
            doc! { "status": 1, "_id": -1 },
            doc! { "status": 1.0, "_id": -1_i64 },
        ] {
            assert!(index.matches(&found(keys, plain.clone())));
        }
        for keys in [
            doc! { "_id": -1, "status": 1 },
            doc! { "status": 1, "_id": 1 },
            doc! { "status": "hashed" },
        ] {
            assert!(!index.matches(&found(keys, plain.clone())));
        }
        let keys = doc! { "status": 1, "_id": -1 };
        let partial = IndexOptions::builder()
            .partial_filter_expression(doc! { "a": 1 })
            .build();
        for options in [
            partial,
            IndexOptions::builder().sparse(true).build(),
            IndexOptions::builder().unique(true).build(),
        ] {
            assert!(!index.matches(&found(keys.clone(), options)));
        }
    }
}
