//! The first shape: who runs the house, who lives in it, and what was changed.
//!
//! It has no way back: that would drop every user and every tenant.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let audit = [
        Index::on(&["-at", "-_id"]),
        Index::on(&["collection", "document", "-at"]),
    ];
    let roles = [
        live(doc! { "slug": 1 }, "slug_1"),
        Index::on(&["level", "_id"]).into(),
        Index::on(&["name", "_id"]).into(),
    ];
    Migration::up([
        Step::collection("tenants"),
        Step::validator("tenants", tenants()).strict(),
        Step::collection("audit_entries"),
        Step::indexes("audit_entries", audit),
        Step::validator("audit_entries", audit_entries()).strict(),
        Step::collection("roles"),
        Step::indexes("roles", roles),
        Step::validator("roles", roles_of_then()),
        Step::collection("users"),
        Step::indexes("users", [Index::on(&["role"])]),
        Step::validator("users", users_of_then()),
        Step::collection("sessions"),
        Step::indexes("sessions", [Index::on(&["userId"])]),
    ])
}

/// Returns an index of what is not deleted, in which no two documents share the key.
fn live(keys: Document, name: &str) -> Document {
    let partial = doc! { "deletedAt": null };
    doc! { "key": keys, "name": name, "unique": true, "partialFilterExpression": partial }
}

fn tenants() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "_id", "name", "status", "createdAt",
        ],
        "properties": {
            "_id": { "bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,35}\\z" },
            "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "status": { "enum": ["active"] },
            "createdAt": { "bsonType": "date" },
        },
    } }
}

fn audit_entries() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "at", "actor", "action", "collection", "document", "fields",
        ],
        "properties": {
            "at": { "bsonType": "date" },
            "actor": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "action": { "enum": ["create", "change", "delete", "restore", "purge"] },
            "collection": { "bsonType": "string", "minLength": 1 },
            "document": { "bsonType": "string", "minLength": 1 },
            "fields": { "bsonType": "array", "items": { "bsonType": "string" } },
        },
    } }
}

fn roles_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["slug", "name"] } }
}

fn users_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["email", "role"] } }
}
