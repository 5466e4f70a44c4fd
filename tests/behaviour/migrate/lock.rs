//! One run at a time, whoever contends, stops or comes back.

use std::time::Duration;

use mongoplex::{
    bson::{Document, Timestamp, doc},
    migrate::{Error, Repair},
};
use mongoplex_testing::{Nodes, own_set};
use rustix::process::{Pid, Signal, kill_process};

use super::{
    drill::{lists::counting, program},
    yard::Yard,
};
use crate::house::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_contenders_one_holds_the_lock_at_a_time_and_fences_rise() {
    const CONTENDERS: usize = 50;
    const EACH: usize = 8;
    let yard = Yard::new("migrate_lock", vec![counting()]).await;
    yard.tenants_without_records(&["acme"]).await;

    let contenders = (0..CONTENDERS).map(|_| {
        let migrator = yard.migrator().wait(Duration::from_secs(300));
        async move {
            for _ in 0..EACH {
                migrator.repair(&Repair::Release).await.unwrap();
            }
        }
    });
    futures_util::future::join_all(contenders).await;

    let runs = yard.control().collection::<Document>("runs");
    let runs = runs.find(doc! {}).sort(doc! { "fence": 1 }).await.unwrap();
    let runs: Vec<Document> = futures_util::TryStreamExt::try_collect(runs).await.unwrap();
    assert_eq!(runs.len(), CONTENDERS * EACH);
    for pair in runs.windows(2) {
        let fence = |run: &Document| run.get_i64("fence").unwrap();
        let time = |run: &Document, at| *run.get_datetime(at).unwrap();
        assert!(
            fence(&pair[0]) < fence(&pair[1]),
            "each fence is another one"
        );
        assert!(
            time(&pair[0], "endedAt") <= time(&pair[1], "startedAt"),
            "two at once"
        );
    }
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_under_way_is_told_and_a_dead_one_is_taken_over() {
    let yard = Yard::new("migrate_held", vec![counting()]).await;
    yard.tenants_without_records(&["acme"]).await;
    let locked = doc! {
        "fence": 7_i64, "verb": "up",
        "owner": { "run": "other", "host": "elsewhere", "pid": 1_i64, "space": "x", "began": "1" },
    };
    let locks = yard.control().collection::<Document>("locks");
    let scope = yard.house.names.name("customer");
    let lock = vec![
        doc! { "$set": locked },
        doc! { "$set": {
            "renewedAt": "$$NOW", "expiresAt": { "$add": ["$$NOW", 3_000] },
        } },
    ];
    locks
        .update_one(doc! { "_id": &scope }, lock)
        .upsert(true)
        .await
        .unwrap();

    let refused = yard.migrator().up().await;

    let Err(Error::Held(holder)) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (holder.owner.host.as_str(), holder.verb.as_str()),
        ("elsewhere", "up")
    );
    assert!(
        matches!(yard.migrator().unlock().await, Err(Error::Held(_))),
        "it is alive"
    );
    let waited = yard
        .migrator()
        .wait(Duration::from_secs(60))
        .up()
        .await
        .unwrap();
    assert_eq!(waited.done, 1);
    let lock = locks
        .find_one(doc! { "_id": &scope })
        .await
        .unwrap()
        .unwrap();
    assert_eq!(lock.get_i64("fence").unwrap(), 8);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_that_wakes_after_a_takeover_writes_nothing_and_fails() {
    let set = own_set(Nodes::Three).await;
    let yard = Yard::on(
        &set,
        "migrate_stopped",
        &[("MIGRATION_LEASE", "3s")],
        vec![counting()],
    )
    .await;
    yard.transactions_live(1).await;
    yard.not_new().await;
    let ids: Vec<String> = (0..60).map(|number| format!("t{number:03}")).collect();
    yard.rows_of(&ids).await;
    let mut child = program::command(&yard, ("up", "count"), &[], "3s")
        .spawn()
        .unwrap();
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    eventually("the run has begun", async || {
        let status = yard.migrator().status().await.unwrap();
        status[0].at_head > 0
    })
    .await;
    kill_process(pid, Signal::STOP).unwrap();

    let taken = yard
        .migrator()
        .wait(Duration::from_secs(60))
        .up()
        .await
        .unwrap();

    assert!(taken.is_whole(), "{taken:?}");
    let before = last_write(&yard).await;
    kill_process(pid, Signal::CONT).unwrap();
    let ended = child.wait().unwrap();
    assert!(!ended.success(), "it says that it is whole");
    assert_eq!(last_write(&yard).await, before, "it has written something");
    for id in &ids {
        let counts = yard.all(&yard.tenant(id), "counts").await;
        assert_eq!(counts, [doc! { "_id": "all", "number": 1 }], "{id}");
    }
    yard.close().await;
    set.stop().await;
}

/// Returns when something was last written: the newest entry of the oplog that is no sign of life.
async fn last_write(yard: &Yard) -> Timestamp {
    let oplog = yard.database("local").collection::<Document>("oplog.rs");
    let written = doc! { "op": { "$ne": "n" } };
    let last = oplog.find_one(written).sort(doc! { "$natural": -1 }).await;
    last.unwrap().unwrap().get_timestamp("ts").unwrap()
}
