//! A plan that tenants subscribe to.

use mongoplex::{
    Index, Model, Versioned,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// A plan; the same for all tenants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Made by the library where it is new.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// Short name, unique, such as `starter`.
    pub code: String,
    /// What people read.
    pub name: String,
    /// In cents a month.
    pub monthly_price: i64,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime,
}

impl Model for Plan {
    const COLLECTION: &str = "plans";
    const INDEXES: &[Index] = &[Index::on(&["code"]).unique()];

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["code", "name", "monthlyPrice", "version", "createdAt"],
            "properties": {
                "code": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,40}$" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "monthlyPrice": { "bsonType": "long", "minimum": 0 },
                "version": { "bsonType": "long", "minimum": 1 },
                "createdAt": { "bsonType": "date" },
            },
        })
    }
}

impl Versioned for Plan {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
