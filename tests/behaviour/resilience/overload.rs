//! Too much at once: deadlines hold, connections stay, tenants do not starve each other.

use std::{
    future::IntoFuture,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use mongoplex::{Collection, Databases, Error, TenantDatabase, bson::doc, mongodb};
use mongoplex_testing::{FailPoint, Fault, Nodes, OwnSet, Proxy, own_set, raw};

use tokio::task::JoinSet;

use crate::house::PATIENCE;

use super::shop::{Line, Order, Shop, close, lines, open_at, shop, state, together};

async fn one(name: &str, settings: &[(&str, &str)]) -> (OwnSet, Databases) {
    let set = own_set(Nodes::One).await;
    let databases = open_at(name, |database| set.uri(database), settings).await;
    (set, databases)
}

/// Sleeps on the server, and honours `maxTimeMS`.
fn slow(ms: u32) -> mongoplex::bson::Document {
    doc! { "$where": format!("sleep({ms}) || true") }
}

/// Returns how many connections the server has accepted so far.
async fn accepted(outside: &mongodb::Client) -> i64 {
    let admin = outside.database("admin");
    let status = admin.run_command(doc! { "serverStatus": 1 });
    let status = status.await.unwrap();
    let made = status
        .get_document("connections")
        .unwrap()
        .get("totalCreated");
    let made = made.unwrap();
    made.as_i64().or(made.as_i32().map(i64::from)).unwrap()
}

/// Returns the lines, one of which is there.
async fn with_a_line(databases: &Databases) -> Collection<Line> {
    let (lines, first) = (
        lines(databases),
        Line {
            worker: 0,
            number: 0,
        },
    );
    lines.insert_one(first).await.unwrap();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_callers_past_their_deadline_cost_no_connection() {
    // Few at once: the server takes its time to end many scripts on a small machine.
    let settings = [
        ("DB_MAX_POOL_SIZE", "10"),
        ("DB_MIN_POOL_SIZE", "10"),
        ("DB_QUEUE_WAIT", "5s"),
        ("DB_READ_DEADLINE", "10s"),
    ];
    let (set, databases) = one("overload_slow", &settings).await;
    let lines = with_a_line(&databases).await;
    let outside = raw(&set.uri("admin")).await;
    // All of the pool is there, and the server has made its scripts' places, before it is counted.
    join_all((0..8).map(|_| lines.find_one(slow(200)).into_future())).await;
    let before = accepted(&outside).await;

    let limit = Duration::from_secs(2);
    let answers =
        together((0..200).map(|_| lines.find_one(slow(20_000)).timeout(limit).into_future())).await;

    for answer in answers {
        let late = matches!(
            answer,
            Err(Error::DeadlineExceeded { .. } | Error::Overloaded { .. })
        );
        assert!(late, "{answer:?}");
    }
    assert!(lines.find_one(doc! {}).await.is_ok());
    let state = state(&databases, "shop");
    assert_eq!((state.forced, state.load.in_use), (0, 0));
    assert_eq!(
        accepted(&outside).await,
        before,
        "no connection was replaced"
    );
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn a_stalled_network_and_a_full_pool_keep_nobody_past_the_deadline() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let settings = [("DB_MAX_POOL_SIZE", "4"), ("DB_QUEUE_WAIT", "15s")];
    let databases = open_at("overload_stall", |database| proxy.uri(database), &settings).await;
    let lines = lines(&databases);
    proxy.stall().await;

    let limit = Duration::from_millis(300);
    let call = async |number: i64| {
        let started = Instant::now();
        let answer = match number % 2 {
            0 => lines.find_one(doc! {}).timeout(limit).await.map(drop),
            _ => {
                let line = super::shop::Line { worker: 0, number };
                lines.insert_one(line).timeout(limit).await.map(drop)
            }
        };
        (answer, started.elapsed())
    };
    let answers = join_all((0..40).map(call)).await;

    for (answer, elapsed) in answers {
        assert!(answer.is_err());
        assert!(
            elapsed < limit + Duration::from_millis(500),
            "{elapsed:?}: {answer:?}"
        );
    }
    proxy.pass().await;
    close(databases).await;
    set.stop().await;
}

#[tokio::test]
async fn beyond_the_queue_callers_are_told_when_to_come_back() {
    let settings = [
        ("DB_MAX_POOL_SIZE", "4"),
        ("DB_QUEUE_SIZE", "3"),
        ("DB_QUEUE_WAIT", "10s"),
        ("DB_READ_DEADLINE", "20s"),
    ];
    let (set, databases) = one("overload_queue", &settings).await;
    let lines = with_a_line(&databases).await;

    let answers = join_all((0..20).map(|_| lines.find_one(slow(400)).into_future())).await;

    let (ok, full): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(
        (ok.len(), full.len()),
        (5, 15),
        "four less a reserve of two, and three that wait"
    );
    for answer in full {
        let error = answer.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Overloaded {
                    database: "shop",
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.retry_after().is_some());
    }
    close(databases).await;
    set.stop().await;
}

async fn tenant(databases: &Databases, id: &str) -> TenantDatabase<Shop> {
    let id = id.parse().unwrap();
    databases
        .tenancy()
        .unwrap()
        .create(&id, "one")
        .await
        .unwrap();
    shop(databases).tenant(&id).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_noisy_tenant_leaves_room_for_a_quiet_one() {
    let settings = [
        ("DB_MAX_POOL_SIZE", "22"),
        ("DB_QUEUE_WAIT", "15s"),
        ("DB_BREAKER_SLOW_RATE", "100%"),
    ];
    let (set, databases) = one("overload_noisy", &settings).await;
    let (noisy, quiet) = (
        tenant(&databases, "noisy").await,
        tenant(&databases, "quiet").await,
    );
    for tenant in [&noisy, &quiet] {
        tenant
            .collection::<Order>()
            .insert_one(Order { number: 1 })
            .await
            .unwrap();
    }
    let noise = noisy.collection::<Order>();
    let calls = (0..100).map(|_| noise.find_one(slow(100)).timeout(PATIENCE).into_future());
    let mut calls: JoinSet<_> = calls.collect();

    let mut quiet_calls = 0;
    while !calls.is_empty() {
        quiet.collection::<Order>().find_one(doc! {}).await.unwrap();
        let load = state(&databases, "shop").load;
        assert!(load.in_use < load.limit, "{load:?}: a place is always free");
        quiet_calls += 1;
        while let Some(ended) = calls.try_join_next() {
            ended.unwrap().unwrap();
        }
    }

    assert!(quiet_calls > 5, "{quiet_calls} calls beside the noise");
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_add_little_to_what_is_offered_however_long_a_fault_lasts() {
    let name = "overload_storm";
    let (set, databases) = one(name, &[]).await;
    // Overload feeds no circuit: only the budget stands between it and the server.
    let labels = ["SystemOverloadedError", "RetryableError"];
    let fault = Fault::of(["find"], &format!("{name}/shop"))
        .error(462, labels)
        .always();
    let storm = FailPoint::set(&set.uri("admin"), fault).await;
    let lines = lines(&databases);
    let offer = async |rounds: u32| {
        for _ in 0..rounds {
            let _ = join_all((0..5).map(|_| lines.find_one(doc! {}).into_future())).await;
        }
    };
    let spend = Instant::now();
    while state(&databases, "shop").budget.0 >= 5 && spend.elapsed() < Duration::from_secs(20) {
        offer(1).await;
    }
    let retries = state(&databases, "shop").retries;

    let started = Instant::now();
    offer(200).await;

    let more = state(&databases, "shop").retries - retries;
    // Two a second are always paid for.
    let paid = 2.0 * started.elapsed().as_secs_f64() + 1.0;
    assert!(
        (more as f64) <= paid,
        "nothing succeeded: {more} retries, {paid} paid"
    );
    storm.off().await;
    close(databases).await;
    set.stop().await;
}
