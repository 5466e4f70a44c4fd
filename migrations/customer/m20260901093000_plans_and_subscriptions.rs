//! The first shape: what can be subscribed to, and who has.
//!
//! It has no way back: that would drop every subscription.

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
    let one_each = doc! {
        "key": { "tenantId": 1 }, "name": "tenantId_1", "unique": true,
        "partialFilterExpression": { "deletedAt": null },
    };
    Migration::up([
        Step::collection("audit_entries"),
        Step::indexes("audit_entries", audit),
        Step::validator("audit_entries", audit_entries()).strict(),
        Step::collection("plans"),
        Step::validator("plans", plans_of_then()),
        Step::collection("subscriptions"),
        Step::indexes("subscriptions", [one_each, Index::on(&["status"]).into()]),
        Step::validator("subscriptions", subscriptions()).strict(),
    ])
}

fn plans_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["code", "name"] } }
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

fn subscriptions() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "tenantId", "planCode", "status", "seats", "startsAt", "version",
            "createdAt", "updatedAt",
        ],
        "properties": {
            "tenantId": { "bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,35}\\z" },
            "planCode": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,40}\\z" },
            "status": { "enum": ["trial", "active", "past_due", "cancelled", "expired"] },
            "seats": { "bsonType": "int", "minimum": 1, "maximum": 100_000 },
            "startsAt": { "bsonType": "date" },
            "trialEndsAt": { "bsonType": "date" },
            "endsAt": { "bsonType": "date" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
