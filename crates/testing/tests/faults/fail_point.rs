//! Fail points strike the application they are set for, as often as they say.

use std::time::{Duration, Instant};

use mongodb::{
    Client, Collection,
    bson::{Document, doc},
    error::{Error, ErrorKind},
};
use mongoplex_testing::{FailPoint, Fault, TestDatabases, raw};

async fn things(databases: &TestDatabases, app_name: &str) -> (Client, Collection<Document>) {
    let client = raw(&format!("{}&appName={app_name}", databases.uri("shop"))).await;
    let things = client.default_database().unwrap().collection("things");
    things.insert_one(doc! {}).await.unwrap();
    (client, things)
}

fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(refused) => Some(refused.code),
        _ => None,
    }
}

#[tokio::test]
async fn two_closed_connections_are_reported_and_counted() {
    let databases = TestDatabases::new("closed");
    let (_client, things) = things(&databases, "closed").await;
    let fault = Fault::of(["find"], "closed").close_connection().times(2);
    let point = FailPoint::set(&databases.uri("shop"), fault).await;

    let failed = things.find_one(doc! {}).await.unwrap_err();
    let found = things.find_one(doc! {}).await.unwrap();

    assert!(matches!(failed.kind.as_ref(), ErrorKind::Io(_)), "{failed}");
    assert!(found.is_some());
    assert_eq!(point.off().await, 2);
    databases.drop().await;
}

#[tokio::test]
async fn an_error_carries_code_and_labels() {
    let databases = TestDatabases::new("labels");
    let (_client, things) = things(&databases, "labels").await;
    let fault = Fault::of(["insert"], "labels")
        .error(8000, ["RetryableWriteError"])
        .always();
    let point = FailPoint::set(&databases.uri("shop"), fault).await;

    let failed = things.insert_one(doc! {}).await.unwrap_err();

    assert_eq!(code(&failed), Some(8000), "{failed}");
    assert!(failed.contains_label("RetryableWriteError"));
    // The driver has sent it twice because of the label.
    assert_eq!(point.off().await, 2);
    databases.drop().await;
}

#[tokio::test]
async fn a_blocked_command_takes_its_time() {
    let databases = TestDatabases::new("blocked");
    let (_client, things) = things(&databases, "blocked").await;
    let fault = Fault::of(["find"], "blocked").block(Duration::from_millis(200));
    let point = FailPoint::set(&databases.uri("shop"), fault).await;
    let started = Instant::now();

    things.find_one(doc! {}).await.unwrap();

    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(point.off().await, 1);
    databases.drop().await;
}

#[tokio::test]
async fn a_write_concern_error_comes_after_the_write() {
    let databases = TestDatabases::new("concern");
    let (_client, things) = things(&databases, "concern").await;
    let fault = Fault::of(["insert"], "concern").write_concern_error(64);
    let point = FailPoint::set(&databases.uri("shop"), fault).await;

    things.insert_one(doc! {}).await.unwrap_err();

    assert_eq!(things.count_documents(doc! {}).await.unwrap(), 2);
    assert_eq!(point.off().await, 1);
    databases.drop().await;
}

#[tokio::test]
async fn another_application_is_not_struck() {
    let databases = TestDatabases::new("other");
    let (_client, things) = things(&databases, "other").await;
    let fault = Fault::of(["find"], "someone-else").error(8000, []).always();
    let point = FailPoint::set(&databases.uri("shop"), fault).await;

    things.find_one(doc! {}).await.unwrap();

    assert_eq!(point.off().await, 0);
    databases.drop().await;
}

#[tokio::test]
async fn a_dropped_fail_point_is_off() {
    let databases = TestDatabases::new("dropped");
    let (_client, things) = things(&databases, "dropped").await;
    let fault = Fault::of(["find"], "dropped").error(8000, []).always();
    let point = FailPoint::set(&databases.uri("shop"), fault).await;
    assert_eq!(
        code(&things.find_one(doc! {}).await.unwrap_err()),
        Some(8000)
    );

    drop(point);

    things.find_one(doc! {}).await.unwrap();
    databases.drop().await;
}
