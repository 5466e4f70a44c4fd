//! What the server answers.

use std::time::Duration;

use mongoplex::{
    error::Failure,
    mongodb::{
        bson::{Document, doc},
        options::{ValidationAction, ValidationLevel},
    },
};
use mongoplex_testing::{FailPoint, Fault, Nodes, Proxy, own_set, raw};

use super::{Bench, assert_class};

const RETRYABLE: &str = "RetryableWriteError";
const OVERLOADED: [&str; 2] = ["SystemOverloadedError", "RetryableError"];

#[tokio::test]
async fn a_read_fails_as_the_code_says() {
    let bench = Bench::new("failures_reads").await;
    let things = bench.collection();
    for (code, expected) in [
        (11602, Failure::Interrupted),
        (189, Failure::Interrupted),
        (262, Failure::Interrupted),
        (10107, Failure::NotSent),
        (13435, Failure::NotSent),
        (43, Failure::Interrupted),
        (112, Failure::Conflict),
        (13, Failure::Denied),
        (8000, Failure::Failed),
        (51091, Failure::Unknown),
    ] {
        let fault = Fault::of(["find"], bench.app).error(code, []).times(2);
        let point = FailPoint::set(&bench.uri(), fault).await;
        assert_class(things.find_one(doc! {}).await, expected);
        point.off().await;
    }
    bench.close().await;
}

#[tokio::test]
async fn an_overloaded_server_carried_nothing_out() {
    let bench = Bench::new("failures_overload").await;
    let things = bench.collection();
    let fault = Fault::of(["find", "insert"], bench.app).error(462, OVERLOADED);
    let point = FailPoint::set(&bench.uri(), fault.always()).await;

    assert_class(things.find_one(doc! {}).await, Failure::Overload);
    assert_class(things.insert_one(doc! {}).await, Failure::Overload);
    point.off().await;

    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 0);
    bench.close().await;
}

#[tokio::test]
async fn a_write_that_was_refused_for_want_of_a_primary_is_not_sent_as_far_as_one_try_can_tell() {
    let bench = Bench::new("failures_primary").await;
    let things = bench.collection();
    for (labels, expected) in [
        (&[][..], Failure::NotSent),
        (&[RETRYABLE, "NoWritesPerformed"], Failure::NotSent),
        // Tried twice, and the driver tells of the second try only.
        (&[RETRYABLE], Failure::Interrupted),
    ] {
        let fault = Fault::of(["insert"], bench.app).error(10107, labels.to_vec());
        let point = FailPoint::set(&bench.uri(), fault.times(2)).await;
        assert_class(things.insert_one(doc! {}).await, expected);
        point.off().await;
    }
    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 0);
    bench.close().await;
}

/// Why the rule above is needed: here the first try was carried out and its reply was lost.
#[tokio::test]
async fn a_refused_second_try_does_not_hide_that_the_first_was_carried_out() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let client = raw(&format!("{}&appName=failures_hidden", proxy.uri("bench"))).await;
    let things = client.database("bench").collection::<Document>("things");
    let admin = raw(&set.uri("")).await;
    let second = doc! {
        "configureFailPoint": "failCommand", "mode": { "skip": 1 },
        "data": {
            "failCommands": ["insert"], "appName": "failures_hidden", "errorCode": 10107,
            "errorLabels": [RETRYABLE],
        },
    };
    admin.database("admin").run_command(second).await.unwrap();
    proxy.drop_replies(b"\x02insert\0", 1);

    let error = assert_class(things.insert_one(doc! {}).await, Failure::Interrupted);

    assert!(error.to_string().contains("10107"), "{error}");
    assert_eq!(proxy.dropped_replies(), 1);
    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 1);
    for client in [client, admin] {
        client.shutdown().immediate(true).await;
    }
    proxy.stop().await;
    set.stop().await;
}

#[tokio::test]
async fn a_failed_write_concern_means_that_the_write_was_applied() {
    let bench = Bench::new("failures_concern").await;
    let things = bench.collection();
    for (code, id) in [(91, 1), (64, 2), (10107, 3)] {
        let fault = Fault::of(["insert"], bench.app).write_concern_error(code);
        let point = FailPoint::set(&bench.uri(), fault.always()).await;
        let inserted = things.insert_one(doc! { "_id": id }).await;
        assert_class(inserted, Failure::Interrupted);
        point.off().await;

        assert_eq!(things.count_documents(doc! { "_id": id }).await.unwrap(), 1);
    }
    let fault = Fault::of(["insert"], bench.app).write_concern_error(100);
    let point = FailPoint::set(&bench.uri(), fault).await;
    let many = things.insert_many([doc! { "_id": 4 }, doc! { "_id": 5 }]);
    assert_class(many.await, Failure::Interrupted);
    point.off().await;
    bench.close().await;
}

#[tokio::test]
async fn the_server_keeps_the_time_that_it_was_given() {
    let bench = Bench::new("failures_time").await;
    let things = bench.collection();
    things.insert_one(doc! {}).await.unwrap();

    let slow = things.find_one(doc! { "$where": "sleep(2000) || true" });
    let slow = slow.max_time(Duration::from_millis(50)).await;

    assert_class(slow, Failure::Timeout);
    bench.close().await;
}

#[tokio::test]
async fn a_document_is_a_duplicate_or_refused() {
    let bench = Bench::new("failures_documents").await;
    let things = bench.collection();
    things.insert_one(doc! { "_id": 1 }).await.unwrap();
    let nine = "9".repeat(9 << 20);

    assert_class(
        things.insert_one(doc! { "_id": 1 }).await,
        Failure::Duplicate,
    );
    let many = things.insert_many([doc! { "_id": 2 }, doc! { "_id": 1 }]);
    assert_class(many.await, Failure::Duplicate);
    let moved = things.update_one(doc! { "_id": 1 }, doc! { "$set": { "_id": 9 } });
    assert_class(moved.await, Failure::Refused);
    let grown = things.update_one(doc! { "_id": 1 }, doc! { "$set": { "a": &nine } });
    grown.await.unwrap();
    let grown = things.update_one(doc! { "_id": 1 }, doc! { "$set": { "b": &nine } });
    assert_class(grown.await, Failure::Refused);
    let unknown = things.update_one(doc! { "_id": 1 }, doc! { "$nothing": { "b": 1 } });
    assert_class(unknown.await, Failure::Failed);
    bench.close().await;
}

#[tokio::test]
async fn a_validator_refuses() {
    let bench = Bench::new("failures_validator").await;
    let database = bench.client.database(&bench.names.name("bench"));
    let created = database.create_collection("things");
    created
        .validator(doc! { "n": { "$type": "int" } })
        .validation_level(ValidationLevel::Strict)
        .validation_action(ValidationAction::Error)
        .await
        .unwrap();

    let inserted = bench.collection().insert_one(doc! { "n": "text" }).await;

    assert_class(inserted, Failure::Refused);
    bench.close().await;
}
