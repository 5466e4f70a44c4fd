//! A running house in a folder of its own.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use mongoplex_testing::{Program, Project, Response, free_port, http};
use serde_json::Value;

pub(crate) const MONGOPLEX: &str = env!("CARGO_BIN_EXE_mongoplex");
pub(crate) const ACME: &str = "X-Tenant-ID: acme";

pub(crate) fn project() -> Project {
    Project::new(env!("CARGO_TARGET_TMPDIR"))
}

/// Addresses of both servers that were free a moment ago.
pub(crate) struct Ports {
    pub(crate) admin: SocketAddr,
    pub(crate) customer: SocketAddr,
}

impl Ports {
    pub(crate) fn free() -> Self {
        let address = || SocketAddr::from(([127, 0, 0, 1], free_port()));
        Self {
            admin: address(),
            customer: address(),
        }
    }

    /// Returns `mongoplex up` on these ports.
    pub(crate) fn up(&self, project: &Project) -> Command {
        let mut command = project.command(MONGOPLEX);
        command.args(["up", "--json"]);
        command.args(["--set", &format!("ADMIN_SERVER_ADDRESS={}", self.admin)]);
        command.args([
            "--set",
            &format!("CUSTOMER_SERVICES_ADDRESS={}", self.customer),
        ]);
        command
    }
}

/// Starts a house and waits until it says that it is up.
pub(crate) fn up(command: &mut Command) -> (Program, Value) {
    let mut program = Program::start(command);
    let line = program.line("\"servers\":");
    let told = serde_json::from_str(&line).unwrap();
    (program, told)
}

pub(crate) fn create(address: SocketAddr, code: &str) -> std::io::Result<Response> {
    let body = format!(r#"{{"clientCode":"{code}","companyName":"Acme Ltd"}}"#);
    http(address, "POST /api/v1/clients", &[ACME], &body)
}

/// What the codes of demo clients begin with, which `up` writes in development.
pub(crate) const DEMO: &str = "DEMO-";

/// Returns the codes of all clients of `acme`, without the demo's.
pub(crate) fn codes(address: SocketAddr) -> Vec<String> {
    let (mut codes, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = http(
            address,
            &format!("GET /api/v1/clients?limit=100{cursor}"),
            &[ACME],
            "",
        )
        .unwrap();
        let page: Value = serde_json::from_str(&page.body).unwrap();
        let items = page["items"].as_array().unwrap();
        codes.extend(
            items
                .iter()
                .map(|item| item["clientCode"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else {
            codes.retain(|code: &String| !code.starts_with(DEMO));
            return codes;
        };
        cursor = format!("&after={next}");
    }
}

/// Returns the processes whose command line names a folder: the mongods of its private set.
pub(crate) fn mongods(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        (line.contains("--dbpath") && line.contains(folder)).then_some(line)
    });
    lines.collect()
}

/// Waits until something holds.
pub(crate) fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let started = Instant::now();
    while !check() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}
