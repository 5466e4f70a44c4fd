//! Ready means that writes go, and it comes back by itself.

mod checks;
mod routes;

use mongoplex::{
    Databases,
    bson::doc,
    health::{Need, Status},
};
use mongoplex_testing::{Nodes, own_set, raw};

use crate::house::{House, eventually, send};

async fn ready(databases: &Databases) -> bool {
    databases.health().snapshot().is_ready()
}

#[tokio::test]
async fn a_stopped_mongod_turns_ready_to_503_and_back_without_a_restart() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "health_stop", &[]).await;
    let server = house.clients_server();
    eventually("ready", || ready(&house.databases)).await;

    set.nodes()[0].pause();
    eventually("not ready", async || !ready(&house.databases).await).await;
    let answer = send(&server, "GET /health/ready", &[], "").await;
    assert_eq!(answer.status, 503);
    assert_eq!(send(&server, "GET /health/live", &[], "").await.status, 200);
    set.nodes()[0].resume();

    eventually("ready again", || ready(&house.databases)).await;
    assert_eq!(
        send(&server, "GET /health/ready", &[], "").await.status,
        200
    );
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn a_server_locked_against_writes_is_not_ready() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "health_lock", &[]).await;
    eventually("ready", || ready(&house.databases)).await;
    let outside = raw(&set.uri("admin")).await.database("admin");

    outside
        .run_command(doc! { "fsync": 1, "lock": true })
        .await
        .unwrap();
    eventually("not ready", async || !ready(&house.databases).await).await;
    outside.run_command(doc! { "ping": 1 }).await.unwrap();
    outside
        .run_command(doc! { "fsyncUnlock": 1 })
        .await
        .unwrap();

    eventually("ready again", || ready(&house.databases)).await;
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn three_nodes_are_ready_again_after_their_primary_was_killed() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "health_three", &[]).await;
    eventually("ready", || ready(&house.databases)).await;

    set.primary().await.unwrap().kill().await;

    eventually("a new primary takes writes", async || {
        let database = house.customer().unguarded();
        let answer = database.run_command(doc! {
            "delete": "nothing", "deletes": [{ "q": {}, "limit": 1 }],
        });
        answer.await.is_ok()
    })
    .await;
    // An election may be over before a probe fails, so what counts is that they go well from here on:
    // longer than a probe that still asked the dead primary could go unnoticed.
    eventually("ready, and steadily so", async || {
        for _ in 0..30 {
            if !ready(&house.databases).await {
                return false;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        true
    })
    .await;
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn a_probe_writes_nothing_and_makes_no_database() {
    let house = House::new("health_probe").await;
    eventually("ready", || ready(&house.databases)).await;

    let outside = house.outside(&house.names.name("customer")).await;
    let mut collections = outside.list_collection_names().await.unwrap();
    collections.sort();

    assert_eq!(collections, ["audit_entries", "plans", "subscriptions"]);
    let snapshot = house.databases.health().snapshot();
    let names: Vec<&str> = snapshot
        .nodes
        .iter()
        .map(|node| node.name.as_str())
        .collect();
    assert_eq!(names[..2], ["database:admin", "database:customer"]);
    assert!(
        snapshot.nodes[..2]
            .iter()
            .all(|node| node.need == Need::Required && node.status == Status::Up)
    );
    house.close().await;
}

#[tokio::test]
async fn the_wrong_password_of_one_database_says_nothing_of_the_others() {
    mongoplex::logical_database! { optional Reports = "reports" }
    let names = mongoplex_testing::TestDatabases::new("health_password");
    let uri = names
        .uri("reports")
        .replace("mongodb://", "mongodb://nobody:wrong@")
        + "&authSource=admin";
    // First in the registry: its client would be the one that probes.
    let registry = mongoplex::Registry::new().with::<Reports>();
    let registry = registry
        .with::<models::admin_server::Admin>()
        .with::<models::customer_services::Customer>();
    let sources = crate::house::sources(&names).variable("DATABASE_REPORTS_URI", uri);
    let config = mongoplex::Config::load(&registry, &[], &sources).unwrap();
    let databases = Databases::builder(registry, config)
        .connect()
        .await
        .unwrap();

    eventually("one deployment is seen", async || {
        databases.deployments()[1].shared_with.len() == 3
    })
    .await;
    eventually("ready", || ready(&databases)).await;
    eventually("its own is down", async || {
        databases.health().snapshot().nodes[0].status == Status::Down
    })
    .await;
    for _ in 0..20 {
        assert!(
            ready(&databases).await,
            "{:?}",
            databases.health().snapshot()
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }

    databases.shutdown(crate::house::PATIENCE).await;
    names.drop().await;
}
