//! One client per logical database: built concurrently, named, watched.

use std::time::{Duration, Instant};

use mongoplex::{
    Config, Databases, Error, Registry, Sources,
    bson::{Bson, doc},
    health::Status,
};
use mongoplex_testing::{Nodes, Proxy, TestDatabases, own_set, raw};

use crate::house::{House, eventually, registry, sources};

mongoplex::logical_database! { pub optional Reports = "reports" }

#[tokio::test]
async fn the_server_sees_each_client_by_its_own_name() {
    let house = House::new("orchestrator_names").await;
    let admin = raw(&house.names.uri("admin")).await.database("admin");

    let names = connections(&admin).await;

    for name in ["orchestrator_names/admin", "orchestrator_names/customer"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    house.close().await;
}

/// Returns the application name of each connection that the server has.
async fn connections(admin: &mongoplex::mongodb::Database) -> Vec<String> {
    let all = doc! { "$currentOp": { "allUsers": true, "idleConnections": true } };
    let mut cursor = admin.aggregate([all]).await.unwrap();
    let mut names = Vec::new();
    while cursor.advance().await.unwrap() {
        let operation = cursor.deserialize_current().unwrap();
        names.extend(
            operation
                .get("appName")
                .and_then(Bson::as_str)
                .map(str::to_owned),
        );
    }
    names
}

#[tokio::test]
async fn a_pool_is_warm_before_anybody_uses_it() {
    let set = own_set(Nodes::One).await;
    let names = TestDatabases::on(&set, "orchestrator_warm");
    let admin = raw(&set.uri("admin")).await.database("admin");
    connections(&admin).await;
    let sources = sources(&names)
        .variable("DATABASE_CUSTOMER_MAX_POOL_SIZE", "40")
        .variable("DATABASE_CUSTOMER_MIN_POOL_SIZE", "40");
    let config = Config::load(&registry(), &[], &sources).unwrap();

    let databases = Databases::builder(registry(), config)
        .application("warm")
        .connect()
        .await
        .unwrap();

    let found = connections(&admin).await;
    let warm = found.iter().filter(|name| *name == "warm/customer").count();
    assert!(warm >= 40, "{warm} of 40 connections, and the monitors'");
    databases.shutdown(Duration::from_secs(5)).await;
    set.stop().await;
}

#[tokio::test]
async fn databases_on_one_deployment_are_recognised_by_its_processes() {
    let set = own_set(Nodes::One).await;
    let house = House::new("orchestrator_same").await;
    // The same set by another name of its host, and another set altogether.
    let localhost = house
        .names
        .uri("x")
        .replace("127.0.0.1", "localhost")
        .replace("replicaSet", "directConnection=true&x");
    let localhost = localhost.split("&x=").next().unwrap().to_owned();
    let registry = registry().with::<Reports>();
    for (uri, shared) in [(localhost, true), (set.uri("x"), false)] {
        let sources = sources(&house.names).variable("DATABASE_REPORTS_URI", uri);
        let config = Config::load(&registry, &[], &sources).unwrap();
        let databases = Databases::builder(registry.clone(), config)
            .connect()
            .await
            .unwrap();
        let expected: &[&str] = if shared {
            &["admin", "customer", "reports"]
        } else {
            &["admin", "customer"]
        };
        eventually("all deployments seen", async || {
            databases.deployments()[0].shared_with == expected
        })
        .await;
        databases.shutdown(Duration::from_secs(5)).await;
    }
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn two_names_for_one_database_are_refused_before_anything_is_served() {
    let names = TestDatabases::new("orchestrator_twice");
    let localhost = names
        .uri("admin")
        .replace("127.0.0.1", "localhost")
        .replace("replicaSet=", "directConnection=true&appName=");
    let sources = sources(&names).variable("DATABASE_CUSTOMER_URI", localhost);
    let config = Config::load(&registry(), &[], &sources).unwrap();

    let refused = Databases::builder(registry(), config)
        .connect()
        .await
        .unwrap_err();

    assert!(matches!(refused, Error::Faults(_)), "{refused:?}");
    assert!(
        refused
            .to_string()
            .contains("is the same database as `admin`"),
        "{refused}"
    );
    names.drop().await;
}

#[tokio::test]
async fn a_required_database_that_is_down_ends_the_start_within_its_limit() {
    let names = TestDatabases::new("orchestrator_down");
    let sources = sources(&names)
        .variable(
            "DATABASE_CUSTOMER_URI",
            "mongodb://user:canary%40@127.0.0.1:9/customer",
        )
        .variable("STARTUP_TIMEOUT", "1s");
    let config = Config::load(&registry(), &[], &sources).unwrap();

    let started = Instant::now();
    let failed = Databases::builder(registry(), config)
        .connect()
        .await
        .unwrap_err();

    assert!(
        matches!(&failed, Error::Unreachable { databases, .. } if databases.len() == 1),
        "{failed:?}"
    );
    let text = format!("{failed} {failed:?}");
    assert!(
        text.contains("DATABASE_CUSTOMER_URI") && text.contains("refused"),
        "{text}"
    );
    assert!(!text.contains("canary"), "{text}");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    names.drop().await;
}

#[tokio::test]
async fn a_required_database_that_comes_up_late_is_waited_for() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    proxy.refuse().await;
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("STARTUP_TIMEOUT", "20s")
        .variable("DATABASE_REPORTS_URI", proxy.uri("reports"))
        .variable("DATABASE_REPORTS_REQUIRED", "true");
    let registry = Registry::new().with::<Reports>();
    let config = Config::load(&registry, &[], &sources).unwrap();

    let connecting = Databases::builder(registry, config).connect();
    let (databases, ()) = tokio::join!(connecting, async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        proxy.pass().await;
    });

    let databases = databases.unwrap();
    eventually("up", async || databases.health().snapshot().is_ready()).await;
    databases.shutdown(Duration::from_secs(5)).await;
    proxy.stop().await;
    set.stop().await;
}

