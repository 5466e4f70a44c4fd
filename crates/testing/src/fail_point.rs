//! Faults that the server itself makes: `failCommand`, for one application name only.
//!
//! There is one `failCommand` per server. A second [`FailPoint`] of this process on the same server waits until the
//! first is off, so tests may share a server; tests in one binary then run one after the other here.

mod fault;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use mongodb::{
    bson::{Document, doc},
    error::Result,
};
use tokio::sync::OwnedMutexGuard;

pub use self::fault::Fault;
use crate::client::{finish, raw};

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Whose turn it is, by the address of the server.
static TURNS: LazyLock<Mutex<HashMap<String, Turn>>> = LazyLock::new(Mutex::default);

/// A fault that is set on a server; it is switched off when this is dropped, which blocks the thread for some 10 ms.
#[derive(Debug)]
#[must_use = "a fail point that is dropped at once is off at once"]
pub struct FailPoint {
    uri: String,
    before: i64,
    is_off: bool,
    _turn: OwnedMutexGuard<()>,
}

impl FailPoint {
    /// Sets a fault on the server that `uri` reaches: the primary of a set, or the node of a direct connection.
    ///
    /// It waits for its turn while another fail point of this process is on there. Leave 600 ms between two cases that
    /// cut connections: the driver does not look for the server again any sooner.
    ///
    /// # Panics
    ///
    /// When the server does not take it: it must have been started with test commands.
    pub async fn set(uri: &str, fault: Fault) -> Self {
        let address = address_of(uri).await;
        let turn = turn(&address).lock_owned().await;
        let uri = format!("mongodb://{address}/?directConnection=true");
        let answer = configure(&uri, fault.into_command()).await;
        let answer =
            answer.unwrap_or_else(|error| panic!("{address} takes no fail point: {error}"));
        Self {
            uri,
            before: count(&answer),
            is_off: false,
            _turn: turn,
        }
    }

    /// Switches it off and returns how often it has struck.
    ///
    /// # Panics
    ///
    /// When the server does not answer.
    pub async fn off(mut self) -> u64 {
        self.is_off = true;
        let answer = configure(&self.uri, off()).await;
        let answer = answer.unwrap_or_else(|error| panic!("a fail point stays on: {error}"));
        u64::try_from(count(&answer) - self.before).unwrap_or(0)
    }
}

impl Drop for FailPoint {
    fn drop(&mut self) {
        if self.is_off {
            return;
        }
        let uri = self.uri.clone();
        finish(async move {
            // A server that the test has ended has no fail point any more.
            let _ = configure(&uri, off()).await;
        });
    }
}

fn turn(address: &str) -> Turn {
    let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
    turns.entry(address.to_owned()).or_default().clone()
}

fn off() -> Document {
    doc! { "configureFailPoint": "failCommand", "mode": "off" }
}

/// Returns how often the fail point had struck before the command, since the server's start.
fn count(answer: &Document) -> i64 {
    answer
        .get_i64("count")
        .or_else(|_| answer.get_i32("count").map(i64::from))
        .unwrap_or(0)
}

async fn address_of(uri: &str) -> String {
    let client = raw(uri).await;
    let hello = client
        .database("admin")
        .run_command(doc! { "hello": 1 })
        .await;
    client.shutdown().immediate(true).await;
    let hello = hello.unwrap_or_else(|error| panic!("`{uri}` does not answer: {error}"));
    let address = hello
        .get_str("me")
        .unwrap_or_else(|_| panic!("`{uri}` is no replica set"));
    address.to_owned()
}

async fn configure(uri: &str, command: Document) -> Result<Document> {
    let client = raw(uri).await;
    let answer = client.database("admin").run_command(command).await;
    client.shutdown().immediate(true).await;
    answer
}
