//! An index as a constant of its model.

use std::time::Duration;

use mongodb::{
    IndexModel,
    bson::{Document, doc},
    options::IndexOptions,
};

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
}

impl Index {
    /// Returns an ascending index on `fields`, in their order; `-field` is descending.
    pub const fn on(fields: &'static [&'static str]) -> Self {
        Self {
            fields,
            unique: false,
            expire_after: None,
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
        command
    }

    /// Returns whether an index found in a database does what this one does.
    pub(crate) fn matches(&self, found: &IndexModel) -> bool {
        let none = IndexOptions::default();
        let options = found.options.as_ref().unwrap_or(&none);
        found.keys == self.keys()
            && options.unique.unwrap_or(false) == self.unique
            && options.expire_after.map(|age| age.as_secs())
                == self.expire_after.map(|age| age.as_secs())
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
}
