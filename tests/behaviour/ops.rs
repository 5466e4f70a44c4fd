//! What an operator sees of the guards and does to a circuit, through any server.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use mongoplex::{
    Circuit, Config, Databases, Environment, Model, Registry, Sources,
    guard::{Observer, Record},
};
use mongoplex_server::Server;
use mongoplex_testing::{Nodes, Proxy, TestDatabases, own_set, shared};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::house::{Answer, House, send};

const TENANT: [(&str, &str); 1] = [("x-tenant-id", "acme")];

async fn force(server: &Router, database: &str, word: &str) -> Answer {
    let line = format!("PUT /ops/guards/{database}/circuit");
    let body = json!({ "force": word }).to_string();
    send(server, &line, &[], &body).await
}

/// Returns the status, and what became of the entry.
fn entry(answer: &Answer) -> (u16, Value) {
    let Answer { status, body, .. } = answer;
    (status.as_u16(), json!([body["audited"], body["auditedIn"]]))
}

fn circuit(databases: &Databases, database: &str) -> Circuit {
    let mut guards = databases.guards().into_iter();
    let guard = guards.find(|guard| guard.database == database).unwrap();
    guard.circuit.circuit
}

/// Returns who did what to which circuit, as a trail lists it, oldest first.
async fn entries(server: &Router, trail: &str) -> Vec<Value> {
    let line = format!("GET /api/v1/admin/{trail}?collection=ops.circuits&sort=at");
    let listed = send(server, &line, &[], "").await;
    assert_eq!(listed.status, 200, "{listed:?}");
    let names = ["actor", "action", "document", "fields"];
    let of = |entry: &Value| Value::from(names.map(|name| entry[name].clone()).to_vec());
    let items = listed.body["items"].as_array().unwrap();
    items.iter().map(of).collect()
}

#[tokio::test]
async fn a_circuit_is_forced_open_and_freed_and_the_trail_says_who_did_it() {
    let house = House::new("ops_forced").await;
    house.tenant("acme").await;
    let (clients, admin) = (house.clients_server(), house.admin_server());

    let forced = force(&clients, "customer", "open").await;
    assert_eq!(entry(&forced), (200, json!([true, "admin"])), "{forced:?}");
    assert_eq!(forced.body["circuit"]["state"], "forced-open");
    let refused = send(&clients, "GET /api/v1/clients", &TENANT, "").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["type"]),
        (503, &json!("urn:mongoplex:unavailable"))
    );
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait} s");

    let freed = force(&clients, "customer", "free").await;
    assert_eq!(entry(&freed), (200, json!([true, "admin"])));
    let served = send(&clients, "GET /api/v1/clients", &TENANT, "").await;
    assert_eq!(served.status, 200, "{served:?}");

    let by = |word| json!(["development", "change", "customer", [word]]);
    assert_eq!(entries(&admin, "audit").await, [by("open"), by("free")]);
    house.close().await;
}

#[tokio::test]
async fn an_entry_lies_where_a_circuit_lets_it_through_and_the_force_is_done_anyway() {
    let house = House::new("ops_trail").await;
    let admin = house.admin_server();

    // The database's own trail still takes the entry that shuts it.
    let first = force(&admin, "admin", "open").await;
    assert_eq!(entry(&first), (200, json!([true, "admin"])));
    let second = force(&admin, "customer", "open").await;
    assert_eq!(entry(&second), (200, json!([true, "customer"])));
    let third = force(&admin, "customer", "open").await;
    assert_eq!(entry(&third), (200, json!([false, null])));
    assert_eq!(circuit(&house.databases, "customer"), Circuit::ForcedOpen);
    // What opens the way for the entry is done first.
    let disabled = force(&admin, "customer", "disable").await;
    assert_eq!(entry(&disabled), (200, json!([true, "customer"])));
    assert_eq!(circuit(&house.databases, "customer"), Circuit::Disabled);
    let freed = force(&admin, "admin", "free").await;
    assert_eq!(entry(&freed), (200, json!([true, "admin"])));

    let by = |database, word| json!(["development", "change", database, [word]]);
    let (own, customers) = (
        entries(&admin, "audit").await,
        entries(&admin, "customer-audit").await,
    );
    assert_eq!(own, [by("admin", "open"), by("admin", "free")]);
    assert_eq!(
        customers,
        [by("customer", "open"), by("customer", "disable")]
    );
    house.close().await;
}

#[tokio::test]
async fn a_database_that_is_silent_is_forced_at_once_and_its_entry_goes_elsewhere() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    let through = [("DATABASE_ADMIN_URI", &*proxy.uri("ops_silent"))];
    let house = House::on(&set, "ops_silent", &through).await;
    let server = house.clients_server();
    proxy.stall().await;

    let mut forced = pin!(force(&server, "admin", "open"));
    let early = timeout(Duration::ZERO, forced.as_mut()).await;
    assert!(early.is_err(), "{early:?}");
    assert_eq!(circuit(&house.databases, "admin"), Circuit::ForcedOpen);
    let forced = forced.await;

    assert_eq!(entry(&forced), (200, json!([true, "customer"])));
    proxy.pass().await;
    house.close().await;
    proxy.stop().await;
    set.stop().await;
}

