//! customer-services as a program of its own.

use std::net::SocketAddr;

use mongoplex_testing::{Program, Project, Signal, free_port, http};

fn start(project: &Project, address: SocketAddr) -> Program {
    let mut command = project.command(env!("CARGO_BIN_EXE_customer-services"));
    command.args(["--set", &format!("CUSTOMER_SERVICES_ADDRESS={address}")]);
    let mut program = Program::start(&mut command);
    program.line("is up in development");
    program
}

#[test]
fn two_instances_share_the_private_set() {
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"));
    let addresses = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
    let mut owner = start(&project, addresses[0]);
    let mut guest = start(&project, addresses[1]);
    assert!(
        guest
            .output()
            .contains("the private MongoDB that runs already"),
        "{}",
        guest.output()
    );

    for address in addresses {
        let plans = http(address, "GET /api/v1/plans", &[], "").unwrap();
        assert_eq!(plans.status, 200, "{plans:?}");
    }

    for program in [&mut guest, &mut owner] {
        program.signal(Signal::TERM);
        let (status, output) = program.end();
        assert_eq!(status.code(), Some(0), "{output}");
    }
}
