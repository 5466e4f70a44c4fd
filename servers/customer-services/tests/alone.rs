//! customer-services as a program of its own.

use std::net::SocketAddr;

use mongoplex_testing::{Program, Project, Signal, free_port, http};

fn start(project: &Project, address: SocketAddr) -> Program {
    let mut command = project.command(env!("CARGO_BIN_EXE_customer-services"));
    command.args(["--set", &format!("CUSTOMER_SERVICES_ADDRESS={address}")]);
    Program::start(&mut command)
}

#[test]
fn two_instances_that_start_together_share_the_private_set() {
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"));
    let addresses = [(); 2].map(|()| SocketAddr::from(([127, 0, 0, 1], free_port())));
    let mut programs = addresses.map(|address| start(&project, address));
    for program in &mut programs {
        program.line("is up in development");
    }
    let shared = |program: &&Program| {
        program
            .output()
            .contains("the private MongoDB that runs already")
    };
    assert_eq!(
        programs.iter().filter(shared).count(),
        1,
        "one runs it, the other one uses it"
    );
    // The one that uses it goes first: with its owner the set goes too.
    programs.sort_by_key(|program| !shared(&program));

    for address in addresses {
        let plans = http(address, "GET /api/v1/plans", &[], "").unwrap();
        assert_eq!(plans.status, 200, "{plans:?}");
    }

    for program in &mut programs {
        program.signal(Signal::TERM);
        let (status, output) = program.end();
        assert_eq!(status.code(), Some(0), "{output}");
    }
}
