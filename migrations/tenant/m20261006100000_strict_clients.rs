//! Clients are what the model says, all of them: what is missing is filled in, then the validator refuses
//! what breaks it.

use mongoplex::{
    bson::{Document, doc},
    migrate::{Backfill, Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let missing = |field: &str, value: Document| {
        let mut filter = Document::new();
        filter.insert(field, doc! { "$exists": false });
        Backfill::new("clients", filter, [doc! { "$set": value }])
    };
    Migration::up([
        Step::backfill(
            "everybody stands somewhere",
            missing("status", doc! { "status": "prospect" }),
        ),
        Step::backfill(
            "addresses may be none",
            missing("addresses", doc! { "addresses": [] }),
        ),
        Step::validator("clients", clients()).strict(),
    ])
    .down([Step::validator("clients", clients_of_then())])
}

fn clients_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["clientCode", "companyName"] } }
}

fn clients() -> Document {
    let address = doc! {
        "bsonType": "object",
        "required": ["label", "street", "city", "country"],
        "properties": {
            "label": { "bsonType": "string", "minLength": 1, "maxLength": 40 },
            "street": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "city": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "postalCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9 -]{2,12}\\z" },
            "country": { "bsonType": "string", "pattern": "^[A-Z]{2}\\z" },
        },
    };
    doc! { "$jsonSchema": {
        "required": [
            "clientCode", "companyName", "status", "addresses", "version", "createdAt",
            "updatedAt",
        ],
        "properties": {
            "clientCode": { "bsonType": "string", "pattern": "^[A-Za-z0-9._-]{1,40}\\z" },
            "companyName": { "bsonType": "string", "minLength": 1, "maxLength": 200 },
            "status": { "enum": ["prospect", "lead", "active", "inactive", "churned", "blacklisted"] },
            "tier": { "enum": ["strategic", "enterprise", "mid_market", "small_business", "startup"] },
            "addresses": { "bsonType": "array", "maxItems": 20, "items": address },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
