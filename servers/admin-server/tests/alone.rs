//! admin-server as a program of its own.

use std::net::SocketAddr;

use mongoplex_testing::{Program, Project, Signal, free_port, http};

#[test]
fn it_runs_alone_and_creates_a_tenant() {
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"));
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut command = project.command(env!("CARGO_BIN_EXE_admin-server"));
    command.args(["--set", &format!("ADMIN_SERVER_ADDRESS={address}")]);
    let mut program = Program::start(&mut command);
    program.line("is up in development");

    let body = r#"{"id":"acme","name":"Acme"}"#;
    let created = http(address, "POST /api/v1/admin/tenants", &[], body).unwrap();

    assert_eq!(created.status, 201, "{created:?}");
    program.signal(Signal::TERM);
    let (status, output) = program.end();
    assert_eq!(status.code(), Some(0), "{output}");
}
