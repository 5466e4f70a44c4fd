//! `up` on databases that are given: it changes nothing there unless it is told to.

use std::process::Command;

use mongoplex_testing::{Program, Project, Signal, TestDatabases, http};

use crate::house::{MONGOPLEX, Ports, eventually, project, up};

fn given(command: &mut Command, names: &TestDatabases, environment: &str) {
    command
        .env("MONGOPLEX_ENV", environment)
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"));
}

fn on(project: &Project, ports: &Ports, names: &TestDatabases, environment: &str) -> Command {
    let mut command = ports.up(project);
    given(&mut command, names, environment);
    command
}

#[test]
fn it_changes_nothing_and_is_not_ready_until_somebody_syncs() {
    let names = TestDatabases::new("given_sync");
    let (project, ports, other) = (project(), Ports::free(), Ports::free());
    let (mut program, told) = up(&mut on(&project, &ports, &names, "test"));
    let ready = |ports: &Ports| http(ports.admin, "GET /health/ready", &[], "").unwrap();

    let missing = told["missing"].as_array().unwrap();
    assert!(missing.len() >= 3, "{told}");
    assert_eq!(missing[0]["what"], "the collection");
    let answer = ready(&ports);
    assert_eq!(answer.status, 503);
    assert!(
        answer
            .body
            .contains(&format!("{} things are missing", missing.len()))
            && answer.body.contains("add it with `sync`"),
        "{answer:?}"
    );
    let mut tenants = project.command(MONGOPLEX);
    given(&mut tenants, &names, "test");
    let (code, output) = Program::run(tenants.args(["tenants", "create", "acme"]));
    assert_eq!(code, Some(3), "{output}");
    assert_eq!(existing(&names), Vec::<String>::new(), "nothing was made");
    assert!(
        !project.path().join(".mongoplex").exists(),
        "no mongod of our own"
    );

    let (mut second, told) = up(on(&project, &other, &names, "test").arg("--sync"));
    assert_eq!(told["missing"], serde_json::json!([]));
    eventually("the synced one is ready", || ready(&other).status == 200);
    eventually("the other one notices", || ready(&ports).status == 200);
    for program in [&mut program, &mut second] {
        program.signal(Signal::TERM);
        assert_eq!(program.end().0.code(), Some(0));
    }
}

fn existing(names: &TestDatabases) -> Vec<String> {
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(names.existing())
}

#[test]
fn outside_development_and_test_only_health_is_served() {
    let names = TestDatabases::new("given_production");
    let (project, ports) = (project(), Ports::free());
    let (mut program, _) = up(on(&project, &ports, &names, "production").arg("--sync"));

    let refused = http(ports.admin, "GET /api/v1/admin/tenants", &[], "").unwrap();
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("no sign-in"), "{refused:?}");
    eventually("ready", || {
        http(ports.admin, "GET /health/ready", &[], "")
            .unwrap()
            .status
            == 200
    });

    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));
}

#[test]
fn a_database_that_is_down_is_a_clear_failure() {
    let (project, ports) = (project(), Ports::free());
    let mut command = ports.up(&project);
    command
        .env("MONGOPLEX_ENV", "test")
        .env("STARTUP_TIMEOUT", "1s")
        .env("LOG_LEVEL", "trace")
        .env("DATABASE_ADMIN_URI", "mongodb://u:canary@127.0.0.1:9/a")
        .env("DATABASE_CUSTOMER_URI", "mongodb://u:canary@127.0.0.1:9/b");

    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(1), "{output}");
    for name in ["DATABASE_ADMIN_URI", "DATABASE_CUSTOMER_URI", "refused"] {
        assert!(output.contains(name), "{output}");
    }
    assert!(!output.contains("canary"), "{output}");
}
