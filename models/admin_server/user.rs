//! An administrator.

use std::fmt;

use mongoplex::{
    Index, Model, Resource, Upkeep,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

/// Somebody who may use admin-server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Lower case, unique.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What the user may do.
    pub role: UserRole,
    /// Whether the user may sign in.
    #[serde(default = "active")]
    pub is_active: bool,
    /// What a password is checked against; none before the first one was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_hash: Option<PasswordHash>,
}

fn active() -> bool {
    true
}

/// What a user may do, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserRole {
    /// Everything.
    Superadmin,
    /// Everything but administrators.
    Admin,
    /// Customers' questions.
    Support,
    /// Figures.
    Analyst,
    /// Looking.
    Viewer,
}

impl Model for User {
    const COLLECTION: &str = "users";
    const INDEXES: &[Index] = &[
        Index::on(&["email"]).unique(),
        Index::on(&["lastName", "_id"]),
        Index::on(&["role", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["email", "firstName", "lastName", "role", "isActive"],
            "properties": {
                "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
                "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "role": { "enum": ["superadmin", "admin", "support", "analyst", "viewer"] },
                "isActive": { "bsonType": "bool" },
                "passwordHash": { "bsonType": "string", "pattern": "^\\$argon2id\\$", "maxLength": 200 },
            },
        })
    }
}

impl Resource for User {
    const FILTERS: &[&str] = &["email", "firstName", "lastName", "role", "isActive"];
    const HIDDEN: &[&str] = &["passwordHash"];
}

/// A password's argon2id hash as a PHC string. It is stored and never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("<hash>")
    }
}
