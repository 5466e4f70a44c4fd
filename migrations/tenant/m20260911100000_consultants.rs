//! Who consults, and when.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let of_consultants = [
        live(doc! { "consultantCode": 1 }, "consultantCode_1"),
        Index::on(&["status", "_id"]).into(),
        Index::on(&["lastName", "_id"]).into(),
    ];
    let of_consultations = [
        live(doc! { "code": 1 }, "code_1"),
        Index::on(&["consultantId", "startsAt"]).into(),
        Index::on(&["clientId", "_id"]).into(),
        Index::on(&["status", "_id"]).into(),
        Index::on(&["startsAt", "_id"]).into(),
    ];
    Migration::up([
        Step::collection("consultants"),
        Step::indexes("consultants", of_consultants),
        Step::validator("consultants", consultants()).strict(),
        Step::collection("consultations"),
        Step::indexes("consultations", of_consultations),
        Step::validator("consultations", consultations()).strict(),
    ])
    .down([
        Step::drop_collection("consultations"),
        Step::drop_collection("consultants"),
    ])
}

/// Returns an index of what is not deleted, in which no two documents share the key.
fn live(keys: Document, name: &str) -> Document {
    let partial = doc! { "deletedAt": null };
    doc! { "key": keys, "name": name, "unique": true, "partialFilterExpression": partial }
}

fn consultants() -> Document {
    let skill = doc! { "bsonType": "string", "minLength": 1, "maxLength": 60 };
    doc! { "$jsonSchema": {
        "required": [
            "consultantCode", "firstName", "lastName", "level", "status", "hourlyRate",
            "skills", "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "consultantCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
            "memberId": { "bsonType": "objectId" },
            "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "level": { "enum": ["junior", "senior", "principal", "partner"] },
            "status": { "enum": ["available", "assigned", "on_leave", "inactive"] },
            "hourlyRate": { "bsonType": "long", "minimum": 0 },
            "skills": {
                "bsonType": "array", "maxItems": 100, "uniqueItems": true, "items": skill,
            },
            "availableFrom": { "bsonType": "date" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}

fn consultations() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "code", "consultantId", "clientId", "topic", "startsAt", "endsAt", "status",
            "fee", "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "code": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
            "consultantId": { "bsonType": "objectId" },
            "clientId": { "bsonType": "objectId" },
            "topic": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "startsAt": { "bsonType": "date" },
            "endsAt": { "bsonType": "date" },
            "status": { "enum": [
                "scheduled", "confirmed", "in_progress", "completed", "cancelled", "postponed",
                "no_show", "rescheduled",
            ] },
            "fee": { "bsonType": "long", "minimum": 0 },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
