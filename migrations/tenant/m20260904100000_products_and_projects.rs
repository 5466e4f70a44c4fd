//! What a tenant sells, and what it does for its clients.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let of_products = [
        live(doc! { "sku": 1 }, "sku_1"),
        Index::on(&["name", "_id"]).into(),
        Index::on(&["category", "_id"]).into(),
        Index::on(&["price", "_id"]).into(),
    ];
    let of_projects = [
        live(doc! { "code": 1 }, "code_1"),
        Index::on(&["clientId", "_id"]).into(),
        Index::on(&["status", "_id"]).into(),
        Index::on(&["dueAt", "_id"]).into(),
    ];
    Migration::up([
        Step::collection("products"),
        Step::indexes("products", of_products),
        Step::validator("products", products()).strict(),
        Step::collection("projects"),
        Step::indexes("projects", of_projects),
        Step::validator("projects", projects()).strict(),
    ])
    .down([
        Step::drop_collection("projects"),
        Step::drop_collection("products"),
    ])
}

/// Returns an index of what is not deleted, in which no two documents share the key.
fn live(keys: Document, name: &str) -> Document {
    let partial = doc! { "deletedAt": null };
    doc! { "key": keys, "name": name, "unique": true, "partialFilterExpression": partial }
}

fn products() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "sku", "name", "price", "taxPercent", "stockQuantity", "isActive", "version",
            "createdAt", "updatedAt",
        ],
        "properties": {
            "sku": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
            "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "description": { "bsonType": "string", "maxLength": 2000 },
            "category": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "price": { "bsonType": "long", "minimum": 0 },
            "taxPercent": { "bsonType": "double", "minimum": 0, "maximum": 100 },
            "stockQuantity": { "bsonType": "long", "minimum": 0 },
            "isActive": { "bsonType": "bool" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}

fn projects() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "code", "name", "clientId", "type", "priority", "status", "version",
            "createdAt", "updatedAt",
        ],
        "properties": {
            "code": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
            "name": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "clientId": { "bsonType": "objectId" },
            "type": { "enum": ["strategy", "implementation", "transformation", "assessment", "support"] },
            "priority": { "enum": ["critical", "high", "medium", "low"] },
            "status": { "enum": [
                "draft", "pending_approval", "approved", "active", "on_hold", "completed",
                "cancelled", "archived",
            ] },
            "budget": { "bsonType": "long", "minimum": 0 },
            "startsAt": { "bsonType": "date" },
            "dueAt": { "bsonType": "date" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
