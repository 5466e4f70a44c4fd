//! Lists that both a test and the process that it kills carry out.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Backfill, List, Migration, RawHandle, Retry, Step},
};

use crate::migrate::yard::apply;

/// What the lists are called.
pub(super) const NAMES: [&str; 4] = ["index", "backfill", "manual", "manual-last"];

pub(super) fn named(name: &str) -> List {
    match name {
        "index" => index(),
        "backfill" => backfill(),
        "manual" => manual(true),
        "manual-last" => manual(false),
        _ => panic!("there is no list `{name}`"),
    }
}

/// One index on documents that are there.
fn index() -> List {
    let built = Migration::up([Step::indexes("people", [Index::on(&["last"])])]);
    apply::tenants([("m20261101000000_last", built)])
}

/// Returns the filter of people whom the backfill has not changed.
pub(super) fn unnamed() -> Document {
    doc! { "full": null }
}

/// Names people, and counts how often each was changed.
fn backfill() -> List {
    let full = doc! { "$concat": ["$first", " ", "$last"] };
    let times = doc! { "$add": [{ "$ifNull": ["$times", 0] }, 1] };
    let set = doc! { "$set": { "full": full, "times": times } };
    let named = Backfill::new("people", unnamed(), [set]).batch(50);
    let named = Migration::up([Step::backfill("name all", named)]);
    apply::tenants([("m20261101000000_name", named)])
}

/// A step that adds one, outside of any transaction; perhaps one behind it.
fn manual(has_more: bool) -> List {
    let pay = async |raw: RawHandle| {
        let paid = raw.collection("counts");
        let once = doc! { "$inc": { "number": 1 } };
        paid.update_one(doc! { "_id": "all" }, once).await?;
        Ok(())
    };
    let mut steps = vec![Step::raw("pay", 1, Retry::Manual, pay)];
    if has_more {
        steps.push(Step::collection("receipts"));
    }
    apply::tenants([("m20261101000000_pay", Migration::up(steps))])
}
