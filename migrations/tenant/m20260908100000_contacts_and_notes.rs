//! Whom a tenant talks to at its clients, and what was said.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let of_client_contacts = [
        live(doc! { "clientId": 1, "email": 1 }, "clientId_1_email_1"),
        Index::on(&["lastName", "_id"]).into(),
    ];
    let of_client_notes = [
        Index::on(&["clientId", "_id"]),
        Index::on(&["followUpAt", "_id"]),
    ];
    Migration::up([
        Step::collection("client_contacts"),
        Step::indexes("client_contacts", of_client_contacts),
        Step::validator("client_contacts", client_contacts()).strict(),
        Step::collection("client_notes"),
        Step::indexes("client_notes", of_client_notes),
        Step::validator("client_notes", client_notes()).strict(),
    ])
    .down([
        Step::drop_collection("client_notes"),
        Step::drop_collection("client_contacts"),
    ])
}

/// Returns an index of what is not deleted, in which no two documents share the key.
fn live(keys: Document, name: &str) -> Document {
    let partial = doc! { "deletedAt": null };
    doc! { "key": keys, "name": name, "unique": true, "partialFilterExpression": partial }
}

fn client_contacts() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "clientId", "firstName", "lastName", "email", "influence", "isPrimary",
            "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "clientId": { "bsonType": "objectId" },
            "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
            "phone": { "bsonType": "string", "pattern": "^[0-9+() ./-]{3,40}\\z" },
            "jobTitle": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "influence": { "enum": ["decision_maker", "influencer", "end_user"] },
            "isPrimary": { "bsonType": "bool" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}

fn client_notes() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "clientId", "kind", "text", "isPinned", "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "clientId": { "bsonType": "objectId" },
            "memberId": { "bsonType": "objectId" },
            "kind": { "enum": ["general", "call", "meeting", "email", "complaint"] },
            "text": { "bsonType": "string", "minLength": 1, "maxLength": 5000 },
            "isPinned": { "bsonType": "bool" },
            "followUpAt": { "bsonType": "date" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
        },
    } }
}
