//! What is lost before, in and after the commit: both counters stand at one, or both at none.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mongoplex::{Error, bson::doc};
use mongoplex_testing::{FailPoint, Fault, Nodes, Proxy, own_set};
use tokio::sync::Notify;

use super::Counters;
use crate::house::{House, PATIENCE};

const PATIENT: (&str, &str) = ("DB_WRITE_DEADLINE", "30s");
const COMMIT: &[u8] = b"\x10commitTransaction\0";

#[tokio::test]
async fn a_connection_that_is_lost_inside_runs_the_body_again() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "spanning_inside", &[PATIENT]).await;
    let counters = Counters::of(&house).await;
    let runs = Arc::new(AtomicU32::new(0));
    let fault = Fault::of(["update"], "spanning_inside/customer").close_connection();
    let lost = FailPoint::set(&set.uri("admin"), fault.times(3)).await;

    counters.up(&runs).await.unwrap();

    assert_eq!(lost.off().await, 3);
    assert_eq!(runs.load(Ordering::SeqCst), 4);
    assert_eq!(counters.read().await, (1, 1));
    house.close().await;
    set.stop().await;
}

/// The driver hides the first; the others are ours. The body is not asked again.
#[tokio::test]
async fn a_connection_that_is_lost_in_the_commit_sends_the_commit_again() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "spanning_commit", &[PATIENT]).await;
    let counters = Counters::of(&house).await;

    for times in 1..=5 {
        let runs = Arc::new(AtomicU32::new(0));
        let fault = Fault::of(["commitTransaction"], "spanning_commit/customer");
        let fault = fault.close_connection().times(times);
        let lost = FailPoint::set(&set.uri("admin"), fault).await;

        counters.up(&runs).await.unwrap();

        assert_eq!(lost.off().await, u64::from(times));
        let all = i64::from(times);
        assert_eq!(counters.read().await, (all, all));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
    house.close().await;
    set.stop().await;
}

/// Returns a house all of whose databases are behind the proxy.
async fn behind(
    proxy: &Proxy,
    set: &mongoplex_testing::ReplicaSet,
    test: &str,
    deadline: &str,
) -> House {
    // As the house will name them: its databases are the next ones of this set.
    let uris = ["admin", "customer"].map(|name| proxy.uri(&format!("{test}_{name}")));
    let variables = [
        ("DATABASE_ADMIN_URI", uris[0].as_str()),
        ("DATABASE_CUSTOMER_URI", uris[1].as_str()),
        ("DB_WRITE_DEADLINE", deadline),
    ];
    House::on(set, test, &variables).await
}

#[tokio::test]
async fn a_commit_whose_reply_is_lost_after_it_was_applied_counts_once() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let house = behind(&proxy, &set, "lost_reply", "30s").await;
    let counters = Counters::of(&house).await;

    for times in 1..=5 {
        let runs = Arc::new(AtomicU32::new(0));
        proxy.drop_replies(COMMIT, times);

        counters.up(&runs).await.unwrap();

        let all = i64::from(times);
        assert_eq!(counters.read().await, (all, all));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }
    assert_eq!(proxy.dropped_replies(), 15, "one to five");
    house.close().await;
    set.stop().await;
}

/// The commit was applied, and nobody was told: the error must not say that nothing was written.
#[tokio::test]
async fn a_commit_that_is_never_answered_ends_with_the_deadline_as_unknown() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let house = behind(&proxy, &set, "no_reply", "2s").await;
    let counters = Counters::of(&house).await;
    let runs = Arc::new(AtomicU32::new(0));
    proxy.drop_replies(COMMIT, u32::MAX);

    let ended = tokio::time::timeout(PATIENCE, counters.up(&runs)).await;
    proxy.drop_replies(COMMIT, 0);

    let ended = ended.unwrap();
    assert!(
        matches!(ended, Err(Error::DeadlineExceeded { .. })),
        "{ended:?}"
    );
    assert_eq!(runs.load(Ordering::SeqCst), 1, "the body did not run again");
    assert_eq!(counters.read().await, (1, 1), "it had been applied");
    house.close().await;
    set.stop().await;
}

