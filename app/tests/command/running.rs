//! `up` on a set of the test's own, whose nodes may be hurt, with a tenant and some calls.

use std::process::Command;

use mongoplex_testing::{Nodes, OwnSet, Program, Project, Signal, TestDatabases, http, own_set};

use crate::house::{ACME, MONGOPLEX, Ports, create, project, up};

pub(crate) struct Running {
    pub(crate) set: OwnSet,
    pub(crate) project: Project,
    pub(crate) ports: Ports,
    program: Program,
    names: TestDatabases,
}

impl Running {
    /// Starts a set and all servers on it, and makes calls that end well and ones that do not.
    pub(crate) async fn on(nodes: Nodes, test: &str) -> Self {
        let set = own_set(nodes).await;
        let names = TestDatabases::on(&set, test);
        let (project, ports) = (project(), Ports::free());
        let mut command = ports.up(&project);
        let (program, _) = up(given(&mut command, &names).arg("--sync"));
        let mut tenants = project.command(MONGOPLEX);
        let (code, output) =
            Program::run(given(&mut tenants, &names).args(["tenants", "create", "acme"]));
        assert_eq!(code, Some(0), "{output}");
        let running = Self {
            set,
            project,
            ports,
            program,
            names,
        };
        running.call("C-1");
        running
    }

    /// Makes a client, reads them all, and asks for what is not there.
    pub(crate) fn call(&self, code: &str) {
        let created = create(self.ports.customer, code).unwrap();
        assert_eq!(created.status, 201, "{created:?}");
        for (line, status) in [
            ("GET /api/v1/clients", 200),
            ("GET /api/v1/clients/6b0100000000000000000000", 404),
            ("GET /nowhere", 404),
        ] {
            let answer = http(self.ports.customer, line, &[ACME], "").unwrap();
            assert_eq!(answer.status, status, "{line}: {answer:?}");
        }
    }

    /// Takes the servers and the set down.
    pub(crate) async fn close(mut self) {
        self.program.signal(Signal::TERM);
        self.program.end();
        drop(self.names);
        self.set.stop().await;
    }
}

fn given<'a>(command: &'a mut Command, names: &TestDatabases) -> &'a mut Command {
    command
        .env("MONGOPLEX_ENV", "test")
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"))
}
