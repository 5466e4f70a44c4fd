//! `health` looks once, and says with its exit code how it is.

use mongoplex_testing::Program;
use serde_json::Value;

use crate::house::{MONGOPLEX, project};

#[test]
fn a_private_set_is_looked_at_as_a_table_and_as_json() {
    let project = project();
    // However full this machine's disk is, and however busy.
    let limits =
        "disk=100/100,memory=100/100,cpu=1000/1000,runtime-lag=60000/60000,ping=60000/60000";

    let (code, json) = Program::run(project.command(MONGOPLEX).args([
        "health",
        "--json",
        "--set",
        &format!("HEALTH_LIMITS={limits}"),
    ]));
    let (table_code, table) = Program::run(project.command(MONGOPLEX).args([
        "health",
        "--set",
        &format!("HEALTH_LIMITS={limits}"),
    ]));

    let line = json
        .lines()
        .find(|line| line.starts_with('{'))
        .expect(&json);
    let health: Value = serde_json::from_str(line).expect(line);
    assert_eq!((code, table_code), (Some(0), Some(0)), "{json}{table}");
    assert_eq!(health["status"], "up");
    assert_eq!(health["components"][0]["components"][0]["name"], "admin");
    for words in [
        "STATUS",
        "deployment mongoplex",
        "database customer",
        "oplog-window",
    ] {
        assert!(table.contains(words), "{words}: {table}");
    }
}

#[test]
fn a_database_that_does_not_answer_is_down_and_exit_code_1() {
    let project = project();
    let nobody = format!("mongodb://127.0.0.1:{}/", mongoplex_testing::free_port());
    let mut command = project.command(MONGOPLEX);
    command
        .args(["health", "--json"])
        .env("MONGOPLEX_ENV", "test")
        .env("STARTUP_TIMEOUT", "1s")
        .env("DATABASE_ADMIN_URI", format!("{nobody}shop_admin"))
        .env("DATABASE_CUSTOMER_URI", format!("{nobody}shop_customer"));

    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("\"status\":\"down\""), "{output}");
    assert!(output.contains("error: it is down"), "{output}");
}

#[test]
fn what_is_past_a_limit_is_exit_code_3() {
    let project = project();
    // Of a database without anything in it the server does not tell where it lies.
    let (synced, output) = Program::run(project.command(MONGOPLEX).arg("sync"));
    assert_eq!(synced, Some(0), "{output}");
    let mut command = project.command(MONGOPLEX);
    command.args(["health", "--set", "HEALTH_LIMITS=disk=0.001/0.002"]);

    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("should be at most 0.002 %"), "{output}");
}
