//! Migrations of every kind of step, each with its way back.

use mongoplex::{
    Index,
    bson::doc,
    migrate::{Backfill, List, Migration, Retry, Step},
};

use crate::migrate::yard::apply;

/// Returns a list by what a process is told.
pub(super) fn named(name: &str) -> List {
    match name {
        "every-kind" => every_kind(),
        "count" => counting(),
        _ => panic!("no list `{name}`"),
    }
}

/// A collection with an index, and a transaction that shows how often it was carried out.
pub(crate) fn counting() -> List {
    let made = Migration::up([
        Step::collection("things"),
        Step::indexes("things", [Index::on(&["colour"])]),
        Step::collection("counts"),
    ]);
    let counted = Migration::up([Step::transaction("count", 1, async |tx| {
        let counts = tx.collection("counts");
        let once = doc! { "$inc": { "number": 1 } };
        counts
            .update_one(doc! { "_id": "all" }, once)
            .upsert(true)
            .await?;
        Ok(())
    })]);
    apply::tenants([
        ("m20261101000000_make", made),
        ("m20261102000000_count", counted),
    ])
}

/// All kinds of steps but those that a person has to judge.
pub(super) fn every_kind() -> List {
    apply::tenants([
        ("m20261101000000_make", make()),
        ("m20261102000000_name", name()),
        ("m20261103000000_count", count()),
        ("m20261104000000_move", shift()),
        ("m20261105000000_mark", mark()),
        ("m20261106000000_retire", retire()),
        ("m20261107000000_drop", drop_old()),
        ("m20261108000000_make_again", make_again()),
    ])
}

/// What one of these three leaves behind, the next one takes up: none may be done again after it.
fn retire() -> Migration {
    Migration::up([Step::rename("logs", "old_logs")]).down([Step::rename("old_logs", "logs")])
}

fn drop_old() -> Migration {
    Migration::up([Step::drop_collection("old_logs")]).down([Step::collection("old_logs")])
}

fn make_again() -> Migration {
    Migration::up([Step::collection("old_logs")]).down([Step::drop_collection("old_logs")])
}

fn make() -> Migration {
    let known = doc! { "$jsonSchema": { "required": ["first"] } };
    Migration::up([
        Step::collection("logs"),
        Step::indexes("people", [Index::on(&["last"]), Index::on(&["first"])]),
        Step::validator("people", known),
        Step::unique("people", Index::on(&["number"]).unique()),
    ])
    .down([
        Step::drop_index("people", "number_1"),
        Step::validator("people", doc! {}),
        Step::drop_index("people", "last_1"),
        Step::drop_index("people", "first_1").named("the other index"),
        Step::drop_collection("logs"),
    ])
}

fn name() -> Migration {
    let full = doc! { "$set": { "full": { "$concat": ["$first", " ", "$last"] }, "times": { "$add": [{ "$ifNull": ["$times", 0] }, 1] } } };
    let unnamed = doc! { "$unset": ["full", "times"] };
    Migration::up([Step::backfill(
        "name all",
        Backfill::new("people", doc! { "full": null }, [full]).batch(50),
    )])
    .down([Step::backfill(
        "forget names",
        Backfill::new("people", doc! { "full": { "$ne": null } }, [unnamed]).batch(50),
    )])
}

/// Adding one is done once, or it shows.
fn count() -> Migration {
    let add = |number: i32| {
        move |tx: mongoplex::migrate::TransactionHandle| async move {
            let counts = tx.collection("counts");
            let once = doc! { "$inc": { "number": number } };
            counts.update_one(doc! { "_id": "all" }, once).await?;
            Ok(())
        }
    };
    Migration::up([
        Step::transaction("count", 1, add(1)),
        Step::transaction("count again", 1, add(10)),
    ])
    .down([Step::transaction("count back", 1, add(-11))])
}

fn shift() -> Migration {
    Migration::up([
        Step::rename("old", "new"),
        Step::drop_index("new", "colour_1"),
        Step::drop_collection("waste"),
    ])
    .down([
        Step::collection("waste"),
        Step::rename("new", "old"),
        Step::indexes("old", [Index::on(&["colour"])]),
    ])
}

fn mark() -> Migration {
    let mark = |done: bool| {
        move |raw: mongoplex::migrate::RawHandle| async move {
            let marks = raw.collection("marks");
            let set = doc! { "$set": { "done": done } };
            marks
                .update_one(doc! { "_id": "mark" }, set)
                .upsert(true)
                .await?;
            Ok(())
        }
    };
    Migration::up([Step::raw("mark", 1, Retry::Safe, mark(true))]).down([Step::raw(
        "unmark",
        1,
        Retry::Safe,
        mark(false),
    )])
}
