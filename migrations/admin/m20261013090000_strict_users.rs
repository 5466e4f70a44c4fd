//! Users and roles are what the models say, all of them: what is missing is filled in, then the validators
//! refuse what breaks them.

use mongoplex::{
    bson::{Document, doc},
    migrate::{Backfill, Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let active = Backfill::new(
        "users",
        doc! { "isActive": { "$exists": false } },
        [doc! { "$set": { "isActive": true } }],
    );
    Migration::up([
        Step::backfill("say who is active", active),
        Step::validator("users", users()).strict(),
        Step::validator("roles", roles()).strict(),
    ])
    .down([
        Step::validator("roles", of_then(["slug", "name"])),
        Step::validator("users", of_then(["email", "role"])),
    ])
}

fn of_then(required: [&str; 2]) -> Document {
    doc! { "$jsonSchema": { "required": required.to_vec() } }
}

fn users() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "email", "firstName", "lastName", "role", "isActive", "version", "createdAt",
            "updatedAt",
        ],
        "properties": {
            "email": { "bsonType": "string", "pattern": "^[^@\\sA-Z]+@[^@\\sA-Z]+\\z", "maxLength": 254 },
            "firstName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "lastName": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "role": { "enum": ["superadmin", "admin", "support", "analyst", "viewer"] },
            "isActive": { "bsonType": "bool" },
            "passwordHash": { "bsonType": "string", "pattern": "^\\$argon2id\\$", "maxLength": 200 },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}

fn roles() -> Document {
    let permission =
        doc! { "bsonType": "string", "pattern": "^[a-z_]{1,60}:([a-z_]{1,30}|\\*)\\z" };
    doc! { "$jsonSchema": {
        "required": [
            "slug", "name", "level", "permissions", "isSystemRole", "version",
            "createdAt", "updatedAt",
        ],
        "properties": {
            "slug": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,60}\\z" },
            "name": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "description": { "bsonType": "string", "maxLength": 500 },
            "level": { "bsonType": "int", "minimum": 1, "maximum": 100 },
            "permissions": {
                "bsonType": "array", "maxItems": 200, "uniqueItems": true, "items": permission,
            },
            "isSystemRole": { "bsonType": "bool" },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
            "deletedAt": { "bsonType": ["date", "null"] },
        },
    } }
}
