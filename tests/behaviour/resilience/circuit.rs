//! The circuit on a real server: when it opens, who gets through, and when it closes again.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mongoplex::{Circuit, Databases, Error, Force, bson::doc, guard::Reason};
use mongoplex_testing::{FailPoint, Fault, Nodes, OwnSet, Proxy, own_set};

use super::shop::{Line, Market, Named, Offer, close, lines, open, open_at, shop, state, together};
use crate::house::eventually;

async fn one(name: &str, settings: &[(&str, &str)]) -> (OwnSet, Databases) {
    let set = own_set(Nodes::One).await;
    let databases = open_at(name, |database| set.uri(database), settings).await;
    (set, databases)
}

fn circuit(databases: &Databases) -> Circuit {
    state(databases, "shop").circuit.circuit
}

/// A code that says nothing about the topology: the driver keeps its server.
async fn failing(set: &OwnSet, name: &str) -> FailPoint {
    let fault = Fault::of(["find"], &format!("{name}/shop"))
        .error(89, [])
        .always();
    FailPoint::set(&set.uri("admin"), fault).await
}

async fn open_it(databases: &Databases) {
    for _ in 0..20 {
        let _ = lines(databases).find_one(doc! {}).await;
        if circuit(databases) == Circuit::Open {
            return;
        }
    }
    panic!("it did not open: {:?}", state(databases, "shop"));
}

#[tokio::test]
async fn failures_open_it_calls_are_refused_and_an_open_circuit_ends_the_retries() {
    let name = "circuit_opens";
    let (set, databases) = one(name, &[("DB_BREAKER_OPEN", "30s")]).await;
    let failing = failing(&set, name).await;
    open_it(&databases).await;
    let retries = state(&databases, "shop").retries;

    let answers =
        join_all((0..100).map(|_| lines(&databases).find_one(doc! {}).into_future())).await;

    for answer in answers {
        let Err(Error::CircuitOpen { retry_after, .. }) = answer else {
            panic!("{answer:?}");
        };
        assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_secs(45));
    }
    assert_eq!(state(&databases, "shop").retries, retries);
    // Five failures open it, and the driver sends each call twice.
    let struck = failing.off().await;
    assert!(struck <= 10, "{struck} calls reached the server");
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_callers_at_half_open_are_three() {
    let name = "circuit_half";
    let settings = [
        ("DB_MAX_POOL_SIZE", "50"),
        ("DB_BREAKER_OPEN", "1s"),
        ("DB_READ_DEADLINE", "30s"),
        ("DB_SLOW_READ", "20s"),
        // Where nobody calls, its probes stand for calls.
        ("ENABLE_HEALTH_CHECKS", "false"),
    ];
    let (set, databases) = one(name, &settings).await;
    let broken = failing(&set, name).await;
    open_it(&databases).await;
    broken.off().await;
    let block = Fault::of(["find"], &format!("{name}/shop"));
    let block = block.block(Duration::from_secs(2)).always();
    let held = FailPoint::set(&set.uri("admin"), block).await;
    let opened = state(&databases, "shop").circuit;
    assert_eq!(opened.circuit, Circuit::Open);
    // At most one and a half times the period.
    tokio::time::sleep(Duration::from_millis(1_600)).await;

    let lines = lines(&databases);
    let answers = together((0..1_000).map(|_| lines.find_one(doc! {}).into_future())).await;

    let refused = |answer: &Result<_, Error>| matches!(answer, Err(Error::CircuitOpen { .. }));
    let refused = answers.iter().filter(|answer| refused(answer)).count();
    assert_eq!(held.off().await, 3);
    assert_eq!(refused, 997);
    assert_eq!(circuit(&databases), Circuit::Closed, "the three answered");
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn an_open_period_lets_at_most_three_probes_through() {
    let name = "circuit_probes";
    let (set, databases) = one(
        name,
        &[("DB_BREAKER_OPEN", "1s"), ("DB_BREAKER_OPEN_MAX", "1s")],
    )
    .await;
    let failing = failing(&set, name).await;
    open_it(&databases).await;
    let (started, lines) = (Instant::now(), lines(&databases));

    while started.elapsed() < Duration::from_secs(4) {
        let _ = join_all((0..10).map(|_| lines.find_one(doc! {}).into_future())).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    // Ten to open it; then each period lasts half a second at least, and each probe is sent twice.
    let struck = failing.off().await;
    assert!(
        struck <= 10 + 9 * 3 * 2,
        "{struck} calls reached the server"
    );
    assert!(struck > 10, "no probe reached the server");
    eventually("closed again", async || {
        let _ = lines.find_one(doc! {}).await;
        circuit(&databases) == Circuit::Closed
    })
    .await;
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn a_set_that_is_gone_beyond_the_grace_is_refused_at_once_and_used_when_it_is_back() {
    let (set, databases) = one("circuit_gone", &[("DB_OUTAGE_GRACE", "1s")]).await;
    let node = &set.nodes()[0];
    node.kill().await;
    eventually("open", async || {
        let _ = lines(&databases)
            .find_one(doc! {})
            .timeout(Duration::from_millis(100))
            .await;
        circuit(&databases) == Circuit::Open
    })
    .await;
    assert_eq!(state(&databases, "shop").circuit.reason, Reason::Outage);

    let started = Instant::now();
    let answers =
        join_all((0..200).map(|_| lines(&databases).insert_one(line()).into_future())).await;
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Err(Error::CircuitOpen { .. })))
    );
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );

    node.restart().await.unwrap();
    eventually("used again", async || {
        lines(&databases).insert_one(line()).await.is_ok()
    })
    .await;
    eventually("closed", async || {
        let _ = lines(&databases).find_one(doc! {}).await;
        circuit(&databases) == Circuit::Closed
    })
    .await;
    close(databases).await;
    set.stop().await;
}

