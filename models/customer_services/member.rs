//! A user of a tenant.

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{DateTime, Document, doc},
};
use serde::{Deserialize, Serialize};

/// Somebody who works for a tenant. Each tenant has its own; the same person may be one of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Lower case, unique within the tenant.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What the member may do.
    #[serde(default)]
    pub role: MemberRole,
    /// Where the membership stands.
    #[serde(default)]
    pub status: MemberStatus,
    /// Where to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// When the invitation was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<DateTime>,
}

/// What a member may do, widest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Everything, and the subscription.
    Owner,
    /// Everything but that.
    Manager,
    /// The daily work.
    #[default]
    Member,
    /// Looking.
    Guest,
}

/// Where a membership stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Has not answered yet.
    #[default]
    Invited,
    /// Is one.
    Active,
    /// May not do anything for now.
    Suspended,
}

impl Model for Member {
    const COLLECTION: &str = "members";
    const INDEXES: &[Index] = &[
        Index::on(&["email"]).unique(),
        Index::on(&["lastName", "_id"]),
        Index::on(&["status", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["email", "firstName", "lastName", "role", "status"],
            "properties": {
                "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
                "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "role": { "enum": ["owner", "manager", "member", "guest"] },
                "status": { "enum": ["invited", "active", "suspended"] },
                "phone": { "bsonType": "string", "pattern": "^[0-9+() ./-]{3,40}\\z" },
                "joinedAt": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for Member {
    const FILTERS: &[&str] = &[
        "email",
        "firstName",
        "lastName",
        "role",
        "status",
        "joinedAt",
    ];
}