#[tokio::test]
async fn what_is_no_database_or_no_force_changes_nothing() {
    let house = House::new("ops_refused").await;
    let server = house.clients_server();

    for unknown in ["none", "shared", "insightserenity_customer"] {
        let answer = force(&server, unknown, "open").await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body["type"]),
            (404, &json!("urn:mongoplex:not-found")),
            "{unknown}"
        );
    }
    for body in [
        "",
        "{}",
        "[]",
        "open",
        r#"{"force":"shut"}"#,
        r#"{"force":"Open"}"#,
        r#"{"force":{"open":null}}"#,
        r#"{"force":null}"#,
        r#"{"force":"open","for":"5s"}"#,
        r#"{"force":"free","force":"open"}"#,
    ] {
        let answer = send(&server, "PUT /ops/guards/customer/circuit", &[], body).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let post = send(
        &server,
        "POST /ops/guards/customer/circuit",
        &[],
        r#"{"force":"open"}"#,
    );
    assert_eq!(post.await.status, 405);

    assert_eq!(circuit(&house.databases, "customer"), Circuit::Closed);
    assert_eq!(
        entries(&house.admin_server(), "audit").await,
        [] as [Value; 0]
    );
    house.close().await;
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Observer for Counter {
    fn record(&self, _: &Record) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn the_guards_are_read_without_a_call_and_without_a_change() {
    let counter = Arc::new(Counter::default());
    let settings = [
        ("DB_MAX_POOL_SIZE", "12"),
        ("DATABASE_ADMIN_RETRY_BUDGET", "40"),
    ];
    let house = House::observed(shared(), "ops_read", &settings, vec![counter.clone()]).await;
    let server = house.admin_server();
    let calls = counter.0.load(Ordering::Relaxed);

    let mut read = Vec::new();
    for _ in 0..3 {
        let mut answer = send(&server, "GET /ops/guards", &[], "").await;
        assert_eq!(answer.status, 200);
        for guard in answer.body["guards"].as_array_mut().unwrap() {
            let since = guard["circuit"]["sinceSeconds"].take();
            assert!(since.as_u64().unwrap() < 600, "{since}");
        }
        read.push(answer.body);
    }

    let of = |database| {
        json!({
            "database": database,
            "circuit": {
                "state": "closed", "reason": "since the start", "sinceSeconds": null, "probes": 0,
            },
            "calls": { "inUse": 0, "limit": 10, "queued": 0 },
            // Both are on one deployment, and so pay from one budget: that of the first.
            "budget": { "tokens": 40, "capacity": 40 },
            "retries": 0, "recovered": 0, "forced": 0, "unclassified": 0,
        })
    };
    let expected = json!({ "guards": [of("admin"), of("customer")] });
    assert_eq!(read, [expected.clone(), expected.clone(), expected]);
    assert_eq!(
        counter.0.load(Ordering::Relaxed),
        calls,
        "reading makes no call"
    );
    house.close().await;
}

#[tokio::test]
async fn without_a_trail_a_circuit_is_forced_and_the_answer_says_so() {
    let off = [("ENABLE_AUDIT_TRAIL", "false")];
    let house = House::on(shared(), "ops_trail_off", &off).await;
    let server = house.admin_server();

    let forced = force(&server, "customer", "open").await;

    assert_eq!(entry(&forced), (200, json!([false, null])));
    assert_eq!(circuit(&house.databases, "customer"), Circuit::ForcedOpen);
    assert_eq!(entries(&server, "audit").await, [] as [Value; 0]);
    house.close().await;
}

#[derive(Debug, Serialize, Deserialize)]
struct Thing {}

impl Model for Thing {
    const COLLECTION: &str = "things";
}

mongoplex::logical_database! { Things = "things", common: [Thing] }

#[tokio::test]
async fn an_application_that_lists_no_entries_is_operated_all_the_same() {
    let names = TestDatabases::new("ops_plain");
    let registry = Registry::new().with::<Things>();
    let sources = Sources::default().variable("MONGOPLEX_ENV", "test");
    let sources = sources.variable("DATABASE_THINGS_URI", names.uri("things"));
    let config = Config::load(&registry, &[("plain", 3000)], &sources).unwrap();
    let databases = Databases::builder(registry, config.clone());
    let databases = databases.connect().await.unwrap();
    let server = Server::new("plain", 3000, |_| Ok(Router::new()));
    let server = server.router(&databases, &config).unwrap();

    let forced = force(&server, "things", "open").await;

    assert_eq!(entry(&forced), (200, json!([false, null])));
    assert_eq!(circuit(&databases, "things"), Circuit::ForcedOpen);
    databases.shutdown(crate::house::PATIENCE).await;
    assert_eq!(names.existing().await, [] as [String; 0]);
    names.drop().await;
}

#[tokio::test]
async fn outside_development_and_test_nobody_operates_until_there_is_sign_in() {
    let mut house = House::new("ops_production").await;
    house.config.environment = Environment::Production;
    let server = house.admin_server();

    let read = send(&server, "GET /ops/guards", &[], "").await;
    let forced = force(&server, "customer", "open").await;

    for answer in [read, forced] {
        assert_eq!(
            (answer.status.as_u16(), &answer.body["type"]),
            (403, &json!("urn:mongoplex:no-sign-in"))
        );
    }
    assert_eq!(circuit(&house.databases, "customer"), Circuit::Closed);
    house.close().await;
}
