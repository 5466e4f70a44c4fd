//! `config explain` and `config check`: what applies and why, without any database.

use std::{fs, process::Command};

use mongoplex_testing::{Program, Project};
use serde_json::{Value, json};

use crate::house::{MONGOPLEX, project};

const URI: &str = "mongodb://canary:canary@127.0.0.1:9/shop_admin?maxPoolSize=7";

/// A command on databases that are not there.
fn given(project: &Project, line: &[&str]) -> Command {
    let mut command = project.command(MONGOPLEX);
    command
        .args(line)
        .env("MONGOPLEX_ENV", "staging")
        .env("DATABASE_ADMIN_URI", URI)
        .env("DATABASE_CUSTOMER_URI", "mongodb://127.0.0.1:9/shop");
    command
}

fn explained(command: &mut Command) -> (Option<i32>, Value) {
    let (code, output) = Program::run(command);
    assert!(!output.contains("canary"), "{output}");
    let object = output.lines().find(|line| line.starts_with('{')).unwrap();
    (code, serde_json::from_str(object).unwrap())
}

/// Returns value, origin and default of a setting.
fn told(explained: &Value, variable: &str) -> [Value; 3] {
    let mut settings = explained["settings"].as_array().unwrap().iter();
    let setting = settings.find(|setting| setting["variable"] == variable);
    let setting = setting.unwrap_or_else(|| panic!("no {variable}"));
    ["value", "origin", "default"].map(|key| setting[key].clone())
}

#[test]
fn every_layer_is_told_as_the_origin_of_what_it_sets() {
    let project = project();
    let file = |name: &str, text: &str| fs::write(project.path().join(name), text).unwrap();
    file("mongoplex.toml", "request_timeout = '11s'\n");
    file(".env", "BODY_LIMIT=1000\n");
    file(".env.staging", "SHUTDOWN_GRACE=12s\n");
    file(".env.staging.local", "DB_READ_DEADLINE=13s\n");
    let line = [
        "--set",
        "STARTUP_TIMEOUT=14s",
        "config",
        "explain",
        "--json",
    ];

    let (code, explained) = explained(&mut given(&project, &line));

    assert_eq!(code, Some(0));
    assert_eq!(explained["private"], false);
    for (variable, expected) in [
        ("REQUEST_TIMEOUT", ["11s", "mongoplex.toml", "30s"]),
        ("BODY_LIMIT", ["1000", ".env", "1048576"]),
        ("SHUTDOWN_GRACE", ["12s", ".env.staging", "10s"]),
        ("STARTUP_TIMEOUT", ["14s", "command line", "5s"]),
        ("LOG_FORMAT", ["json", "preset of staging", "json"]),
        (
            "DATABASE_ADMIN_READ_DEADLINE",
            ["13s", ".env.staging.local (DB_READ_DEADLINE)", "2s"],
        ),
        (
            "DATABASE_ADMIN_MAX_POOL_SIZE",
            ["7", "the URI's `maxPoolSize`", "100"],
        ),
        (
            "DATABASE_CUSTOMER_MAX_POOL_SIZE",
            ["100", "preset of staging", "100"],
        ),
        (
            "ADMIN_SERVER_ADDRESS",
            ["127.0.0.1:3000", "default", "127.0.0.1:3000"],
        ),
    ] {
        assert_eq!(
            told(&explained, variable),
            expected.map(Value::from),
            "{variable}"
        );
    }
    let uri = [json!("<set>"), json!("environment"), Value::Null];
    assert_eq!(told(&explained, "DATABASE_ADMIN_URI"), uri);
    assert_eq!(
        told(&explained, "DATABASE_ADMIN_URI hosts")[0],
        "127.0.0.1:9"
    );
    assert_eq!(
        told(&explained, "DATABASE_ADMIN_URI database")[0],
        "shop_admin"
    );
}

#[test]
fn the_table_says_the_same_for_people() {
    let project = project();

    let (code, output) = Program::run(&mut given(&project, &["config", "explain"]));

    assert_eq!(code, Some(0), "{output}");
    assert!(!output.contains("canary"), "{output}");
    let mut lines = output.lines();
    let pool = lines.find(|line| line.starts_with("DATABASE_ADMIN_MAX_POOL_SIZE"));
    let words = [
        "7 ",
        "the URI's `maxPoolSize`",
        "100 ",
        "a whole number from 1 to 10000",
    ];
    assert!(
        words.iter().all(|word| pool.unwrap().contains(word)),
        "{pool:?}"
    );
    let (code, output) = Program::run(&mut given(&project, &["config", "check"]));
    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.contains(
            "is fine: staging; databases admin, customer; optional and without URI: shared; servers"
        ),
        "{output}"
    );
}

#[test]
fn all_faults_are_told_and_what_can_be_explained_is() {
    let project = project();
    let faulty = |line: &[&str]| {
        let mut command = given(&project, line);
        command
            .env("DATABASE_CUSTOMER_URI", "mongodb://u:canary@@h/x")
            .env("REQUEST_TIMEOUT", "canary")
            .env("DB_MAX_POOLSIZE", "canary");
        command
    };

    let (code, output) = Program::run(&mut faulty(&["config", "check"]));

    assert_eq!(code, Some(64), "{output}");
    for name in [
        "DATABASE_CUSTOMER_URI",
        "REQUEST_TIMEOUT",
        "DB_MAX_POOLSIZE",
    ] {
        assert!(
            output.contains(&format!("  {name} (from environment)")),
            "{output}"
        );
    }
    assert!(!output.contains("canary"), "{output}");
    let (code, explained) = explained(&mut faulty(&["config", "explain", "--json"]));
    assert_eq!(code, Some(64));
    assert_eq!(
        explained["faults"].as_array().unwrap().len(),
        3,
        "{explained}"
    );
    assert_eq!(told(&explained, "REQUEST_TIMEOUT")[0], "<at fault>");
    assert_eq!(told(&explained, "DATABASE_ADMIN_MAX_POOL_SIZE")[0], "7");
    let (_, output) = Program::run(&mut faulty(&["config", "explain"]));
    assert!(
        output.contains("the configuration has 3 faults"),
        "{output}"
    );
}

#[test]
fn without_a_uri_the_private_mongodb_is_named_and_not_started() {
    let project = project();
    let run = |line: &[&str]| Program::run(project.command(MONGOPLEX).args(line));

    let (code, output) = run(&["config", "check"]);

    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("the private MongoDB in"), "{output}");
    assert!(output.contains("is fine: development"), "{output}");
    let mut command = project.command(MONGOPLEX);
    let (code, explained) = explained(command.args(["config", "explain", "--json"]));
    assert_eq!((code, &explained["private"]), (Some(0), &json!(true)));
    let environment = ["development", "private MongoDB"].map(Value::from);
    assert_eq!(told(&explained, "MONGOPLEX_ENV")[..2], environment);
    let name = told(&explained, "DATABASE_ADMIN_URI database")[0].clone();
    assert_eq!(name, "insightserenity_admin");
    assert!(!project.path().join(".mongoplex").exists());
}

#[test]
fn no_file_makes_a_private_mongodb_one_of_production() {
    let project = project();
    let file = project.path().join(".env.development");
    fs::write(file, "MONGOPLEX_ENV=production\n").unwrap();
    let mut command = project.command(MONGOPLEX);

    let (_, explained) = explained(command.args(["config", "explain", "--json"]));

    assert_eq!(explained["private"], true);
    assert_eq!(told(&explained, "MONGOPLEX_ENV")[0], "development");
}
