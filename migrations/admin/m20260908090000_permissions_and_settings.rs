//! Permissions, of which roles are made, and settings that change while everything runs.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let by_name = [
        Index::on(&["resource", "action"]).unique(),
        Index::on(&["category", "_id"]),
    ];
    let by_key = [
        Index::on(&["key"]).unique(),
        Index::on(&["category", "_id"]),
    ];
    Migration::up([
        Step::collection("permissions"),
        Step::indexes("permissions", by_name),
        Step::validator("permissions", permissions()).strict(),
        Step::collection("settings"),
        Step::indexes("settings", by_key),
        Step::validator("settings", settings()).strict(),
    ])
    .down([
        Step::drop_collection("settings"),
        Step::drop_collection("permissions"),
    ])
}

fn permissions() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "resource", "action", "category", "description", "isActive", "version",
            "createdAt", "updatedAt",
        ],
        "properties": {
            "resource": { "bsonType": "string", "pattern": "^[a-z_]{1,60}\\z" },
            "action": { "bsonType": "string", "pattern": "^([a-z_]{1,30}|\\*)\\z" },
            "category": { "enum": ["users", "tenants", "billing", "monitoring", "system"] },
            "description": { "bsonType": "string", "minLength": 1, "maxLength": 500 },
            "isActive": { "bsonType": "bool" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
        },
    } }
}

fn settings() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "key", "value", "isPublic", "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "key": { "bsonType": "string", "pattern": "^[a-z][A-Za-z0-9._-]{0,99}\\z" },
            "value": { "bsonType": ["string", "long", "double", "bool"], "maxLength": 2000 },
            "description": { "bsonType": "string", "maxLength": 500 },
            "category": { "bsonType": "string", "pattern": "^[a-z][a-z0-9-]{0,39}\\z" },
            "isPublic": { "bsonType": "bool" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
        },
    } }
}
