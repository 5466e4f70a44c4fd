//! A client of a tenant.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// A company that a tenant works for. Each tenant has its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    /// The tenant's own name for it, unique within the tenant.
    pub client_code: String,
    /// What it is called.
    pub company_name: String,
    /// Where the relationship stands.
    #[serde(default)]
    pub status: ClientStatus,
    /// How large it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Where it is.
    #[serde(default)]
    pub addresses: Vec<Address>,
}

/// Where the relationship with a client stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientStatus {
    /// Might become one.
    #[default]
    Prospect,
    /// Has asked.
    Lead,
    /// Is one.
    Active,
    /// Was one, and may be again.
    Inactive,
    /// Has left.
    Churned,
    /// Is not wanted.
    Blacklisted,
}

/// How large a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Of strategic weight.
    Strategic,
    /// A large company.
    Enterprise,
    /// A company in between.
    MidMarket,
    /// A small company.
    SmallBusiness,
    /// A young one.
    Startup,
}

/// Where a client is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// What is there, such as `headquarters`.
    pub label: String,
    /// Street and number.
    pub street: String,
    /// Town.
    pub city: String,
    /// As it is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Two letters, as ISO 3166 has them.
    pub country: String,
}

impl Model for Client {
    const COLLECTION: &str = "clients";
    const INDEXES: &[Index] = &[
        Index::on(&["clientCode"]).unique(),
        Index::on(&["status", "_id"]),
        Index::on(&["companyName", "_id"]),
        Index::on(&["tier", "_id"]),
        Index::on(&["createdAt", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        let address = doc! {
            "bsonType": "object",
            "required": ["label", "street", "city", "country"],
            "properties": {
                "label": { "bsonType": "string", "minLength": 1, "maxLength": 40 },
                "street": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "city": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "postalCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9 -]{2,12}\\z" },
                "country": { "bsonType": "string", "pattern": "^[A-Z]{2}\\z" },
            },
        };
        Some(doc! {
            "required": ["clientCode", "companyName", "status", "addresses"],
            "properties": {
                "clientCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
                "companyName": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
                "status": { "enum": ["prospect", "lead", "active", "inactive", "churned", "blacklisted"] },
                "tier": { "enum": ["strategic", "enterprise", "mid_market", "small_business", "startup"] },
                "addresses": { "bsonType": "array", "maxItems": 20, "items": address },
            },
        })
    }
}

impl Resource for Client {
    const FILTERS: &[&str] = &["clientCode", "companyName", "status", "tier"];
}
