//! What happens before a call is sent, and what ends its connection afterwards.

use std::time::Duration;

use mongoplex::{
    error::Failure,
    mongodb::{
        bson::{Document, doc},
        error::ErrorKind,
    },
};
use mongoplex_testing::{FailPoint, Fault, Proxy, free_port, raw, shared};

use super::{Bench, assert_class};

#[tokio::test]
async fn a_connection_that_closes_under_a_call_leaves_it_in_doubt() {
    let bench = Bench::new("failures_closed").await;
    let things = bench.collection();
    let fault = Fault::of(["find", "insert"], bench.app).close_connection();
    let point = FailPoint::set(&bench.uri(), fault.always()).await;

    assert_class(things.find_one(doc! {}).await, Failure::Interrupted);
    assert_class(things.insert_one(doc! {}).await, Failure::Interrupted);

    point.off().await;
    bench.close().await;
}

#[tokio::test]
async fn without_a_server_nothing_is_sent() {
    let closed = format!("mongodb://127.0.0.1:{}/", free_port());
    let unknown = "mongodb://no-such-host.invalid/";
    for uri in [closed.as_str(), unknown] {
        let client = raw(&format!("{uri}?serverSelectionTimeoutMS=200")).await;
        let things = client.database("bench").collection("things");
        assert_class(things.insert_one(doc! { "_id": 1 }).await, Failure::NotSent);
        client.shutdown().immediate(true).await;
    }
}

/// The driver labels each failure to connect as overload, and such an insert as one to be sent again.
#[tokio::test]
async fn a_refused_connection_is_no_overload() {
    let proxy = Proxy::start(&shared().nodes()[0].address()).await;
    // The pool's connection is too old after 1 ms, and the monitor does not look for a minute.
    let options = "serverMonitoringMode=poll&heartbeatFrequencyMS=60000&maxIdleTimeMS=1";
    let client = raw(&format!("{}&{options}", proxy.uri("bench"))).await;
    let bench = client.database("bench");
    bench.run_command(doc! { "ping": 1 }).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2)).await;
    proxy.refuse().await;

    let things = bench.collection::<Document>("things");
    let error = assert_class(things.insert_one(doc! {}).await, Failure::NotSent);

    assert!(matches!(*error.kind, ErrorKind::Io(_)), "{error}");
    for label in [
        "SystemOverloadedError",
        "RetryableError",
        "RetryableWriteError",
    ] {
        assert!(error.contains_label(label), "{error}");
    }
    client.shutdown().immediate(true).await;
    proxy.stop().await;
}

/// One kind of error for two things, told apart by its text: this holds the text to the driver in use.
#[tokio::test]
async fn a_call_that_waited_for_a_connection_was_not_sent_when_the_pool_was_cleared() {
    let bench = Bench::with("failures_waiting", "&maxPoolSize=1").await;
    let things = bench.collection();
    let database = bench.client.database(&bench.names.name("bench"));
    database.run_command(doc! { "ping": 1 }).await.unwrap();
    let fault = Fault::of(["find"], bench.app)
        .block(Duration::from_millis(300))
        .close_connection();
    let point = FailPoint::set(&bench.uri(), fault).await;

    let holds = async { things.find_one(doc! {}).await };
    let waits = async { database.run_command(doc! { "ping": 1 }).await };
    let (_, waited) = tokio::join!(holds, waits);
    let error = assert_class(waited, Failure::NotSent);

    let is_cleared = matches!(*error.kind, ErrorKind::ConnectionPoolCleared { .. });
    assert!(is_cleared, "{error}");
    point.off().await;
    bench.close().await;
}

#[tokio::test]
async fn a_call_whose_connection_the_monitor_ended_is_in_doubt() {
    let proxy = Proxy::start(&shared().nodes()[0].address()).await;
    let options = "connectTimeoutMS=500&serverSelectionTimeoutMS=2000";
    let client = raw(&format!("{}&{options}", proxy.uri("bench"))).await;
    let bench = client.database("bench");
    bench.run_command(doc! { "ping": 1 }).await.unwrap();
    proxy.stall().await;

    let error = assert_class(
        bench.run_command(doc! { "ping": 1 }).await,
        Failure::Interrupted,
    );

    let is_cleared = matches!(*error.kind, ErrorKind::ConnectionPoolCleared { .. });
    assert!(is_cleared, "{error}");
    client.shutdown().immediate(true).await;
    proxy.stop().await;
}

#[tokio::test]
async fn a_wrong_password_is_denied() {
    let node = shared().nodes()[0].address();
    let uri = format!("mongodb://nobody:wrong@{node}/?directConnection=true");
    let client = raw(&uri).await;

    let bench = client.database("bench");
    let answer = bench.run_command(doc! { "ping": 1 }).await;

    assert_class(answer, Failure::Denied);
    client.shutdown().immediate(true).await;
}

/// A server that goes down refuses to sign in too.
#[tokio::test]
async fn a_server_that_cannot_sign_in_anybody_says_nothing_of_the_password() {
    let node = shared().nodes()[0].address();
    let app = "failures_sign_in";
    let uri = format!("mongodb://nobody:wrong@{node}/?directConnection=true&appName={app}");
    let client = raw(&uri).await;
    let fault = Fault::of(["saslStart"], app).error(11602, []).always();
    let point = FailPoint::set(&shared().uri(""), fault).await;

    let bench = client.database("bench");
    let answer = bench.run_command(doc! { "ping": 1 }).await;

    assert_class(answer, Failure::NotSent);
    point.off().await;
    client.shutdown().immediate(true).await;
}

#[tokio::test]
async fn a_client_that_was_shut_down_sends_nothing() {
    let bench = Bench::new("failures_shutdown").await;
    bench.client.clone().shutdown().immediate(true).await;

    assert_class(
        bench.collection().find_one(doc! {}).await,
        Failure::ShutDown,
    );
    bench.names.drop().await;
}
