//! A client whose reads secondaries may answer, on a set that has no primary any more.

use std::time::{Duration, Instant};

use mongoplex::{Circuit, Databases, Error, bson::doc};
use mongoplex_testing::{Nodes, OwnSet, own_set};

use super::shop::{Line, close, lines, open_at, state};
use crate::house::eventually;

const GRACE: Duration = Duration::from_secs(4);

/// Returns a set of three of which one secondary is left.
async fn without_a_primary(name: &str) -> (OwnSet, Databases) {
    let set = own_set(Nodes::Three).await;
    let settings = [
        ("DB_READ_PREFERENCE", "primaryPreferred"),
        ("DB_WRITE_DEADLINE", "2s"),
        ("DB_SERVER_SELECTION_TIMEOUT", "5s"),
        ("DB_OUTAGE_GRACE", "4s"),
        ("DB_READ_DEADLINE", "20s"),
    ];
    let databases = open_at(name, |database| set.uri(database), &settings).await;
    let line = Line {
        worker: 1,
        number: 1,
    };
    lines(&databases).insert_one(line).await.unwrap();
    for node in &set.nodes()[..2] {
        node.kill().await;
    }
    (set, databases)
}

async fn write(databases: &Databases) -> Error {
    let line = Line {
        worker: 1,
        number: 2,
    };
    lines(databases).insert_one(line).await.unwrap_err()
}

#[tokio::test]
async fn writes_without_a_primary_are_not_in_doubt_then_refused_and_reads_go_on() {
    let (set, databases) = without_a_primary("no_primary").await;
    let unwritable = async || matches!(write(&databases).await, Error::CircuitOpen { .. });
    let began = Instant::now();

    // No server was asked, so nothing was sent and no connection lost.
    let error = write(&databases).await;
    assert!(!error.is_ambiguous(), "{error}");
    assert_eq!(state(&databases, "shop").forced, 0);
    eventually("writes are refused", unwritable).await;

    assert!(began.elapsed() < GRACE * 5, "{:?}", began.elapsed());
    let started = Instant::now();
    for _ in 0..20 {
        let error = write(&databases).await;
        assert!(matches!(error, Error::CircuitOpen { .. }), "{error}");
    }
    assert!(started.elapsed() < Duration::from_secs(2), "at once");
    let found = lines(&databases).find_one(doc! { "number": 1 }).await;
    assert!(found.unwrap().is_some(), "a secondary answers");
    let state = state(&databases, "shop");
    assert_eq!(state.circuit.circuit, Circuit::Closed);
    assert_eq!((state.forced, state.load.in_use), (0, 0));
    close(databases).await;
    set.stop().await;
}
