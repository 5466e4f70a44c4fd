//! A plan's price is a whole number of cents, `monthlyPrice`, and no fraction called `price` any more.

use mongoplex::{
    bson::{Document, doc},
    migrate::{Backfill, Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let cents = doc! { "$toLong": { "$round": [{ "$multiply": ["$price", 100] }, 0] } };
    let priced = Backfill::new(
        "plans",
        doc! { "price": { "$exists": true } },
        [
            doc! { "$set": { "monthlyPrice": cents } },
            doc! { "$unset": "price" },
        ],
    );
    let back = Backfill::new(
        "plans",
        doc! { "price": { "$exists": false }, "monthlyPrice": { "$exists": true } },
        [
            doc! { "$set": { "price": { "$divide": ["$monthlyPrice", 100] } } },
            doc! { "$unset": "monthlyPrice" },
        ],
    );
    Migration::up([
        Step::backfill("count in cents", priced),
        Step::validator("plans", plans()).strict(),
    ])
    .down([
        Step::validator("plans", plans_of_then()),
        Step::backfill("count in units", back),
    ])
}

fn plans_of_then() -> Document {
    doc! { "$jsonSchema": { "required": ["code", "name"] } }
}

fn plans() -> Document {
    doc! { "$jsonSchema": {
        "required": [
            "code", "name", "monthlyPrice", "version", "createdAt", "updatedAt",
        ],
        "properties": {
            "code": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,40}\\z" },
            "name": { "bsonType": "string", "minLength": 1, "maxLength": 100 },
            "monthlyPrice": { "bsonType": "long", "minimum": 0 },
            "version": { "bsonType": "long", "minimum": 1 },
            "createdAt": { "bsonType": "date" },
            "updatedAt": { "bsonType": "date" },
            "writeToken": { "bsonType": "objectId" },
        },
    } }
}
