//! Backfills while others write the old shape, and while their process is killed.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use mongoplex::{
    bson::{Bson, Document, doc},
    migrate::{Backfill, Migration, Step, TargetState},
};
use mongoplex_testing::Program;

use super::{lists, process};
use crate::{
    house::eventually,
    migrate::yard::{Yard, apply},
};

const ID: &str = "20261101000000_name";

/// Adds people in the old shape on both sides of those that are there, until it is stopped.
async fn write(yard: &Yard, stop: &AtomicBool, written: &AtomicI32) {
    let people = yard.tenant("acme").collection("people");
    while !stop.load(Ordering::SeqCst) {
        let number = written.fetch_add(1, Ordering::SeqCst) + 1_000;
        let id = if number % 2 == 0 { number } else { -number };
        let person =
            doc! { "_id": id, "number": number, "first": format!("F{number}"), "last": "L" };
        people.insert_one(person).await.unwrap();
    }
}

/// Returns what the record says of the backfill: how far it is, or that it is applied.
async fn entry(yard: &Yard) -> Option<(Option<Bson>, Bson)> {
    let record = yard.record(&yard.tenant("acme")).await;
    let entry = record.get_document("ledger").ok()?.get_document(ID).ok()?;
    let progress = entry.get("progress").cloned();
    Some((progress, entry.get("state")?.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_killed_half_way_under_writers_leaves_none_and_changes_none_twice() {
    let list = lists::named("backfill");
    let yard = Yard::new("migrate_backfill", vec![list]).await;
    yard.not_new().await;
    yard.people("acme").await;
    let (stop, written) = (AtomicBool::new(false), AtomicI32::new(0));
    let mut crashing = process::command(&yard, "backfill");
    crashing.env("MONGOPLEX_CRASH_AT", "BetweenBatches:2");
    let story = async {
        eventually("no writer", async || written.load(Ordering::SeqCst) > 50).await;
        let crashed = tokio::task::spawn_blocking(move || Program::start(&mut crashing).end());
        let (status, said) = crashed.await.unwrap();
        assert!(process::has_crashed(status), "{said}");
        let at_crash = entry(&yard).await;
        let left_at_crash = at_crash.clone().and_then(|(progress, _)| progress);
        assert!(left_at_crash.is_some(), "it had not begun: {at_crash:?}");
        let migrator = yard.migrator();
        let goes_on = async {
            eventually("it does not go on", async || entry(&yard).await != at_crash).await;
            stop.store(true, Ordering::SeqCst);
        };
        let (outcome, ()) = tokio::join!(migrator.up(), goes_on);
        outcome.unwrap()
    };

    let (outcome, ()) = tokio::join!(story, write(&yard, &stop, &written));

    assert!(outcome.is_whole(), "{outcome:?}");
    let people = yard.tenant("acme").collection::<Document>("people");
    let left = people.count_documents(lists::unnamed()).await.unwrap();
    assert_eq!(left, 0);
    let all = yard.all(&yard.tenant("acme"), "people").await;
    assert_eq!(all.len(), 120 + written.load(Ordering::SeqCst) as usize);
    for person in all {
        let full = format!("{} L", person.get_str("first").unwrap());
        assert_eq!(person.get_str("full").unwrap(), full);
        assert_eq!(person.get("times"), Some(&Bson::from(1)), "{person}");
    }
    yard.close().await;
}

/// As with writers that never stop: whatever it does, some match.
#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_that_never_comes_to_an_end_is_given_up_and_says_what_to_do() {
    let touched = doc! { "$set": { "touched": true } };
    let all = Backfill::new("people", doc! { "first": { "$ne": null } }, [touched]);
    let list = Migration::up([Step::backfill("touch all", all)]);
    let list = apply::tenants([("m20261101000000_touch", list)]);
    let yard = Yard::new("migrate_backfill_endless", vec![list]).await;
    yard.not_new().await;
    yard.people("acme").await;

    let outcome = yard.migrator().up().await.unwrap();

    let failed = &outcome.failed[0];
    assert_eq!(failed.state, TargetState::Quarantined);
    assert_eq!(failed.failure.step, "touch all");
    let reason = &failed.failure.reason;
    for part in ["120 documents of `people`", "old shape", "release"] {
        assert!(reason.contains(part), "no `{part}` in: {reason}");
    }
    yard.close().await;
}
