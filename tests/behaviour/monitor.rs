//! The figures of a process: that they are true, bounded, and there whatever MongoDB does.

use std::{collections::BTreeSet, time::Duration};

use axum::{Router, body::Body, http::Request};
use futures_util::{StreamExt, future::join_all};
use models::customer_services::{Client, Plan};
use mongoplex::{
    bson::doc,
    meter::Outcome,
    monitor::{DatabaseView, Monitor},
};
use mongoplex_testing::shared;
use serde_json::Value;
use tower::ServiceExt;

use crate::house::{House, PATIENCE, eventually, send};

/// Returns a logical database as the monitor shows it.
fn shown(monitor: &Monitor, database: &str) -> DatabaseView {
    let mut all = monitor.snapshot().databases.into_iter();
    all.find(|one| one.name == database).unwrap()
}

/// Waits until the figures hold what was recorded before.
async fn next_second(monitor: &Monitor) {
    let mut ticks = monitor.ticks();
    ticks.mark_unchanged();
    ticks.changed().await.unwrap();
}

pub(crate) async fn text(server: &Router, path: &str) -> String {
    let request = Request::get(path).header("host", "localhost");
    let request = request.header("accept", "application/openmetrics-text");
    let request = request.body(Body::empty()).unwrap();
    let response = server.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    String::from_utf8(bytes.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn every_call_is_counted_by_collection_operation_and_outcome() {
    let house = House::new("monitor_counts").await;
    let plans = house.customer().collection::<Plan>();
    let plan = Plan {
        code: "a".into(),
        name: "A".into(),
        monthly_price: 1,
    };
    plans.insert_one(plan.clone()).await.unwrap();
    plans.insert_one(plan).await.unwrap_err();
    for _ in 0..100 {
        plans.find_one(doc! { "code": "a" }).await.unwrap();
    }
    let monitor = house.databases.monitor();

    next_second(&monitor).await;

    let figures = monitor.figures();
    let customer = figures
        .iter()
        .find(|own| own.database == "customer")
        .unwrap();
    let of = |operation| {
        let mut all = customer.operations.iter();
        let found = all.find(|one| (one.collection, one.operation) == ("plans", operation));
        found.unwrap().clone()
    };
    assert_eq!(of("find_one").totals.calls(), 100);
    let inserts = of("insert_one");
    let count = |outcome: Outcome| inserts.totals.outcomes[outcome as usize];
    assert_eq!((count(Outcome::Ok), count(Outcome::Refused)), (1, 1));
    let window = of("find_one").windows[0];
    assert_eq!((window.calls, window.errors), (100, 0));
    assert!(
        window.p50_ms > Some(0.0) && window.p50_ms <= window.p99_ms,
        "{window:?}"
    );
    // Nothing waited, so the driver has nearly all of the time.
    assert_eq!(window.waiting_ms, Some(0.0));
    assert!(window.driver_ms > Some(0.0));
    house.close().await;
}

/// A pool of seven of which two are kept back: five calls at once, and the others wait for a place.
#[tokio::test]
async fn calls_that_wait_for_a_place_are_told_from_those_in_the_driver() {
    let settings = [
        ("DB_MAX_POOL_SIZE", "7"),
        ("DB_POOL_RESERVE", "2"),
        ("DB_QUEUE_WAIT", "1m"),
        ("DB_READ_DEADLINE", "2m"),
    ];
    let house = House::on(shared(), "monitor_waits", &settings).await;
    let plans = house.customer().collection::<Plan>();
    let plan = Plan {
        code: "a".into(),
        name: "A".into(),
        monthly_price: 1,
    };
    plans.insert_one(plan).await.unwrap();
    let slow = doc! { "$where": "sleep(1000) || true" };
    let monitor = house.databases.monitor();

    let calls = (0..50).map(|_| plans.find_one(slow.clone()));
    let calls = join_all(calls.map(std::future::IntoFuture::into_future));
    let full = eventually("50 calls are there", async || {
        let customer = shown(&monitor, "customer");
        let load = (customer.bulkhead.in_use, customer.bulkhead.queued);
        load == (5, 45) && customer.pool.unwrap().in_use == 5
    });
    let (answers, ()) = tokio::join!(calls, full);

    assert!(answers.iter().all(Result::is_ok));
    next_second(&monitor).await;
    let customer = shown(&monitor, "customer");
    let found = customer
        .operations
        .iter()
        .find(|one| one.operation == "find_one");
    let window = found.unwrap().windows.minute;
    // Ten rounds of a second each: the last ones waited for nine.
    assert!(window.waiting_ms > Some(3_000.0), "{window:?}");
    assert!(window.driver_ms < window.waiting_ms, "{window:?}");
    assert_eq!(customer.bulkhead.in_use, 0);
    house.close().await;
}

/// Returns the names of the series of a scrape, with their labels and without their values.
fn series(metrics: &str) -> BTreeSet<&str> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0).collect()
}

