//! Something that a tenant sells.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// A product of a tenant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// The tenant's own number of it, unique within the tenant.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which products it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What it costs, in cents.
    pub price: i64,
    /// What is added to the price, in percent.
    #[serde(default)]
    pub tax_percent: f64,
    /// How many are there.
    #[serde(default)]
    pub stock_quantity: i64,
    /// Whether it is sold.
    #[serde(default = "active")]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

impl Model for Product {
    const COLLECTION: &str = "products";
    const INDEXES: &[Index] = &[
        Index::on(&["sku"]).unique(),
        Index::on(&["name", "_id"]),
        Index::on(&["category", "_id"]),
        Index::on(&["price", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["sku", "name", "price", "taxPercent", "stockQuantity", "isActive"],
            "properties": {
                "sku": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
                "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "description": { "bsonType": "string", "maxLength": 2000 },
                "category": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "price": { "bsonType": "long", "minimum": 0 },
                "taxPercent": { "bsonType": "double", "minimum": 0, "maximum": 100 },
                "stockQuantity": { "bsonType": "long", "minimum": 0 },
                "isActive": { "bsonType": "bool" },
            },
        })
    }
}

impl Resource for Product {
    const FILTERS: &[&str] = &[
        "sku",
        "name",
        "category",
        "price",
        "taxPercent",
        "stockQuantity",
        "isActive",
    ];
}
