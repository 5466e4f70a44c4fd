//! What the library itself keeps in a model's documents: stamps, a mark of deletion, nothing.

use mongodb::bson::{Bson, Document, doc};

/// What the library keeps in the documents of a model, whoever writes them through it.
///
/// | | in each document | what else changes |
/// |---|---|---|
/// | `None` | nothing | |
/// | `Stamps` | `version` (from 1, one more with every change), `createdAt`, `updatedAt`, and `writeToken`, by which a change of one version knows its own work again when its answer was lost | the fields are the library's: a model need not have them ([`Stored`](crate::Stored) does), an update may not set them |
/// | `SoftDelete` | the stamps, and `deletedAt` once it is deleted | deleting marks; filters, counts, `distinct` and pipelines pass over what is marked, except through [`deleted`](crate::Collection::deleted); unique means unique among what is not deleted |
/// | `AppendOnly` | nothing | no verb changes, replaces or deletes a document |
///
/// The dates are those of the writing process's clock. What writes past the library (the raw driver,
/// `$merge` and `$out`) keeps nothing; the stages of a pipeline that read a collection anew (`$lookup`,
/// `$unionWith`, `$graphLookup`) see what is marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Upkeep {
    /// Documents are stored as the model says.
    #[default]
    None,
    /// `version`, `createdAt` and `updatedAt` are kept.
    Stamps,
    /// The stamps are kept, and deleting sets `deletedAt`.
    SoftDelete,
    /// Documents are only ever added.
    AppendOnly,
}

pub(crate) const VERSION: &str = "version";
pub(crate) const CREATED_AT: &str = "createdAt";
pub(crate) const UPDATED_AT: &str = "updatedAt";
pub(crate) const DELETED_AT: &str = "deletedAt";
pub(crate) const WRITE_TOKEN: &str = "writeToken";

impl Upkeep {
    /// Returns the fields that are the library's.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::None | Self::AppendOnly => &[],
            Self::Stamps => &[VERSION, CREATED_AT, UPDATED_AT, WRITE_TOKEN],
            Self::SoftDelete => &[VERSION, CREATED_AT, UPDATED_AT, WRITE_TOKEN, DELETED_AT],
        }
    }

    /// Returns those of them that say something to a reader.
    pub fn shown(self) -> impl Iterator<Item = &'static str> {
        let fields = self.fields().iter().copied();
        fields.filter(|field| *field != WRITE_TOKEN)
    }

    /// Returns whether `version`, `createdAt` and `updatedAt` are kept.
    pub const fn has_stamps(self) -> bool {
        matches!(self, Self::Stamps | Self::SoftDelete)
    }

    /// Returns whether deleting only marks.
    pub const fn is_soft_delete(self) -> bool {
        matches!(self, Self::SoftDelete)
    }

    /// Returns a model's `$jsonSchema` with the rules of the library's fields.
    pub(crate) fn complete(self, schema: Option<Document>) -> Option<Document> {
        if !self.has_stamps() {
            return schema;
        }
        let mut schema = schema.unwrap_or_default();
        let mut required = array(&mut schema, "required");
        let mut properties = match schema.remove("properties") {
            Some(Bson::Document(properties)) => properties,
            _ => Document::new(),
        };
        for &field in self.fields() {
            properties.insert(field, rule(field));
            let wanted = Bson::from(field);
            if ![DELETED_AT, WRITE_TOKEN].contains(&field) && !required.contains(&wanted) {
                required.push(wanted);
            }
        }
        schema.insert("required", required);
        schema.insert("properties", properties);
        Some(schema)
    }
}

fn array(schema: &mut Document, key: &str) -> Vec<Bson> {
    match schema.remove(key) {
        Some(Bson::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn rule(field: &str) -> Document {
    match field {
        WRITE_TOKEN => doc! { "bsonType": "objectId" },
        VERSION => doc! { "bsonType": "long", "minimum": 1 },
        // An upsert takes `deletedAt: null` over from its filter.
        DELETED_AT => doc! { "bsonType": ["date", "null"] },
        _ => doc! { "bsonType": "date" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_gets_the_rules_of_what_the_library_keeps() {
        let own = doc! { "required": ["name"], "properties": { "name": { "bsonType": "string" } } };

        let schema = Upkeep::SoftDelete.complete(Some(own.clone())).unwrap();

        let required: Vec<_> = ["name", VERSION, CREATED_AT, UPDATED_AT]
            .map(Bson::from)
            .to_vec();
        assert_eq!(schema.get_array("required").unwrap(), &required);
        let properties = schema.get_document("properties").unwrap();
        assert_eq!(properties.len(), 6);
        assert_eq!(Upkeep::None.complete(Some(own.clone())), Some(own));
        assert_eq!(Upkeep::AppendOnly.complete(None), None);
    }
}