#[tokio::test]
async fn tenants_make_no_more_series_than_fifty_and_one() {
    let house = House::new("monitor_tenants").await;
    let server = house.clients_server();
    let tenant = house.tenant("acme").await;
    tenant
        .collection::<Client>()
        .find_one(doc! {})
        .await
        .unwrap();
    next_second(&house.databases.monitor()).await;
    let before = text(&server, "/metrics").await;

    // Ids that nobody has: each asks for its row, none has a database.
    let ask = async |number: u32| {
        let id = format!("nobody-{number}");
        let headers = [("x-tenant-id", id.as_str())];
        let answer = send(&server, "GET /api/v1/clients", &headers, "").await;
        assert_eq!(answer.status, 404);
    };
    for some in 0..625 {
        join_all((0..16).map(|one| ask(some * 16 + one))).await;
    }
    next_second(&house.databases.monitor()).await;

    let after = text(&server, "/metrics").await;
    let (before, after) = (series(&before), series(&after));
    let new: Vec<_> = after.difference(&before).collect();
    assert!(new.iter().all(|name| !name.contains("nobody")), "{new:?}");
    assert!(after.iter().any(|name| name.contains(r#"tenant="acme""#)));
    let named = after
        .iter()
        .filter(|name| name.starts_with("mongoplex_tenant_calls"));
    assert!(named.count() <= 51);
    house.close().await;
}

/// The format's own rules: families are declared once, before their series, and the text has an end.
#[tokio::test]
async fn metrics_are_open_metrics_and_name_no_tenants_database() {
    let house = House::new("monitor_metrics").await;
    let tenant = house.tenant("acme").await;
    tenant
        .collection::<Client>()
        .find_one(doc! {})
        .await
        .unwrap();
    next_second(&house.databases.monitor()).await;

    let metrics = text(&house.clients_server(), "/metrics").await;

    assert!(metrics.ends_with("# EOF\n"));
    let mut families = BTreeSet::new();
    let mut current = "";
    for line in metrics.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            current = rest.split(' ').next().unwrap();
            assert!(families.insert(current), "{current} twice");
        } else if !line.starts_with('#') {
            assert!(line.starts_with(current), "{line} is not of {current}");
            let value: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
            assert!(value >= 0.0, "{line}");
        }
    }
    assert!(families.contains("db_client_operation_duration_seconds"));
    // Each histogram ends with all of its calls.
    let all = |end: &str| metrics.lines().filter(|line| line.contains(end)).count();
    assert_eq!(all(r#"le="+Inf""#), all("_duration_seconds_count"));
    assert!(all(r#"le="+Inf""#) > 0);
    assert!(
        !metrics.contains("__acme"),
        "the label is the logical database"
    );
    let found =
        r#"db_namespace="customer",db_collection_name="clients",db_operation_name="find_one""#;
    assert!(metrics.contains(found), "{metrics}");
    house.close().await;
}

#[tokio::test]
async fn the_stream_tells_the_newest_snapshot_each_second() {
    let house = House::new("monitor_stream").await;
    let request = Request::get("/monitor/stream").header("host", "localhost");
    let request = request.body(Body::empty()).unwrap();
    let response = house.clients_server().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut at = BTreeSet::new();

    while at.len() < 3 {
        let chunk = tokio::time::timeout(PATIENCE, body.next()).await;
        let chunk = String::from_utf8(chunk.unwrap().unwrap().unwrap().to_vec()).unwrap();
        let Some(rest) = chunk.strip_prefix("event: snapshot\ndata: ") else {
            continue;
        };
        let snapshot: Value = serde_json::from_str(rest.trim_end()).unwrap();
        assert_eq!(snapshot["server"]["name"], "customer-services");
        assert_eq!(snapshot["databases"].as_array().unwrap().len(), 2);
        at.insert(snapshot["at"].as_str().unwrap().to_owned());
    }

    house.close().await;
}

#[tokio::test]
async fn without_metrics_nothing_is_counted_and_nothing_shown() {
    let house = House::on(shared(), "monitor_off", &[("ENABLE_METRICS", "false")]).await;
    let server = house.clients_server();
    house
        .customer()
        .collection::<Plan>()
        .find_one(doc! {})
        .await
        .unwrap();

    for path in [
        "/metrics",
        "/dashboard",
        "/dashboard/dashboard.js",
        "/monitor/snapshot",
        "/monitor/stream",
        "/monitor/peers/other/snapshot",
    ] {
        let answer = send(&server, &format!("GET {path}"), &[], "").await;
        assert_eq!(answer.status, 404, "{path}");
        let detail = "nothing is counted here: ENABLE_METRICS=false";
        assert_eq!(answer.body["detail"], detail, "{path}");
    }
    let monitor = house.databases.monitor();
    assert!(monitor.figures().is_empty());
    assert!(monitor.alerts().is_empty());
    house.close().await;
}

/// A server of the deployment that is away: the answer comes as quickly, and shows it.
#[tokio::test]
async fn a_snapshot_is_answered_while_mongod_is_stopped() {
    let set = mongoplex_testing::own_set(mongoplex_testing::Nodes::One).await;
    let house = House::on(&set, "monitor_stopped", &[]).await;
    let server = house.clients_server();
    let kind = async || {
        let snapshot: Value =
            serde_json::from_str(&text(&server, "/monitor/snapshot").await).unwrap();
        snapshot["deployments"][0]["servers"][0]["kind"].clone()
    };
    assert_eq!(kind().await, "primary");

    set.nodes()[0].pause();
    eventually("the server is unknown", async || kind().await == "unknown").await;
    let started = std::time::Instant::now();
    for _ in 0..100 {
        text(&server, "/metrics").await;
    }

    // The target is 50 ms for each.
    assert!(started.elapsed() < Duration::from_secs(50));
    // Each client hears of it by itself; it stays one deployment, and each series is there once.
    let is_down = async || house.databases.monitor().snapshot().health.status == "down";
    eventually("the databases are down", is_down).await;
    let snapshot = house.databases.monitor().snapshot();
    assert_eq!(snapshot.deployments.len(), 1, "{snapshot:?}");
    let parts = snapshot.health.components.iter();
    let kinds: Vec<_> = parts.map(|part| &*part.kind).collect();
    assert_eq!(kinds, ["deployment", "process"]);
    let metrics = text(&server, "/metrics").await;
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(series(&metrics).len(), lines.count(), "a series twice");
    set.nodes()[0].resume();
    house.close().await;
    set.stop().await;
}

/// The page loads its script and style from here, and nothing from anywhere else.
#[tokio::test]
async fn the_dashboard_is_served_with_all_that_it_loads() {
    let house = House::new("monitor_page").await;
    let server = house.clients_server();

    let page = text(&server, "/dashboard").await;

    let loads: Vec<&str> = page
        .split('"')
        .filter(|word| word.starts_with('/') || word.contains("://"))
        .collect();
    assert!(loads.contains(&"/dashboard/dashboard.js"), "{loads:?}");
    for path in loads {
        assert!(!text(&server, path).await.is_empty(), "{path}");
    }
    let slash = send(&server, "GET /dashboard/", &[], "").await;
    assert_eq!(
        (slash.status.as_u16(), slash.header("location")),
        (308, "/dashboard")
    );
    let policy = send(&server, "GET /dashboard", &[], "").await;
    let policy = policy.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    house.close().await;
}

#[tokio::test]
async fn databases_are_shown_below_their_deployment() {
    let house = House::new("monitor_tree").await;
    let monitor = house.databases.monitor();
    eventually("ready", async || monitor.snapshot().health.ready).await;

    let components = monitor.snapshot().health.components;

    assert_eq!(components.len(), 2, "{components:?}");
    let deployment = &components[0];
    assert_eq!(deployment.kind, "deployment");
    let names: Vec<_> = deployment.components.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["admin", "customer"]);
    house.close().await;
}

#[tokio::test]
async fn the_history_begins_after_the_moment_that_is_named() {
    let house = House::new("monitor_since").await;
    let server = house.clients_server();
    let points = async |query: &str| -> Vec<String> {
        let body = text(&server, &format!("/monitor/history{query}")).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        let points = body["databases"]["customer"]
            .as_array()
            .into_iter()
            .flatten();
        points
            .map(|point| point["at"].as_str().unwrap().to_owned())
            .collect()
    };
    eventually("three points are there", async || {
        points("").await.len() >= 3
    })
    .await;

    let all = points("").await;
    let later = points(&format!("?since={}", all[1])).await;

    assert_eq!(later[0], all[2], "the one that is named is not among them");
    assert!(later.len() < all.len());
    assert_eq!(
        points("?since=2100-01-01T00:00:00%2B02:00").await,
        Vec::<String>::new()
    );
    house.close().await;
}

#[tokio::test]
async fn a_parameter_that_nobody_knows_is_refused() {
    let house = House::new("monitor_parameters").await;
    let server = house.clients_server();

    for line in [
        "GET /monitor/snapshot?since=2026-01-01T00:00:00Z",
        "GET /monitor/servers?all",
        "GET /monitor/stream?topics=health",
        "GET /monitor/history?from=2026-01-01T00:00:00Z",
        "GET /monitor/history?since=yesterday",
        "GET /monitor/history?since=",
        "GET /ops/guards?database=customer",
        "PUT /ops/guards/customer/circuit?force=open",
    ] {
        let body = if line.starts_with("PUT") {
            r#"{"force":"open"}"#
        } else {
            ""
        };
        let answer = send(&server, line, &[], body).await;
        assert_eq!(answer.status, 400, "{line}");
        assert_eq!(answer.body["type"], "urn:mongoplex:bad-request", "{line}");
    }
    let guards = house.databases.guards();
    let closed = guards
        .iter()
        .all(|guard| guard.circuit.circuit.to_string() == "closed");
    assert!(closed, "nothing was forced: {guards:?}");
    house.close().await;
}
