//! The doctor names what is wrong: each check is seen failing from a real cause.

mod capacity;
mod naming;
mod security;

use std::time::{Duration, Instant};

use mongoplex::{
    Config, Databases, Index, Model, Registry, Sources,
    bson::doc,
    doctor::{Check, Doctor, Finding, Report, Status},
    schema::Mode,
};
use mongoplex_testing::{Lone, Nodes, TestDatabases, free_port, own_set, raw, wrong_clock};
use serde::{Deserialize, Serialize};

use crate::house::eventually;

#[derive(Serialize, Deserialize)]
struct Note {
    title: String,
}

impl Model for Note {
    const COLLECTION: &str = "notes";
    const INDEXES: &[Index] = &[Index::on(&["title"])];
}

#[derive(Serialize, Deserialize)]
struct Offer {
    name: String,
}

impl Model for Offer {
    const COLLECTION: &str = "offers";
    const INDEXES: &[Index] = &[Index::on(&["name"]).unique()];
}

mongoplex::logical_database! { Shop = "shop", per_tenant: [Note], common: [mongoplex::Tenant] }
mongoplex::logical_database! { Market = "market", common: [Offer] }
mongoplex::logical_database! { optional Archive = "archive" }

fn sources(uri: &str, variables: &[(&str, &str)]) -> Sources {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_SHOP_URI", uri);
    let add = |sources: Sources, (name, value): &(&str, &str)| sources.variable(*name, *value);
    variables.iter().fold(sources, add)
}

fn doctor(registry: Registry, sources: &Sources) -> Doctor {
    let config = Config::load(&registry, &[], sources).unwrap();
    Doctor::new(registry, config)
}

/// Examines one database, given and not private.
async fn examine(uri: &str, variables: &[(&str, &str)]) -> Report {
    let registry = Registry::new().with::<Shop>();
    doctor(registry, &sources(uri, variables)).examine().await
}

/// Returns the one finding of a check, which has this status.
#[track_caller]
fn told(report: &Report, check: Check, status: Status) -> &Finding {
    let mut found = report.findings.iter().filter(|one| one.check == check);
    let one = found.next().unwrap();
    assert_eq!(one.status, status, "{report:#?}");
    assert_eq!(found.next(), None, "{check:?} is told once");
    one
}

#[track_caller]
fn says(finding: &Finding, parts: &[&str]) {
    let text = format!(
        "{} → {}",
        finding.found,
        finding.cure.as_deref().unwrap_or("nothing")
    );
    for part in parts {
        assert!(text.contains(part), "`{part}` in: {text}");
    }
}

#[tokio::test]
async fn a_sound_private_set_has_no_finding_worse_than_a_note() {
    let set = own_set(Nodes::One).await;
    let names = TestDatabases::on(&set, "doctor_sound");
    let sources = sources(&names.uri("shop"), &[]);
    let registry = Registry::new().with::<Shop>();
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

    let private = doctor(registry.clone(), &sources)
        .on_private_set()
        .examine()
        .await;
    let given = doctor(registry, &sources).examine().await;

    assert_eq!(private.worst(), Status::Note, "{private:#?}");
    for check in [
        Check::Configuration,
        Check::Descriptors,
        Check::Dns,
        Check::Connection,
        Check::Tls,
        Check::Rights,
        Check::WriteConcern,
        Check::Clock,
        Check::Compression,
        Check::Schema,
        Check::Tenants,
        Check::Pools,
        Check::FileHandles,
    ] {
        told(&private, check, Status::Ok);
    }
    for check in [Check::Authentication, Check::Version, Check::Topology] {
        told(&private, check, Status::Note);
    }
    // What a private set cannot do better is a warning elsewhere.
    says(
        told(&given, Check::Version, Status::Warning),
        &["6.0.5", "ended on 2025-07-31"],
    );
    says(
        told(&given, Check::Topology, Status::Warning),
        &["of 1", "three members"],
    );
    says(told(&private, Check::Tenants, Status::Ok), &["1 of 1"]);
    databases.shutdown(Duration::from_secs(5)).await;
    set.stop().await;
}

