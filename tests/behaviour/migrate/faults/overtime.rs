//! A transaction that takes longer than the server lets it live.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use mongoplex::{
    bson::doc,
    migrate::{Migration, Step, TargetState},
};
use mongoplex_testing::{Nodes, own_set};
use tokio::time::sleep;

use crate::migrate::yard::{Yard, apply};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_outlives_the_servers_time_is_told_once_and_not_repeated() {
    let bodies = Arc::new(AtomicU32::new(0));
    let counted = bodies.clone();
    let slow = Step::transaction("too much", 1, move |tx| {
        let counted = counted.clone();
        async move {
            counted.fetch_add(1, Ordering::SeqCst);
            let things = tx.collection("things");
            things.insert_one(doc! { "_id": 1 }).await?;
            sleep(Duration::from_secs(4)).await;
            things.insert_one(doc! { "_id": 2 }).await?;
            Ok(())
        }
    });
    let list = apply::customer([("m20261101000000_slow", Migration::up([slow]))]);
    let set = own_set(Nodes::One).await;
    let yard = Yard::on(&set, "migrate_overtime", &[], vec![list]).await;
    yard.not_new().await;
    let shorter = doc! { "setParameter": 1, "transactionLifetimeLimitSeconds": 2 };
    yard.database("admin").run_command(shorter).await.unwrap();

    let outcome = yard.migrator().up().await.unwrap();

    assert_eq!(outcome.failed.len(), 1, "{outcome:?}");
    let failed = &outcome.failed[0];
    assert_eq!(failed.state, TargetState::Quarantined);
    assert_eq!(failed.failure.step, "too much");
    let reason = &failed.failure.reason;
    for part in ["2 s", "transactionLifetimeLimitSeconds", "backfill"] {
        assert!(reason.contains(part), "no `{part}` in: {reason}");
    }
    assert_eq!(bodies.load(Ordering::SeqCst), 1, "it was repeated");
    let customer = yard.customer().await;
    assert_eq!(yard.all(&customer, "things").await, []);
    yard.close().await;
    set.stop().await;
}

/// `DB_WRITE_DEADLINE` is 5 s where nobody says otherwise: a migration has its own time.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_may_take_longer_than_a_write() {
    let slow = Step::transaction("slow", 1, async |tx| {
        let things = tx.collection("things");
        things.insert_one(doc! { "_id": 1 }).await?;
        sleep(Duration::from_secs(2)).await;
        things.insert_one(doc! { "_id": 2 }).await?;
        Ok(())
    });
    let list = apply::customer([("m20261101000000_slow", Migration::up([slow]))]);
    let deadline = [("DB_WRITE_DEADLINE", "1s")];
    let set = mongoplex_testing::shared();
    let yard = Yard::on(set, "migrate_slow_body", &deadline, vec![list]).await;
    yard.not_new().await;

    let outcome = yard.migrator().up().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
    let customer = yard.customer().await;
    assert_eq!(yard.all(&customer, "things").await.len(), 2);
    yard.close().await;
}
