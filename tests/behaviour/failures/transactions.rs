//! What ends a transaction, and what leaves its commit in doubt.

use mongoplex::{error::Failure, mongodb::bson::doc};
use mongoplex_testing::{FailPoint, Fault};

use super::{Bench, assert_class};

#[tokio::test]
async fn a_conflict_in_a_transaction_asks_for_its_start() {
    let bench = Bench::new("failures_conflict").await;
    let things = bench.collection();
    things.insert_one(doc! { "_id": 1, "n": 0 }).await.unwrap();
    let (mut one, mut other) = (
        bench.client.start_session().await.unwrap(),
        bench.client.start_session().await.unwrap(),
    );
    one.start_transaction().await.unwrap();
    other.start_transaction().await.unwrap();
    let add = || things.update_one(doc! { "_id": 1 }, doc! { "$inc": { "n": 1 } });

    add().session(&mut one).await.unwrap();
    let second = add().session(&mut other).await;

    assert_class(second, Failure::TransactionAborted);
    one.commit_transaction().await.unwrap();
    drop(other);
    bench.close().await;
}

#[tokio::test]
async fn a_lost_connection_in_a_transaction_aborts_it_and_at_its_commit_leaves_it_in_doubt() {
    let bench = Bench::new("failures_commit").await;
    let things = bench.collection();
    things.insert_one(doc! { "_id": 1 }).await.unwrap();
    let mut session = bench.client.start_session().await.unwrap();

    session.start_transaction().await.unwrap();
    let fault = Fault::of(["insert"], bench.app).close_connection();
    let point = FailPoint::set(&bench.uri(), fault).await;
    let inserted = things.insert_one(doc! { "_id": 2 }).session(&mut session);
    assert_class(inserted.await, Failure::TransactionAborted);
    point.off().await;
    session.abort_transaction().await.unwrap();

    session.start_transaction().await.unwrap();
    let inserted = things.insert_one(doc! { "_id": 3 }).session(&mut session);
    inserted.await.unwrap();
    let fault = Fault::of(["commitTransaction"], bench.app).close_connection();
    let point = FailPoint::set(&bench.uri(), fault.times(2)).await;
    assert_class(session.commit_transaction().await, Failure::CommitUnknown);
    point.off().await;
    session.commit_transaction().await.unwrap();

    let kept = things.count_documents(doc! {}).await.unwrap();
    assert_eq!(kept, 2);
    drop(session);
    bench.close().await;
}
