//! What changes, and why.

use mongoplex::migrate::{Migration, Step};

pub(crate) fn migration() -> Migration {
    // One step after the other. Most of them compare first and may be sent again after a crash; name
    // collections by text: a migration stays as it was written, models go on.
    Migration::up([
        Step::collection("examples"),
        // All indexes of one collection in one step: the server then reads it once.
        // Step::indexes("examples", [mongoplex::Index::on(&["state", "_id"])]),
        // Documents that are there may break a new validator: it warns first, `.strict()` comes later.
        // Step::validator("examples", mongoplex::bson::doc! { "$jsonSchema": { "required": ["state"] } }),
        // Step::transaction and Step::raw hold code: raise their revision when you change it.
    ])
    // What takes it back, last thing first. Leave `down` out where that would lose what people wrote:
    // `migrate down` then refuses before it changes anything.
    .down([Step::drop_collection("examples")])
}
