//! An administrator.

use mongoplex::{
    Index, Model, Versioned,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use serde::{Deserialize, Serialize};

/// Somebody who may use admin-server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Made by the library where it is new.
    #[serde(rename = "_id")]
    pub id: ObjectId,
    /// Lower case, unique.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime,
    /// When it was last changed.
    pub updated_at: DateTime,
}

/// What a user may do, widest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
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
    const INDEXES: &[Index] = &[Index::on(&["email"]).unique()];

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["email", "firstName", "lastName", "role", "isActive", "version", "createdAt", "updatedAt"],
            "properties": {
                "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+$", "maxLength": 254 },
                "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
                "role": { "enum": ["superadmin", "admin", "support", "analyst", "viewer"] },
                "isActive": { "bsonType": "bool" },
                "version": { "bsonType": "long", "minimum": 1 },
                "createdAt": { "bsonType": "date" },
                "updatedAt": { "bsonType": "date" },
            },
        })
    }
}

impl Versioned for User {
    fn id(&self) -> ObjectId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
