//! Changes of a schema behind an application's open transaction.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::{Duration, Instant},
};

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Failed, Migration, Step, TargetState},
    mongodb::Database,
};

use crate::migrate::yard::{Yard, apply};

/// What another writer may wait: ten times the 5 s that are promised.
const LONGEST: Duration = Duration::from_secs(50);

/// Writes to a collection until it is stopped; returns the longest that one write took.
async fn write(database: &Database, stop: &AtomicBool, written: &AtomicU32) -> Duration {
    let people = database.collection("people");
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::SeqCst) {
        let began = Instant::now();
        people.insert_one(doc! { "first": "F" }).await.unwrap();
        longest = longest.max(began.elapsed());
        written.fetch_add(1, Ordering::SeqCst);
    }
    longest
}

/// Lets a step meet an open transaction, and end once that one has; returns how it failed before.
async fn met(test: &str, step: Step) -> Failed {
    let list = apply::tenants([("m20261101000000_met", Migration::up([step]))]);
    let variables = [("MIGRATION_LEASE", "6s")];
    let set = mongoplex_testing::shared();
    let yard = Yard::on(set, test, &variables, vec![list]).await;
    yard.not_new().await;
    yard.people("acme").await;
    let tenant = yard.tenant("acme");
    let client = tenant.client();
    let mut open = client.start_session().await.unwrap();
    open.start_transaction().await.unwrap();
    let people = tenant.collection::<Document>("people");
    let person = doc! { "first": "in a transaction" };
    people.insert_one(person).session(&mut open).await.unwrap();

    let (stop, written) = (AtomicBool::new(false), AtomicU32::new(0));
    let migrated = async {
        let outcome = yard.migrator().up().await.unwrap();
        // It goes on: nobody waits behind what was given up.
        let before = written.load(Ordering::SeqCst);
        crate::house::eventually("nothing is written", async || {
            written.load(Ordering::SeqCst) > before
        })
        .await;
        stop.store(true, Ordering::SeqCst);
        outcome
    };
    let (outcome, longest) = tokio::join!(migrated, write(&tenant, &stop, &written));
    open.abort_transaction().await.unwrap();
    let after = yard.migrator().up().await.unwrap();

    assert!(longest < LONGEST, "a writer waited {longest:?}");
    assert!(after.is_whole(), "{after:?}");
    assert_eq!(after.done, 1);
    yard.close().await;
    outcome.failed.into_iter().next().unwrap()
}

fn assert_may_be_tried_again(failed: &Failed) {
    assert_eq!(failed.state, TargetState::Failed, "{failed:?}");
    assert_eq!(failed.failure.migration, "20261101000000_met");
    let reason = &failed.failure.reason;
    for part in ["people", "longer than 600ms"] {
        assert!(reason.contains(part), "no `{part}` in: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_behind_an_open_transaction_is_given_up_and_built_later() {
    let step = Step::indexes("people", [Index::on(&["last"])]);
    assert_may_be_tried_again(&met("migrate_behind_index", step).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_behind_an_open_transaction_is_given_up_and_set_later() {
    let known = doc! { "$jsonSchema": { "required": ["first"] } };
    let step = Step::validator("people", known);
    assert_may_be_tried_again(&met("migrate_behind_rule", step).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_behind_an_open_transaction_is_given_up_and_done_later() {
    let step = Step::drop_collection("people");
    assert_may_be_tried_again(&met("migrate_behind_drop", step).await);
}
