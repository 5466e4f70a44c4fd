//! `health` looks once, and says with its exit code how it is.

use mongoplex_testing::{Nodes, Program, Proxy, Signal, http, own_set};
use serde_json::Value;

use crate::house::{MONGOPLEX, Ports, eventually, project};

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

/// Row 17: whoever starts processes sees one that lives and has not started, until its databases are there.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_database_is_not_there_yet_lives_and_says_that_it_is_starting() {
    let set = own_set(Nodes::One).await;
    let proxy = Proxy::start(&set.nodes()[0].address()).await;
    proxy.refuse().await;
    let (project, ports) = (project(), Ports::free());
    let mut command = ports.up(&project);
    command
        .arg("--sync")
        .env("MONGOPLEX_ENV", "test")
        .env("STARTUP_TIMEOUT", "60s")
        .env("DATABASE_ADMIN_URI", proxy.uri("shop_admin"))
        .env("DATABASE_CUSTOMER_URI", proxy.uri("shop_customer"));
    let mut program = Program::start(&mut command);
    let status = |path: &str| {
        let answer = http(ports.customer, &format!("GET {path}"), &[], "").ok()?;
        Some(answer.status)
    };

    eventually("it lives", || status("/health/live") == Some(200));
    assert_eq!(status("/health/startup"), Some(503));
    assert_eq!(status("/health/ready"), Some(503));
    let call = http(ports.customer, "GET /api/v1/clients", &[], "").unwrap();
    assert!(
        call.status == 503 && call.body.contains("is starting"),
        "{call:?}"
    );
    proxy.pass().await;
    eventually("it is ready", || status("/health/ready") == Some(200));

    assert_eq!(status("/health/startup"), Some(200));
    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));
    proxy.stop().await;
    set.stop().await;
}
