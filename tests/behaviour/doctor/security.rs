//! TLS, sign-in and rights.

use std::path::PathBuf;

use mongoplex::{
    bson::{Document, doc},
    doctor::{Check, Status},
};
use mongoplex_testing::{Authority, Lone, raw};

use super::{examine, says, told};

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
