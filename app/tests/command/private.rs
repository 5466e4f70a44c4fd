//! `up` on a private MongoDB: data kept, nothing left behind.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use mongoplex::{
    bson::{Document, doc},
    mongodb,
};
use mongoplex_testing::{Program, Signal, http, send_signal};

use crate::house::{DEMO, MONGOPLEX, Ports, codes, create, eventually, mongods, project, up};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_seen_by_a_driver_where_it_belongs() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, told) = up(&mut ports.up(&project));
    assert_eq!(told["environment"], "development");
    assert_eq!(told["missing"], serde_json::json!([]));
    let seeded = told["done"].as_str().unwrap();
    assert!(seeded.starts_with("seeds: "), "{seeded}");
    let created = create(ports.customer, "C-1").unwrap();
    assert_eq!(created.status, 201, "{created:?}");

    let database = &told["databases"][1];
    let (host, set) = (
        database["hosts"][0].as_str().unwrap(),
        database["set"].as_str().unwrap(),
    );
    let client = mongoplex_testing::raw(&format!("mongodb://{host}/?replicaSet={set}")).await;
    let found = find(&client, "insightserenity_customer__acme").await;
    assert_eq!(found, ["C-1"]);
    assert_eq!(
        find(&client, "insightserenity_customer__globex").await,
        Vec::<String>::new()
    );

    // A second terminal uses the same set, and the running servers see what it made.
    let (code, output) = Program::run(
        project
            .command(MONGOPLEX)
            .args(["tenants", "create", "third"]),
    );
    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.contains("the private MongoDB that runs already"),
        "{output}"
    );
    let (_, output) = Program::run(
        project
            .command(MONGOPLEX)
            .args(["tenants", "list", "--json"]),
    );
    assert_eq!(output.matches("\"active\"").count(), 3, "{output}");
    let third = http(
        ports.customer,
        "GET /api/v1/clients",
        &["X-Tenant-ID: third"],
        "",
    )
    .unwrap();
    assert_eq!(third.status, 200, "{third:?}");

    program.signal(Signal::TERM);
    let (status, output) = program.end();
    assert_eq!(status.code(), Some(0), "{output}");
    assert_eq!(mongods(project.path()), Vec::<String>::new());
}

async fn find(client: &mongodb::Client, database: &str) -> Vec<String> {
    let clients = client.database(database).collection::<Document>("clients");
    let no_demo = doc! { "clientCode": { "$not": { "$regex": format!("^{DEMO}") } } };
    let mut found = clients.find(no_demo).await.unwrap();
    let mut codes = Vec::new();
    while found.advance().await.unwrap() {
        codes.push(
            found
                .deserialize_current()
                .unwrap()
                .get_str("clientCode")
                .unwrap()
                .to_owned(),
        );
    }
    codes
}

#[test]
fn after_a_kill_no_mongod_stays_and_the_next_up_has_the_data() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, _) = up(&mut ports.up(&project));
    assert_eq!(create(ports.customer, "C-1").unwrap().status, 201);
    assert_eq!(mongods(project.path()).len(), 1);

    program.signal(Signal::KILL);
    program.end();
    eventually("no mongod stays", || mongods(project.path()).is_empty());

    let (mut program, _) = up(&mut ports.up(&project));
    assert_eq!(codes(ports.customer), ["C-1"]);
    program.signal(Signal::INT);
    assert_eq!(program.end().0.code(), Some(0));
}

#[test]
fn a_mongod_that_was_killed_is_started_again() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, _) = up(&mut ports.up(&project));
    assert_eq!(create(ports.customer, "C-1").unwrap().status, 201);
    let before = mongod_pid(project.path());

    send_signal(before, Signal::KILL);
    program.line("the private mongod has ended by itself");
    program.line("runs again, with all its data");

    assert_ne!(mongod_pid(project.path()), before);
    let again =
        || create(ports.customer, "C-2").is_ok_and(|answer| [201, 409].contains(&answer.status));
    eventually("its clients go on", again);
    assert_eq!(codes(ports.customer), ["C-1", "C-2"]);
    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));
    assert_eq!(mongods(project.path()), Vec::<String>::new());
}

/// Returns the process that mongod's own lock file names.
fn mongod_pid(folder: &Path) -> i32 {
    let lock = folder.join(".mongoplex/node-0/data/mongod.lock");
    fs::read_to_string(lock).unwrap().trim().parse().unwrap()
}

#[test]
fn a_port_that_was_taken_in_between_is_replaced_and_the_data_is_there() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, _) = up(&mut ports.up(&project));
    assert_eq!(create(ports.customer, "C-1").unwrap().status, 201);
    program.signal(Signal::TERM);
    program.end();
    let port = fs::read_to_string(project.path().join(".mongoplex/node-0/port")).unwrap();
    let port: u16 = port.trim().parse().unwrap();
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();

    let (mut program, told) = up(&mut ports.up(&project));

    assert_ne!(
        told["databases"][0]["hosts"][0],
        format!("127.0.0.1:{port}")
    );
    assert_eq!(codes(ports.customer), ["C-1"]);
    program.signal(Signal::TERM);
    program.end();
}

#[test]
fn what_was_acknowledged_while_it_went_down_is_there() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, _) = up(&mut ports.up(&project));
    let number = AtomicUsize::new(0);
    let write = || {
        let mut acknowledged = Vec::new();
        loop {
            let number = number.fetch_add(1, Ordering::Relaxed);
            if number >= 100_000 {
                return acknowledged;
            }
            let code = format!("C-{number}");
            match create(ports.customer, &code) {
                Ok(answer) if answer.status == 201 => acknowledged.push(code),
                Ok(answer) => assert_eq!(answer.status, 503, "{answer:?}"),
                Err(_) => return acknowledged,
            }
        }
    };

    let acknowledged: Vec<String> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(write)).collect();
        eventually("writes are under way", || {
            number.load(Ordering::Relaxed) > 1000
        });
        program.signal(Signal::TERM);
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect()
    });
    let (status, output) = program.end();
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(
        (100..100_000).contains(&acknowledged.len()),
        "stopped in the middle: {}",
        acknowledged.len()
    );

    let (mut program, _) = up(&mut ports.up(&project));
    let stored = codes(ports.customer);
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|code| !stored.contains(code))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    program.signal(Signal::TERM);
    program.end();
}

#[test]
fn a_command_alone_runs_the_set_for_its_own_duration() {
    let project = project();

    let (code, output) = Program::run(
        project
            .command(MONGOPLEX)
            .args(["tenants", "create", "acme", "--json"]),
    );

    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("using private MongoDB"), "{output}");
    assert_eq!(mongods(project.path()), Vec::<String>::new());
    let (_, output) = Program::run(
        project
            .command(MONGOPLEX)
            .args(["tenants", "create", "acme"]),
    );
    assert!(output.contains("existed"), "{output}");
    let (code, output) = Program::run(
        project
            .command(MONGOPLEX)
            .args(["tenants", "create", "acme", "--name", "x"]),
    );
    assert_eq!(code, Some(1), "{output}");
}

#[test]
fn the_folder_of_the_private_set_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let project = project();
    let (code, output) = Program::run(project.command(MONGOPLEX).args(["tenants", "list"]));
    assert_eq!(code, Some(0), "{output}");

    let mode = std::fs::metadata(project.path().join(".mongoplex"))
        .unwrap()
        .permissions()
        .mode();

    assert_eq!(mode & 0o777, 0o700);
}