fn line() -> Line {
    Line {
        worker: 0,
        number: 0,
    }
}

#[tokio::test]
async fn one_databases_outage_leaves_the_others_calls_untouched() {
    let set = own_set(Nodes::One).await;
    let address = set.nodes()[0].address();
    let (sick, well) = (Proxy::start(&address).await, Proxy::start(&address).await);
    let uris = [
        ("DATABASE_SHOP_URI", sick.uri("shop")),
        ("DATABASE_MARKET_URI", well.uri("market")),
    ];
    let databases = open("circuit_two", &uris, &[("DB_READ_DEADLINE", "300ms")]).await;
    let offers = databases
        .database::<Market>()
        .unwrap()
        .collection::<Offer>();
    sick.stall().await;

    let lines = lines(&databases);
    let stalled = (0..64).map(|_| lines.find_one(doc! {}).into_future());
    let (stalled, others) = tokio::join!(join_all(stalled), async {
        let mut others = Vec::new();
        for _ in 0..200 {
            others.push(offers.find_one(doc! {}).await.map(drop));
        }
        others
    });

    assert!(stalled.iter().all(Result::is_err));
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    assert_eq!(state(&databases, "market").circuit.circuit, Circuit::Closed);
    sick.pass().await;
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn what_concerns_the_caller_never_opens_it() {
    let name = "circuit_callers";
    let (set, databases) = one(name, &[]).await;
    let lines = lines(&databases);
    lines.insert_one(line()).await.unwrap();
    let named = shop(&databases).collection::<Named>();
    let first = Named {
        id: "a".into(),
        number: 0,
    };
    named.insert_one(first).await.unwrap();

    // Each kind alone, more often than failures in a row may be.
    for _ in 0..20 {
        let nonsense = lines.find_one(doc! { "$nonsense": 1 }).await;
        assert!(
            matches!(nonsense, Err(Error::Driver { .. })),
            "{nonsense:?}"
        );
    }
    for _ in 0..20 {
        let again = Named {
            id: "a".into(),
            number: 0,
        };
        let duplicate = named.insert_one(again).await;
        assert!(
            matches!(duplicate, Err(Error::Duplicate { .. })),
            "{duplicate:?}"
        );
    }
    for _ in 0..20 {
        let slow = lines.find_one(doc! { "$where": "sleep(200) || true" });
        let late = slow.timeout(Duration::from_millis(20)).await;
        assert!(
            matches!(late, Err(Error::DeadlineExceeded { .. })),
            "{late:?}"
        );
    }
    for _ in 0..20 {
        let dropped = lines.find_one(doc! {}).into_future();
        drop(tokio::time::timeout(Duration::ZERO, dropped).await);
    }

    assert_eq!(circuit(&databases), Circuit::Closed);
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn an_operator_forces_it_and_frees_it() {
    let (set, databases) = one("circuit_forced", &[]).await;
    assert!(!databases.force_circuit("none", Force::Open));

    assert!(databases.force_circuit("shop", Force::Open));
    let refused = lines(&databases).find_one(doc! {}).await;
    assert!(
        matches!(
            refused,
            Err(Error::CircuitOpen {
                database: "shop",
                ..
            })
        ),
        "{refused:?}"
    );
    databases.force_circuit("shop", Force::Free);

    assert!(lines(&databases).find_one(doc! {}).await.is_ok());
    assert_eq!(state(&databases, "shop").circuit.reason, Reason::Operator);
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn a_code_that_no_table_has_is_counted_and_opens_nothing() {
    let name = "circuit_unknown";
    let (set, databases) = one(name, &[]).await;
    let fault = Fault::of(["insert"], &format!("{name}/shop")).error(7_654_321, []);
    let unknown = FailPoint::set(&set.uri("admin"), fault.times(6)).await;

    for _ in 0..6 {
        let answer = lines(&databases).insert_one(line()).await;
        let ambiguous = answer.is_err_and(|error| error.is_ambiguous());
        assert!(ambiguous, "nobody knows what it means for a write");
    }

    assert_eq!(unknown.off().await, 6, "and it is not sent again");
    let state = state(&databases, "shop");
    assert_eq!(state.unclassified, 6);
    assert_eq!(state.circuit.circuit, Circuit::Closed);
    close(databases).await;
    set.stop().await;
}
