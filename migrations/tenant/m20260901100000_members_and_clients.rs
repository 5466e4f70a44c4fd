//! The first shape: who works for the tenant, and for whom.
//!
//! It has no way back: that would drop every client.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let of_members = [
        live(doc! { "email": 1 }, "email_1"),
        Index::on(&["lastName", "_id"]).into(),
        Index::on(&["status", "_id"]).into(),
    ];
    let of_clients = [
        live(doc! { "clientCode": 1 }, "clientCode_1"),
        Index::on(&["status"]).into(),
        Index::on(&["companyName", "_id"]).into(),
    ];
    Migration::up([
        Step::collection("members"),
        Step::indexes("members", of_members),
        Step::validator("members", members()).strict(),
        Step::collection("clients"),
        Step::indexes("clients", of_clients),
        Step::validator("clients", clients_of_then()),
    ])
}

fn clients_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["clientCode", "companyName"] } }
}

/// Returns an index of what is not deleted, in which no two documents share the key.
fn live(keys: Document, name: &str) -> Document {
    let partial = doc! { "deletedAt": null };
    doc! { "key": keys, "name": name, "unique": true, "partialFilterExpression": partial }
}

fn members() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "email", "firstName", "lastName", "role", "status", "version", "createdAt",
            "updatedAt",
        ],
        "properties": {
            "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
            "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "role": { "enum": ["owner", "manager", "member", "guest"] },
            "status": { "enum": ["invited", "active", "suspended"] },
            "phone": { "bsonType": "string", "pattern": "^[0-9+() ./-]{3,40}\\z" },
            "joinedAt": { "bsonType": "date" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
