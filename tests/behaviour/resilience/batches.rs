//! The later batches of a stream are calls like any other: the guard holds for each of them.

use std::{
    future::IntoFuture,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt};
use models::customer_services::Plan;
use mongoplex::{
    Circuit, Cursor, Databases, Error, Force,
    bson::doc,
    error::Failure,
    guard::{Observer, Outcome, Record},
};
use mongoplex_testing::{Nodes, Proxy, own_set, raw, shared};

use super::shop::{Line, close, forget, lines, open_at, state};
use crate::house::House;

#[derive(Default)]
struct Seen(Mutex<Vec<(&'static str, Outcome)>>);

impl Observer for Seen {
    fn record(&self, record: &Record) {
        let seen = (record.operation.name, record.outcome);
        self.0.lock().unwrap().push(seen);
    }
}

const LIMIT: Duration = Duration::from_millis(500);

/// Returns a stream of ten lines in batches of two, the first of which has been read.
async fn begun(databases: &Databases) -> Cursor<'static, Line> {
    let mut stream = lines(databases).find(doc! {}).batch_size(2_u32);
    stream = stream.timeout(LIMIT);
    let mut stream = stream.await.unwrap();
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    stream
}

async fn ten(databases: &Databases) {
    let ten = (0..10).map(|number| Line { worker: 0, number });
    lines(databases).insert_many(ten).await.unwrap();
}

#[tokio::test]
async fn an_open_circuit_refuses_the_next_batch_and_the_refusal_is_recorded() {
    let seen = Arc::new(Seen::default());
    let house = House::observed(shared(), "batches_circuit", &[], vec![seen.clone()]).await;
    let plans = house.customer().collection::<Plan>();
    let plan = |number| Plan {
        code: format!("p{number}"),
        name: "A".into(),
        monthly_price: 1,
    };
    plans.insert_many((0..10).map(plan)).await.unwrap();
    let mut stream = plans.find(doc! {}).batch_size(2_u32).await.unwrap();
    seen.0.lock().unwrap().clear();
    for _ in 0..4 {
        stream.next().await.unwrap().unwrap();
    }

    assert!(house.databases.force_circuit("customer", Force::Open));
    let refused = stream.next().await.unwrap();

    assert!(
        matches!(
            refused,
            Err(Error::CircuitOpen {
                database: "customer",
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(stream.next().await.is_none(), "it has ended");
    let expected = [("getMore", Outcome::Ok), ("getMore", Outcome::Rejected)];
    assert_eq!(*seen.0.lock().unwrap(), expected);
    house.databases.force_circuit("customer", Force::Free);
    house.close().await;
}

#[tokio::test]
async fn a_batch_that_does_not_come_ends_by_its_own_deadline() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let databases = open_at("batches_late", |database| proxy.uri(database), &[]).await;
    ten(&databases).await;
    let mut stream = begun(&databases).await;
    proxy.stall().await;

    let started = Instant::now();
    let late = stream.next().await.unwrap().unwrap_err();

    assert!(matches!(late, Error::DeadlineExceeded { .. }), "{late}");
    assert!(!late.is_ambiguous(), "it only reads");
    let elapsed = started.elapsed();
    assert!(elapsed >= LIMIT, "{elapsed:?}");
    assert!(elapsed < Duration::from_secs(5), "{elapsed:?}");
    assert_eq!(state(&databases, "shop").load.in_use, 0);
    proxy.pass().await;
    close(databases).await;
    proxy.stop().await;
    set.stop().await;
}

#[tokio::test]
async fn a_batch_that_is_lost_is_never_called_a_write_in_doubt() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let databases = open_at("batches_lost", |database| proxy.uri(database), &[]).await;
    ten(&databases).await;
    let mut stream = begun(&databases).await;
    proxy.drop_replies(b"\x12getMore\0", 1);

    let lost = stream.next().await.unwrap().unwrap_err();

    let Error::Driver { cause, .. } = &lost else {
        panic!("{lost:?}");
    };
    assert_eq!(cause.failure(), Failure::Interrupted);
    assert!(!lost.is_ambiguous());
    close(databases).await;
    proxy.stop().await;
    set.stop().await;
}

#[tokio::test]
async fn streams_that_are_held_open_hold_no_place() {
    // One place for all.
    let settings = [("DB_MAX_POOL_SIZE", "1"), ("DB_POOL_RESERVE", "0")];
    let set = own_set(Nodes::One).await;
    let databases = open_at("batches_held", |database| set.uri(database), &settings).await;
    ten(&databases).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(begun(&databases).await);
    }

    let load = state(&databases, "shop").load;
    assert_eq!((load.in_use, load.limit), (0, 1));
    lines(&databases).find_one(doc! {}).await.unwrap();

    for stream in held {
        let rest: Vec<Line> = stream.try_collect().await.unwrap();
        assert_eq!(rest.len(), 8);
        assert_eq!(state(&databases, "shop").load.in_use, 0);
    }
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn a_batch_that_finds_no_place_is_refused() {
    let settings = [
        ("DB_MAX_POOL_SIZE", "1"),
        ("DB_POOL_RESERVE", "0"),
        ("DB_QUEUE_WAIT", "5s"),
    ];
    let set = own_set(Nodes::One).await;
    let databases = open_at("batches_full", |database| set.uri(database), &settings).await;
    ten(&databases).await;
    let mut stream = begun(&databases).await;
    // Begun and not driven on: it keeps the only place.
    let mut other = lines(&databases).find_one(doc! {}).into_future();
    assert!(futures_util::poll!(&mut other).is_pending());
    assert_eq!(state(&databases, "shop").load.in_use, 1);

    // It waits for half of its time.
    let refused = stream.next().await.unwrap();

    assert!(
        matches!(refused, Err(Error::Overloaded { .. })),
        "{refused:?}"
    );
    drop(other);
    assert_eq!(state(&databases, "shop").load.in_use, 0);
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn cursors_that_the_server_forgot_do_not_open_the_circuit() {
    let set = own_set(Nodes::One).await;
    let databases = open_at("batches_forgotten", |database| set.uri(database), &[]).await;
    ten(&databases).await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        streams.push(begun(&databases).await);
    }
    let outside = raw(&set.uri("admin")).await;
    assert_eq!(forget(&outside, "shop", "lines").await, 10);

    for mut stream in streams {
        let lost = stream.next().await.unwrap().unwrap_err();
        assert!(matches!(&lost, Error::Driver { cause, .. } if cause.code() == Some(43)));
    }

    let circuit = state(&databases, "shop").circuit.circuit;
    assert_eq!(circuit, Circuit::Closed);
    outside.shutdown().immediate(true).await;
    close(databases).await;
    set.stop().await;
}
