//! The proxy's faults really happen, and end.

use std::time::Duration;

use mongodb::{
    Client, Collection,
    bson::{Document, doc},
    error::ErrorKind,
};
use mongoplex_testing::{Proxy, TestDatabases, raw, shared};
use tokio::time::timeout;

/// A collection seen through a proxy and from outside, with one document in it.
struct Both {
    databases: TestDatabases,
    proxy: Proxy,
    through: Collection<Document>,
    outside: Collection<Document>,
}

impl Both {
    async fn new(test: &str, options: &str) -> Self {
        let databases = TestDatabases::new(test);
        let proxy = Proxy::start(&shared().nodes()[0].address()).await;
        let things = |client: &Client| client.default_database().unwrap().collection("things");
        let uri = format!(
            "{}&serverSelectionTimeoutMS=2000{options}",
            proxy.uri(&databases.name("shop"))
        );
        let through = things(&raw(&uri).await);
        let outside = things(&raw(&databases.uri("shop")).await);
        through.insert_one(doc! { "_id": 0 }).await.unwrap();
        Self {
            databases,
            proxy,
            through,
            outside,
        }
    }

    async fn end(self) {
        self.proxy.stop().await;
        self.databases.drop().await;
    }
}

#[tokio::test]
async fn refuse_closes_and_refuses_until_pass() {
    let both = Both::new("refuse", "").await;

    both.proxy.refuse().await;
    let refused = both.through.find_one(doc! {}).await.unwrap_err();
    let direct = tokio::net::TcpStream::connect(both.proxy.address())
        .await
        .unwrap_err();
    both.proxy.pass().await;

    assert!(
        matches!(
            refused.kind.as_ref(),
            ErrorKind::ServerSelection { .. } | ErrorKind::Io(_)
        ),
        "{refused}"
    );
    assert_eq!(direct.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(both.through.find_one(doc! {}).await.unwrap().is_some());
    both.end().await;
}

#[tokio::test]
async fn stall_holds_a_call_back_until_pass() {
    let both = Both::new("stall", "").await;
    both.proxy.stall().await;
    let mut call = Box::pin(async { both.through.insert_one(doc! { "_id": 1 }).await });

    let early = timeout(Duration::from_millis(200), &mut call).await;
    let seen = both.outside.count_documents(doc! {}).await.unwrap();
    both.proxy.pass().await;

    assert!(early.is_err());
    assert_eq!(seen, 1);
    call.await.unwrap();
    both.end().await;
}

#[tokio::test]
async fn cut_closes_what_is_open_and_accepts_again() {
    let both = Both::new("cut", "&retryReads=false").await;
    let before = both.proxy.accepted();

    both.proxy.cut().await;
    // The driver may have seen the cut already, or see it with this call.
    let _ = both.through.find_one(doc! {}).await;
    let found = both.through.find_one(doc! {}).await.unwrap();

    assert!(found.is_some());
    assert!(both.proxy.accepted() > before);
    both.end().await;
}

#[tokio::test]
async fn a_lost_reply_loses_no_write() {
    // The compressors hide the command's name on the wire, unless the proxy sees to it.
    let both = Both::new("lost", "&retryWrites=false&compressors=zlib,snappy").await;
    both.proxy.drop_replies(b"\x02insert\0", 1);

    let failed = both
        .through
        .insert_one(doc! { "_id": 1 })
        .await
        .unwrap_err();

    assert!(matches!(failed.kind.as_ref(), ErrorKind::Io(_)), "{failed}");
    assert_eq!(both.outside.count_documents(doc! {}).await.unwrap(), 2);
    assert_eq!(both.proxy.dropped_replies(), 1);
    both.end().await;
}

#[tokio::test]
async fn one_lost_reply_is_hidden_by_the_drivers_own_retry() {
    let both = Both::new("hidden", "").await;
    both.proxy.drop_replies(b"\x02insert\0", 1);

    both.through.insert_one(doc! { "_id": 1 }).await.unwrap();

    assert_eq!(both.outside.count_documents(doc! {}).await.unwrap(), 2);
    assert_eq!(both.proxy.dropped_replies(), 1);
    both.end().await;
}

#[tokio::test]
async fn a_stopped_proxy_listens_no_more() {
    let proxy = Proxy::start(&shared().nodes()[0].address()).await;
    let address = proxy.address();

    proxy.stop().await;

    tokio::net::TcpStream::connect(address).await.unwrap_err();
}
