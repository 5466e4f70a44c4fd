//! A permission that roles are made of.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// Something that may be allowed: an action on a kind of thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// The kind of thing, such as `invoice`.
    pub resource: String,
    /// What is done to it, unique for the resource: `read`, or `*` for everything.
    pub action: String,
    /// Which part of the house it belongs to.
    pub category: Category,
    /// What people read.
    pub description: String,
    /// Whether it can be granted to anybody new.
    #[serde(default = "active")]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// Which part of the house a permission belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Administrators and what they may do.
    Users,
    /// The tenants.
    Tenants,
    /// Plans, subscriptions, money.
    Billing,
    /// How the house does.
    Monitoring,
    /// How the house is set up.
    System,
}

impl Model for Permission {
    const COLLECTION: &str = "permissions";
    const INDEXES: &[Index] = &[
        Index::on(&["resource", "action"]).unique(),
        Index::on(&["category", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::Stamps;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["resource", "action", "category", "description", "isActive"],
            "properties": {
                "resource": { "bsonType": "string", "pattern": "^[a-z_]{1,60}\\z" },
                "action": { "bsonType": "string", "pattern": "^([a-z_]{1,30}|\\*)\\z" },
                "category": { "enum": ["users", "tenants", "billing", "monitoring", "system"] },
                "description": { "bsonType": "string", "minLength": 1, "maxLength": 500 },
                "isActive": { "bsonType": "bool" },
            },
        })
    }
}

impl Resource for Permission {
    const FILTERS: &[&str] = &["resource", "action", "category", "isActive"];
}
