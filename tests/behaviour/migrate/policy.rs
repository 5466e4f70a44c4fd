//! What becomes of tenants that are behind, and what health says of them.

use models::customer_services::Client;
use mongoplex::{
    Error,
    bson::doc,
    health::Status,
    migrate::{Migration, Retry, Step, StepError},
};
use mongoplex_testing::shared;

use super::yard::{Yard, apply};
use crate::house::eventually;

fn fails_for(tenant: &'static str) -> Migration {
    Migration::up([Step::raw("refuse", 1, Retry::Safe, move |raw| async move {
        match raw.unguarded().name().ends_with(tenant) {
            true => Err(StepError::refused("not here")),
            false => Ok(()),
        }
    })])
}

async fn yard(test: &str, policy: &str) -> Yard {
    let list = apply::tenants([("m20261101000000_refuse", fails_for("__behind"))]);
    let yard = Yard::on(shared(), test, &[("MIGRATION_POLICY", policy)], vec![list]).await;
    yard.tenants_without_records(&["behind", "ahead"]).await;
    let done = yard.migrator().up().await.unwrap();
    assert_eq!((done.done, done.failed.len()), (1, 1));
    yard
}

async fn told(yard: &Yard) -> String {
    let snapshot = yard.house.databases.health().snapshot();
    let node = snapshot
        .nodes
        .iter()
        .find(|node| node.name == "migrations")
        .unwrap();
    assert_ne!(
        node.status,
        Status::Down,
        "it degrades and never takes down"
    );
    let messages = node.reasons.iter().map(|reason| reason.message.clone());
    messages.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_behind_is_served_unless_the_policy_says_otherwise() {
    let yard = yard("policy_serve", "serve").await;
    eventually("health tells", async || {
        told(&yard).await.contains("1 quarantined")
    })
    .await;

    let behind = "behind".parse().unwrap();

    assert!(yard.house.customer().tenant(&behind).await.is_ok());
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_behind_may_only_read_where_the_policy_says_so() {
    let yard = yard("policy_reads", "read-only").await;
    eventually("health tells", async || {
        told(&yard).await.contains("1 quarantined")
    })
    .await;
    let database = yard.house.customer();

    let behind = database.tenant(&"behind".parse().unwrap()).await.unwrap();
    let ahead = database.tenant(&"ahead".parse().unwrap()).await.unwrap();

    let clients = behind.collection::<Client>();
    assert!(clients.find_one(doc! {}).await.is_ok());
    let refused = clients.delete_many(doc! {}).await;
    assert!(
        matches!(refused, Err(Error::TenantBehind(_))),
        "{refused:?}"
    );
    let out = vec![doc! { "$out": "copies" }];
    let refused = clients.aggregate(out).await.map(drop);
    assert!(
        matches!(refused, Err(Error::TenantBehind(_))),
        "{refused:?}"
    );
    let joined = behind
        .transaction()
        .run(async move |behind| behind.collection::<Client>().delete_many(doc! {}).await);
    let refused = joined.await;
    assert!(
        matches!(refused, Err(Error::TenantBehind(_))),
        "{refused:?}"
    );
    assert!(
        ahead
            .collection::<Client>()
            .delete_many(doc! {})
            .await
            .is_ok()
    );
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_behind_is_turned_away_until_it_is_brought_up() {
    let yard = yard("policy_away", "unavailable").await;
    let behind = "behind".parse().unwrap();
    let customer = yard.house.customer();
    eventually("it is turned away", async || {
        matches!(customer.tenant(&behind).await, Err(Error::TenantBehind(_)))
    })
    .await;
    assert!(customer.tenant(&"ahead".parse().unwrap()).await.is_ok());

    // Somebody has put it right by hand.
    yard.migrator()
        .tenants([behind.clone()])
        .baseline(None)
        .await
        .unwrap();

    eventually("it is served", async || {
        customer.tenant(&behind).await.is_ok()
    })
    .await;
    assert_eq!(told(&yard).await, "");
    yard.close().await;
}