#[tokio::test]
async fn an_optional_database_that_is_down_degrades_and_recovers_by_itself() {
    let set = own_set(Nodes::One).await;
    let names = TestDatabases::new("orchestrator_optional");
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    proxy.refuse().await;
    let registry = registry().with::<Reports>();
    let sources = sources(&names).variable("DATABASE_REPORTS_URI", proxy.uri("reports"));
    let config = Config::load(&registry, &[], &sources).unwrap();

    let databases = Databases::builder(registry, config)
        .connect()
        .await
        .unwrap();
    let status = || databases.health().snapshot().nodes[2].status;
    let report = databases
        .schema()
        .common(mongoplex::schema::Mode::Add)
        .await;
    assert!(
        report.is_ok(),
        "the others are completed without it: {report:?}"
    );
    eventually("ready without it", async || {
        databases.health().snapshot().is_ready() && status() == Status::Down
    })
    .await;
    proxy.pass().await;
    eventually("it recovers", async || status() == Status::Up).await;

    databases.shutdown(Duration::from_secs(5)).await;
    proxy.stop().await;
    names.drop().await;
    set.stop().await;
}

#[tokio::test]
async fn an_optional_database_without_a_uri_is_left_out() {
    let names = TestDatabases::new("orchestrator_left_out");
    let registry = registry().with::<Reports>();
    let config = Config::load(&registry, &[], &sources(&names)).unwrap();
    let databases = Databases::builder(registry, config)
        .connect()
        .await
        .unwrap();

    assert!(matches!(
        databases.database::<Reports>(),
        Err(Error::NotConfigured("reports"))
    ));
    mongoplex::logical_database! { pub Other = "other" }
    assert!(matches!(
        databases.database::<Other>(),
        Err(Error::NotRegistered("other"))
    ));

    databases.shutdown(Duration::from_secs(5)).await;
    names.drop().await;
}