/// What was written is aborted with the whole, so a repeat does nothing twice.
#[tokio::test]
async fn a_call_inside_that_is_late_is_not_in_doubt() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "spanning_late", &[PATIENT]).await;
    let counters = Counters::of(&house).await;
    let fault = Fault::of(["update"], "spanning_late/customer").block(Duration::from_secs(2));
    let slow = FailPoint::set(&set.uri("admin"), fault.times(1)).await;

    let late = counters.customer.transaction();
    let late = late.run(async move |customer| -> mongoplex::Result<()> {
        let plans = customer.collection::<models::customer_services::Plan>();
        let more = doc! { "$inc": { "monthlyPrice": 1 } };
        let update = plans.update_one(doc! {}, more);
        update.timeout(Duration::from_millis(200)).await.map(drop)
    });
    let error = late.await.unwrap_err();

    assert!(matches!(error, Error::DeadlineExceeded { .. }), "{error}");
    assert!(!error.is_ambiguous());
    slow.off().await;
    assert_eq!(counters.read().await, (0, 0));
    house.close().await;
    set.stop().await;
}

/// The server says that it has committed, and not that this will stay: 100 has no label of the driver.
#[tokio::test]
async fn a_commit_whose_write_concern_failed_is_in_doubt() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "spanning_concern", &[PATIENT]).await;
    let counters = Counters::of(&house).await;
    let runs = Arc::new(AtomicU32::new(0));
    let fault = Fault::of(["commitTransaction"], "spanning_concern/customer");
    let fault = fault.write_concern_error(100).times(1);
    let unsure = FailPoint::set(&set.uri("admin"), fault).await;

    let error = counters.up(&runs).await.unwrap_err();

    assert!(error.is_ambiguous(), "{error}");
    assert_eq!(unsure.off().await, 1);
    assert_eq!(counters.read().await, (1, 1), "it was committed");
    house.close().await;
    set.stop().await;
}

/// Transactions on all sides of the change, some in the middle of their commit: each counts once.
#[tokio::test]
async fn a_primary_that_is_killed_among_transactions_loses_and_doubles_none() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "spanning_killed", &[PATIENT]).await;
    let counters = Counters::of(&house).await;
    let (runs, done) = (Arc::new(AtomicU32::new(0)), AtomicU32::new(0));
    let (primary, began) = (set.primary().await.unwrap(), Notify::new());

    let count = async || {
        for _ in 0..40 {
            counters.up(&runs).await?;
            if done.fetch_add(1, Ordering::SeqCst) == 10 {
                began.notify_one();
            }
        }
        Ok::<_, Error>(())
    };
    let kill = async {
        began.notified().await;
        primary.kill().await;
    };
    let (one, two, ()) = tokio::join!(count(), count(), kill);

    one.unwrap();
    two.unwrap();
    assert_eq!(counters.read().await, (80, 80));
    house.close().await;
    set.stop().await;
}

/// Nothing was committed, and nothing stays open to hold up others until the server's 60 s are over.
#[tokio::test]
async fn a_transaction_that_is_dropped_or_late_leaves_nothing_open() {
    let house = House::new("spanning_dropped").await;
    let counters = Counters::of(&house).await;
    let kept = Arc::new(Mutex::new(None));
    let stuck = || {
        let keep = kept.clone();
        let both = counters.customer.transaction().with(&counters.admin);
        both.run(async move |(customer, _)| -> mongoplex::Result<()> {
            let more = doc! { "$inc": { "monthlyPrice": 1 } };
            let plans = customer.collection::<models::customer_services::Plan>();
            plans.update_one(doc! {}, more).await?;
            *keep.lock().unwrap() = Some(plans);
            std::future::pending().await
        })
    };

    let late = counters
        .customer
        .transaction()
        .limit(Duration::from_millis(200));
    let late = late.run(async move |_| -> mongoplex::Result<()> { std::future::pending().await });
    assert!(matches!(late.await, Err(Error::DeadlineExceeded { .. })));
    let dropped = tokio::time::timeout(Duration::from_millis(300), stuck()).await;
    assert!(dropped.is_err());
    // Whoever kept a part of it does not keep it open.
    assert!(kept.lock().unwrap().is_some());

    // It would wait for the other's lock.
    let runs = Arc::new(AtomicU32::new(0));
    tokio::time::timeout(PATIENCE / 3, counters.up(&runs))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(counters.read().await, (1, 1));
    house.close().await;
}
