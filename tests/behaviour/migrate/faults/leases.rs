//! A lease that cannot be renewed in the middle of a run.

use std::time::Duration;

use mongoplex::{
    bson::doc,
    migrate::{Event, List, Migration, Step, TransactionHandle},
};
use mongoplex_testing::{FailPoint, Fault, shared};
use tokio::{sync::Notify, time::sleep};

use crate::migrate::yard::{Yard, apply};

/// So many, at a tenth of a second each, take longer than a lease of 3 s may be relied upon.
const TENANTS: usize = 30;

fn slow() -> List {
    let body = async |tx: TransactionHandle| {
        let counts = tx.collection("counts");
        let once = doc! { "$inc": { "number": 1 } };
        let all = doc! { "_id": "all" };
        counts.update_one(all, once).upsert(true).await?;
        sleep(Duration::from_millis(100)).await;
        Ok(())
    };
    let counted = Migration::up([Step::transaction("count", 1, body)]);
    apply::tenants([("m20261101000000_count", counted)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_lease_runs_low_leaves_no_target_undone_and_says_it_paused() {
    let lease = [("MIGRATION_LEASE", "3s")];
    let yard = Yard::on(shared(), "migrate_low_lease", &lease, vec![slow()]).await;
    let ids: Vec<String> = (0..TENANTS).map(|number| format!("t{number}")).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    yard.tenants_without_records(&names).await;
    let (began, paused) = <(std::sync::Arc<Notify>, std::sync::Arc<Notify>)>::default();
    let (begins, pauses) = (began.clone(), paused.clone());
    let migrator = yard
        .migrator()
        .at_once(1)
        .telling(move |event| match event {
            Event::Began { .. } => begins.notify_one(),
            Event::Paused { .. } => pauses.notify_one(),
            _ => {}
        });
    let locks = format!("{}.locks", yard.control().name());
    let stalled = Fault::of(["update"], "migrate_low_lease/customer").on(&locks);
    let stalled = stalled.block(Duration::from_secs(3)).always();

    let story = async {
        began.notified().await;
        let point = FailPoint::set(&yard.house.names.uri("admin"), stalled).await;
        paused.notified().await;
        point.off().await;
    };
    let up = async {
        let outcome = migrator.up().await.unwrap();
        paused.notify_one();
        outcome
    };
    let (outcome, ()) = tokio::join!(up, story);

    assert!(outcome.is_whole(), "{outcome:?}");
    assert!(outcome.runs.len() > 1, "it never paused: {outcome:?}");
    for id in &ids {
        let counts = yard.all(&yard.tenant(id), "counts").await;
        assert_eq!(counts, [doc! { "_id": "all", "number": 1 }], "{id}");
    }
    yard.close().await;
}