#[tokio::test]
async fn looking_makes_no_collection_and_no_database() {
    let names = TestDatabases::new("doctor_looks");

    let report = examine(&names.uri("shop"), &[]).await;

    let schema = told(&report, Check::Schema, Status::Failure);
    says(schema, &["tenants lacks the collection", "`sync`"]);
    assert_eq!(names.existing().await, Vec::<String>::new());
    names.drop().await;
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_hide_nothing_of_another_database() {
    let names = TestDatabases::new("doctor_down");
    let closed = format!("mongodb://127.0.0.1:{}/market?w=1", free_port());
    let registry = Registry::new()
        .with::<Shop>()
        .with::<Market>()
        .with::<Archive>();
    let sources = sources(&names.uri("shop"), &[])
        .variable("DATABASE_MARKET_URI", closed)
        .variable("DATABASE_ARCHIVE_URI", "mongodb://nowhere.invalid/archive");

    let report = doctor(registry, &sources).examine().await;

    let of = |database, check| {
        let mut findings = report.findings.iter();
        let is = |one: &&Finding| one.database == Some(database) && one.check == check;
        findings.find(is).unwrap()
    };
    assert_eq!(of("shop", Check::Clock).status, Status::Ok);
    let refused = of("market", Check::Connection);
    assert_eq!(refused.status, Status::Failure);
    says(refused, &["connection refused", "DATABASE_MARKET_URI"]);
    let later = of("market", Check::Rights);
    assert_eq!(later.status, Status::NotTested);
    says(later, &["no server accepts connections"]);
    // The settings alone tell it.
    let concern = of("market", Check::WriteConcern);
    assert_eq!(concern.status, Status::Warning);
    // An optional database keeps nobody from starting.
    let unknown = of("archive", Check::Dns);
    assert_eq!(unknown.status, Status::Warning);
    says(
        unknown,
        &["nowhere.invalid", "not found", "DATABASE_ARCHIVE_URI"],
    );
    names.drop().await;
}

#[tokio::test]
async fn a_server_that_answers_nothing_is_told_within_a_bound() {
    let server = Lone::start(&[]).await;
    server.pause();
    let started = Instant::now();

    let report = examine(&server.uri("shop"), &[]).await;

    let finding = told(&report, Check::Connection, Status::Failure);
    says(finding, &["accepts connections and does not answer"]);
    told(&report, Check::Version, Status::NotTested);
    assert!(started.elapsed() < Duration::from_secs(60));
    server.stop().await;
}

#[tokio::test]
async fn a_standalone_without_compression_is_told() {
    let server = Lone::start(&["--networkMessageCompressors", "disabled"]).await;

    let report = examine(&server.uri("shop"), &[]).await;

    says(
        told(&report, Check::Topology, Status::Failure),
        &["standalone", "--replSet"],
    );
    says(
        told(&report, Check::Compression, Status::Note),
        &["snappy, zlib"],
    );
    server.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_off_warns_and_one_that_is_far_off_fails() {
    for (shift, status, words) in [
        ("+10s", Status::Warning, "ahead of this process"),
        ("-2m", Status::Failure, "behind this process"),
    ] {
        let Some(wrapper) = wrong_clock(shift) else {
            return;
        };
        let wrapper: Vec<&str> = wrapper.iter().map(String::as_str).collect();
        let server = Lone::through(&wrapper, &[]).await;

        let report = examine(&server.uri("shop"), &[]).await;

        let finding = told(&report, Check::Clock, status);
        says(finding, &[words, "NTP"]);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_set_that_lost_its_majority_is_examined_through_what_is_left() {
    let set = own_set(Nodes::Three).await;
    let whole = examine(&set.uri("shop"), &[]).await;
    let [first, second, left] = set.nodes() else {
        panic!("three nodes");
    };
    tokio::join!(first.kill(), second.kill());
    let admin = raw(&left.uri("admin")).await.database("admin");
    eventually("no primary is left", async || {
        let hello = admin.run_command(doc! { "hello": 1 }).await;
        hello.is_ok_and(|hello| !hello.contains_key("primary"))
    })
    .await;

    let broken = examine(&set.uri("shop"), &[]).await;

    says(told(&whole, Check::Topology, Status::Ok), &["of 3"]);
    told(&whole, Check::Connection, Status::Ok);
    let finding = told(&broken, Check::Connection, Status::Warning);
    says(finding, &[&first.address(), &second.address(), "refused"]);
    let finding = told(&broken, Check::Topology, Status::Failure);
    says(finding, &["of 3 has no primary", "majority"]);
    told(&broken, Check::Clock, Status::Ok);
    told(&broken, Check::Schema, Status::NotTested);
    set.stop().await;
}

#[tokio::test]
async fn an_audit_trail_that_is_off_is_told_where_there_is_one() {
    mongoplex::logical_database! { Kept = "shop", common: [mongoplex::audit::Entry] }
    let names = TestDatabases::new("doctor_trail");
    let uri = names.uri("shop");
    let off = [("ENABLE_AUDIT_TRAIL", "false")];
    let registry = Registry::new().with::<Kept>();

    let with = doctor(registry, &sources(&uri, &off)).examine().await;
    let without = examine(&uri, &off).await;

    let finding = told(&with, Check::AuditTrail, Status::Warning);
    says(finding, &["off", "ENABLE_AUDIT_TRAIL=true"]);
    let mut findings = without.findings.iter();
    assert!(findings.all(|one| one.check != Check::AuditTrail));
    names.drop().await;
}
