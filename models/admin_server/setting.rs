//! A setting that administrators change while everything runs.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// A named value of the whole house. No secret: it is shown as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Its name, unique, such as `signup.open`.
    pub key: String,
    /// What it is set to.
    pub value: SettingValue,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which settings are shown together, such as `signup`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whether it may be told to those who have not signed in.
    #[serde(default)]
    pub is_public: bool,
}

/// A flag, a number or a text; nothing inside another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Whole(i64),
    /// Any other number.
    Number(f64),
    /// A text of at most 2000 characters.
    Text(String),
}

impl Model for Setting {
    const COLLECTION: &str = "settings";
    const INDEXES: &[Index] = &[
        Index::on(&["key"]).unique(),
        Index::on(&["category", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::Stamps;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["key", "value", "isPublic"],
            "properties": {
                "key": { "bsonType": "string", "pattern": "^[a-z][A-Za-z0-9._-]{0,99}\\z" },
                "value": { "bsonType": ["string", "long", "double", "bool"], "maxLength": 2000 },
                "description": { "bsonType": "string", "maxLength": 500 },
                "category": { "bsonType": "string", "pattern": "^[a-z][a-z0-9-]{0,39}\\z" },
                "isPublic": { "bsonType": "bool" },
            },
        })
    }
}

impl Resource for Setting {
    const FILTERS: &[&str] = &["key", "category", "isPublic"];
}
