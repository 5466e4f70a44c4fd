//! The doctor names what is wrong: each check is seen failing from a real cause.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use mongoplex::{
    Config, Databases, Index, Model, Registry, Sources,
    bson::{Document, doc},
    doctor::{Check, Doctor, Finding, Report, Status},
    schema::Mode,
};
use mongoplex_testing::{
    Authority, Lone, Nodes, TestDatabases, free_port, own_set, raw, wrong_clock,
};
use serde::{Deserialize, Serialize};

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
    says(schema, &["tenants lacks the collection", "up --sync"]);
    assert_eq!(names.existing().await, Vec::<String>::new());
    names.drop().await;
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_hide_nothing_of_another_database() {
    let names = TestDatabases::new("doctor_down");
    let closed = format!("mongodb://127.0.0.1:{}/market", free_port());
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

/// A mongod that speaks only TLS, with the file of its authority and that of another one.
async fn encrypted() -> (Lone, PathBuf, PathBuf) {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("tls-{}-{number}", std::process::id()));
    let (right, wrong) = (Authority::new(), Authority::new());
    let server = right.server(&folder, "server.pem");
    let (right, wrong) = (
        right.file(&folder, "right.pem"),
        wrong.file(&folder, "wrong.pem"),
    );
    let (key, authority) = (server.to_str().unwrap(), right.to_str().unwrap());
    let arguments = [
        "--tlsMode",
        "requireTLS",
        "--tlsCertificateKeyFile",
        key,
        "--tlsCAFile",
        authority,
        "--tlsAllowConnectionsWithoutCertificates",
    ];
    (Lone::start(&arguments).await, right, wrong)
}

#[tokio::test]
async fn a_wrong_authority_is_told_by_its_variable_and_the_right_one_is_fine() {
    let (server, right, wrong) = encrypted().await;
    let with = |file: &PathBuf| file.to_str().unwrap().to_owned();
    let ca = "DATABASE_SHOP_TLS_CA_FILE";

    let wrong = examine(&server.uri("shop"), &[(ca, &with(&wrong))]).await;
    let right = examine(&server.uri("shop"), &[(ca, &with(&right))]).await;
    let none = examine(&server.uri("shop"), &[]).await;

    says(
        told(&wrong, Check::Tls, Status::Failure),
        &["another authority", ca],
    );
    says(
        told(&wrong, Check::Authentication, Status::NotTested),
        &["TLS"],
    );
    told(&right, Check::Tls, Status::Ok);
    says(
        told(&none, Check::Tls, Status::Failure),
        &["requires TLS", ca, "tls=true"],
    );
    server.stop().await;
}

#[tokio::test]
async fn tls_with_a_server_that_has_none_and_files_that_are_none_are_told() {
    let server = Lone::start(&[]).await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let nonsense = folder.join(format!("nonsense-{}.pem", std::process::id()));
    std::fs::write(&nonsense, "-----BEGIN CERTIFICATE-----\nnonsense").unwrap();
    let nonsense = nonsense.to_str().unwrap();

    let spoken = examine(&format!("{}?tls=true", server.uri("shop")), &[]).await;
    let certificate = [("DATABASE_SHOP_TLS_CERT_FILE", nonsense)];
    let unusable = examine(&server.uri("shop"), &certificate).await;

    says(
        told(&spoken, Check::Tls, Status::Failure),
        &["does not speak TLS"],
    );
    let finding = told(&unusable, Check::Tls, Status::Failure);
    says(finding, &["cannot be used", "DATABASE_SHOP_TLS_CERT_FILE"]);
    server.stop().await;
}

/// A mongod with users: `root`, and others with roles that a test names.
async fn guarded(users: &[(&str, Document)]) -> Lone {
    let server = Lone::start(&["--auth"]).await;
    let create =
        |name: &str, role: Document| doc! { "createUser": name, "pwd": "canary", "roles": [role] };
    let first = raw(&server.uri("admin")).await.database("admin");
    let root = create("root", doc! { "role": "root", "db": "admin" });
    first.run_command(root).await.unwrap();
    let admin = raw(&signed(&server, "root", "admin"))
        .await
        .database("admin");
    for (name, role) in users {
        admin.run_command(create(name, role.clone())).await.unwrap();
    }
    server
}

fn signed(server: &Lone, user: &str, database: &str) -> String {
    format!(
        "mongodb://{user}:canary@{}/{database}?authSource=admin",
        server.address()
    )
}

#[tokio::test]
async fn a_wrong_password_and_none_at_all_are_told_and_never_shown() {
    let server = guarded(&[]).await;
    let wrong = signed(&server, "root", "shop").replace("canary", "canary2");

    let refused = examine(&wrong, &[]).await;
    let anonymous = examine(&server.uri("shop"), &[]).await;
    let root = examine(&signed(&server, "root", "shop"), &[]).await;

    let finding = told(&refused, Check::Authentication, Status::Failure);
    says(
        finding,
        &["did not accept", "authSource", "DATABASE_SHOP_URI"],
    );
    told(&refused, Check::Tls, Status::Ok);
    told(&refused, Check::Rights, Status::NotTested);
    let finding = told(&anonymous, Check::Authentication, Status::Failure);
    says(finding, &["the URI names none"]);
    told(&root, Check::Authentication, Status::Ok);
    told(&root, Check::Rights, Status::Ok);
    for report in [refused, anonymous, root] {
        assert!(!format!("{report:?}").contains("canary"), "{report:#?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_user_without_rights_is_told_which_are_missing_and_on_what() {
    let reader = doc! { "role": "read", "db": "shop" };
    let writer = doc! { "role": "readWriteAnyDatabase", "db": "admin" };
    let server = guarded(&[("reader", reader), ("writer", writer)]).await;

    let reader = examine(&signed(&server, "reader", "shop"), &[]).await;
    let writer = examine(&signed(&server, "writer", "shop"), &[]).await;

    let finding = told(&reader, Check::Rights, Status::Failure);
    says(
        finding,
        &[
            "insert, update, remove on `shop`",
            "find, insert, update, remove on `shop__<tenant>`",
            "readWriteAnyDatabase",
        ],
    );
    let finding = told(&writer, Check::Rights, Status::Warning);
    says(finding, &["collMod on `shop`", "dbAdminAnyDatabase"]);
    for check in [Check::Pools, Check::FileHandles] {
        says(told(&writer, check, Status::NotTested), &["clusterMonitor"]);
    }
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
