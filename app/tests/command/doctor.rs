//! `doctor` names every fault of a set-up at once, and says the worst with its exit code.

use std::process::Command;

use mongoplex_testing::{Authority, Lone, Program, wrong_clock};
use serde_json::Value;

use crate::house::{MONGOPLEX, mongods, project};

/// Runs a doctor that prints JSON, and returns exit code, report and all that was printed.
fn examine(command: &mut Command) -> (Option<i32>, Value, String) {
    let (code, output) = Program::run(command);
    let line = output.lines().find(|line| line.starts_with("{\"worst\""));
    let line = line.unwrap_or_else(|| panic!("no report: {output}"));
    (code, serde_json::from_str(line).unwrap(), output)
}

/// Returns the status of a check, of a database where one is named.
fn status<'a>(report: &'a Value, check: &str, database: Option<&str>) -> &'a str {
    let mut findings = report["findings"].as_array().unwrap().iter();
    let found = findings.find(|one| one["check"] == check && one["database"].as_str() == database);
    found.map_or("nothing", |one| one["status"].as_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_that_is_broken_everywhere_has_each_fault_named() {
    let (project, ours) = (project(), Authority::new());
    let key = ours.server(project.path(), "server.pem");
    let authority = ours.file(project.path(), "right.pem");
    let stranger = Authority::new().file(project.path(), "wrong.pem");
    let encrypted = Lone::start(&[
        "--tlsMode",
        "requireTLS",
        "--tlsCertificateKeyFile",
        key.to_str().unwrap(),
        "--tlsCAFile",
        authority.to_str().unwrap(),
        "--tlsAllowConnectionsWithoutCertificates",
    ])
    .await;
    let clock = wrong_clock("+2m").unwrap_or_default();
    let wrapper: Vec<&str> = clock.iter().map(String::as_str).collect();
    let alone = Lone::through(&wrapper, &[]).await;

    // A shell that allows 100 open files, and pools of 100 connections.
    let mut command = project.command("sh");
    command
        .args(["-c", "ulimit -n 100; exec \"$@\"", "sh", MONGOPLEX])
        .args(["doctor", "--json"])
        .env("MONGOPLEX_ENV", "staging")
        .env("INSTANCES", "1000")
        .env("ENABLE_AUDIT_TRAIL", "false")
        .env("LOG_LEVEL", "trace")
        .env("DATABASE_ADMIN_TLS_CA_FILE", stranger)
        .env(
            "DATABASE_ADMIN_URI",
            format!("mongodb://u:canary@{}/admin_db", encrypted.address()),
        )
        .env(
            "DATABASE_CUSTOMER_URI",
            format!("{}?w=1", alone.uri("customer_db")),
        );
    let (code, report, output) = examine(&mut command);

    assert_eq!(code, Some(1), "{output}");
    assert_eq!(report["worst"], "failure");
    for (check, database, expected) in [
        ("audit-trail", None, "warning"),
        ("descriptors", None, "failure"),
        ("connection", Some("admin"), "ok"),
        ("tls", Some("admin"), "failure"),
        ("authentication", Some("admin"), "not tested"),
        ("schema", Some("admin"), "not tested"),
        ("authentication", Some("customer"), "warning"),
        ("version", Some("customer"), "warning"),
        ("topology", Some("customer"), "failure"),
        ("write-concern", Some("customer"), "warning"),
        ("schema", Some("customer"), "failure"),
        ("tenants", None, "not tested"),
        ("pools", None, "failure"),
        ("file-handles", None, "not tested"),
    ] {
        assert_eq!(
            status(&report, check, database),
            expected,
            "{check}: {report:#}"
        );
    }
    if !clock.is_empty() {
        let found = status(&report, "clock", Some("customer"));
        assert_eq!(found, "failure", "{report:#}");
    }
    // Whatever is wrong has a cure.
    for finding in report["findings"].as_array().unwrap() {
        let is_wrong = ["warning", "failure"].contains(&finding["status"].as_str().unwrap());
        assert!(!is_wrong || finding["cure"].is_string(), "{finding}");
    }
    assert!(!output.contains("canary"), "{output}");
    encrypted.stop().await;
    alone.stop().await;
}

#[test]
fn a_configuration_at_fault_is_exit_code_64_and_told_as_a_report() {
    let project = project();
    let mut command = project.command(MONGOPLEX);
    command
        .args(["doctor", "--json"])
        .env("MONGOPLEX_ENV", "prod")
        .env("INSTANCES", "canary")
        .env("DATABASE_ADMIN_URI", "mongodb://u:canary@@h/x");

    let (code, report, output) = examine(&mut command);

    assert_eq!(code, Some(64), "{output}");
    assert_eq!(status(&report, "configuration", None), "failure");
    assert_eq!(status(&report, "topology", None), "not tested");
    for name in [
        "MONGOPLEX_ENV",
        "INSTANCES",
        "DATABASE_ADMIN_URI",
        "DATABASE_CUSTOMER_URI",
    ] {
        assert!(output.contains(&format!("\"{name}")), "{name}: {output}");
    }
    assert!(!output.contains("canary"), "{output}");
    assert!(!project.path().join(".mongoplex").exists());
}

#[test]
fn a_private_set_has_notes_at_worst_and_is_run_for_as_long_as_it_takes() {
    let project = project();

    let (code, report, output) = examine(project.command(MONGOPLEX).args(["doctor", "--json"]));
    let (table_code, table) = Program::run(project.command(MONGOPLEX).arg("doctor"));

    assert_eq!((code, table_code), (Some(0), Some(0)), "{output}{table}");
    assert_eq!(report["worst"], "note", "{report:#}");
    assert_eq!(status(&report, "topology", Some("customer")), "note");
    assert_eq!(status(&report, "file-handles", None), "ok");
    for words in [
        "STATUS",
        "not used: the server is on this machine",
        "→ `up` adds it",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
    assert_eq!(mongods(project.path()), Vec::<String>::new());
}
