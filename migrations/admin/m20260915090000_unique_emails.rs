//! A user is found by one address, whatever its letters' case: addresses are stored in lower case, and no
//! two users share one.

use mongoplex::{
    Index,
    bson::doc,
    migrate::{Backfill, Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let lower = doc! { "$toLower": "$email" };
    let lower_case = Backfill::new(
        "users",
        doc! { "$expr": { "$ne": ["$email", &lower] } },
        [doc! { "$set": { "email": lower } }],
    );
    let email = doc! {
        "key": { "email": 1 }, "name": "email_1", "partialFilterExpression": { "deletedAt": null },
    };
    let pages = [Index::on(&["lastName", "_id"]), Index::on(&["role", "_id"])];
    Migration::up([
        Step::backfill("write addresses in lower case", lower_case),
        Step::unique("users", email),
        Step::indexes("users", pages),
        // The one with `_id` behind it does the same.
        Step::drop_index("users", "role_1"),
    ])
    // Addresses stay in lower case: how they were written before is not known any more.
    .down([
        Step::indexes("users", [Index::on(&["role"])]),
        Step::drop_index("users", "role_1__id_1"),
        Step::drop_index("users", "lastName_1__id_1"),
        Step::drop_index("users", "email_1"),
    ])
}
