//! A plan that tenants subscribe to.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// A plan; the same for all tenants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Short name, unique, such as `starter`.
    pub code: String,
    /// What people read.
    pub name: String,
    /// In cents a month.
    pub monthly_price: i64,
}

impl Model for Plan {
    const COLLECTION: &str = "plans";
    const INDEXES: &[Index] = &[Index::on(&["code"]).unique()];
    const UPKEEP: Upkeep = Upkeep::Stamps;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["code", "name", "monthlyPrice"],
            "properties": {
                "code": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,40}\\z" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "monthlyPrice": { "bsonType": "long", "minimum": 0 },
            },
        })
    }
}

impl Resource for Plan {
    const FILTERS: &[&str] = &["code", "name", "monthlyPrice"];
}
