//! Writes that last, connections, files, and the schema.

use std::time::Duration;

use mongoplex::{
    Config, Databases, Registry,
    bson::{Document, doc},
    doctor::{Check, Finding, Status},
    schema::Mode,
};
use mongoplex_testing::{Lone, TestDatabases, raw};

use super::{Market, Shop, doctor, examine, says, sources, told};

#[tokio::test]
async fn a_write_that_a_failover_undoes_and_more_connections_than_there_are_are_told() {
    let names = TestDatabases::new("doctor_weak");

    let weak = examine(&format!("{}&w=1", names.uri("shop")), &[]).await;
    let unjournaled = examine(&format!("{}&journal=false", names.uri("shop")), &[]).await;
    let many = [("INSTANCES", "2000"), ("DB_WRITE_CONCERN", "3")];
    let many = examine(&names.uri("shop"), &many).await;

    let finding = told(&weak, Check::WriteConcern, Status::Warning);
    says(
        finding,
        &["failover", "DATABASE_SHOP_WRITE_CONCERN=majority"],
    );
    let finding = told(&unjournaled, Check::WriteConcern, Status::Warning);
    says(finding, &["crash"]);
    let finding = told(&many, Check::WriteConcern, Status::Failure);
    says(finding, &["3, of a set of 1", "every write fails"]);
    // 2,000 × (10 + 2 monitors).
    let finding = told(&many, Check::Pools, Status::Failure);
    says(finding, &["24000 connections", "INSTANCES"]);
    names.drop().await;
}

#[tokio::test]
async fn pools_of_databases_on_one_deployment_are_counted_together() {
    let names = TestDatabases::new("doctor_pools");
    let registry = Registry::new().with::<Shop>().with::<Market>();
    let sources = sources(
        &names.uri("shop"),
        &[("DATABASE_MARKET_MAX_POOL_SIZE", "100")],
    );
    let sources = sources.variable("DATABASE_MARKET_URI", names.uri("market"));

    let report = doctor(registry, &sources.variable("INSTANCES", "3"))
        .examine()
        .await;

    // 3 × (10 + 2 + 100 + 2).
    let finding = told(&report, Check::Pools, Status::Ok);
    says(finding, &["`shop` and `market`", "342 connections"]);
    names.drop().await;
}

#[tokio::test]
async fn drift_in_common_models_and_in_a_tenants_database_is_named() {
    let names = TestDatabases::new("doctor_drift");
    let registry = Registry::new().with::<Shop>().with::<Market>();
    let sources =
        sources(&names.uri("shop"), &[]).variable("DATABASE_MARKET_URI", names.uri("market"));
    let config = Config::load(&registry, &[], &sources).unwrap();
    let databases = Databases::builder(registry.clone(), config)
        .connect()
        .await
        .unwrap();
    databases.schema().common(Mode::Build).await.unwrap();
    databases
        .tenancy()
        .unwrap()
        .create(&"acme".parse().unwrap(), "acme")
        .await
        .unwrap();
    let client = raw(&names.uri("shop")).await;
    let offers = client
        .database(&names.name("market"))
        .collection::<Document>("offers");
    offers.drop_index("name_1").await.unwrap();
    offers.insert_one(doc! { "name": "tea" }).await.unwrap();
    let tenant = client.database(&format!("{}__acme", names.name("shop")));
    tenant.collection::<Document>("notes").drop().await.unwrap();

    let report = doctor(registry, &sources).examine().await;

    let drift: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|one| one.check == Check::Schema)
        .collect();
    assert_eq!(
        (drift[0].status, drift[1].status),
        (Status::Ok, Status::Failure)
    );
    says(drift[1], &["offers lacks index `name_1`", "by hand"]);
    let finding = told(&report, Check::Tenants, Status::Failure);
    says(finding, &["__acme.notes lacks the collection"]);
    databases.shutdown(Duration::from_secs(5)).await;
    names.drop().await;
}

#[tokio::test]
async fn the_files_of_a_fleet_are_forecast_against_mongods_own_limit() {
    let limited = ["sh", "-c", "ulimit -n 512; exec \"$@\"", "sh"];
    let server = Lone::through(&limited, &["--replSet", "rs"]).await;
    server.initiate("rs").await;
    let uri = format!("{}?replicaSet=rs", server.uri("shop"));
    let tenants = raw(&uri)
        .await
        .database("shop")
        .collection::<Document>("tenants");
    let before = examine(&uri, &[]).await;
    let rows =
        |numbers: std::ops::Range<u32>| numbers.map(|number| doc! { "_id": format!("t{number}") });

    // Each tenant is a collection with an index besides the one on `_id`: 3 files.
    tenants.insert_many(rows(0..100)).await.unwrap();
    let half = examine(&uri, &[]).await;
    tenants.insert_many(rows(100..200)).await.unwrap();
    let whole = examine(&uri, &[]).await;

    says(
        told(&before, Check::FileHandles, Status::Ok),
        &["limit 512"],
    );
    let finding = told(&half, Check::FileHandles, Status::Warning);
    says(
        finding,
        &["302 files of 100 tenant(s)", "limit 512", "aborts"],
    );
    says(
        told(&whole, Check::FileHandles, Status::Failure),
        &["602 files of 200"],
    );
    server.stop().await;
}
