//! A shutdown with requests in flight and dashboards open: everybody is answered, and told that it ends.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use mongoplex_testing::{FailPoint, Fault, Nodes, Signal, TestDatabases, http, own_set};

use crate::house::{ACME, MONGOPLEX, Ports, eventually, project, up};

const REQUESTS: usize = 50;
const STREAMS: usize = 10;

/// Reads a stream to its end.
fn follow(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let request = format!("GET /monitor/stream HTTP/1.1\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn load(address: SocketAddr) -> serde_json::Value {
    let answer = http(address, "GET /monitor/snapshot", &[], "").unwrap();
    let snapshot: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let databases = snapshot["databases"].as_array().unwrap();
    let customer = databases.iter().find(|one| one["name"] == "customer");
    customer.unwrap()["bulkhead"]["inUse"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_and_ten_streams_end_well_within_the_grace() {
    let set = own_set(Nodes::One).await;
    let names = TestDatabases::on(&set, "drain");
    let (project, ports) = (project(), Ports::free());
    let mut command = ports.up(&project);
    command
        .arg("--sync")
        .env("MONGOPLEX_ENV", "test")
        .env("DB_MAX_POOL_SIZE", "60")
        .env("DB_READ_DEADLINE", "20s")
        .env("DB_SCAN_DEADLINE", "20s")
        .env("DB_TENANT_SHARE", "100")
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"));
    let (mut program, _) = up(&mut command);
    let mut tenants = project.command(MONGOPLEX);
    tenants
        .args(["tenants", "create", "acme"])
        .env("MONGOPLEX_ENV", "test")
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"));
    assert_eq!(mongoplex_testing::Program::run(&mut tenants).0, Some(0));
    let customer = "insightserenity/customer";
    let fault = Fault::of(["find"], customer)
        .block(Duration::from_secs(2))
        .always();
    let slow = FailPoint::set(&names.uri("admin"), fault).await;
    let address = ports.customer;

    let get = move || http(address, "GET /api/v1/clients", &[ACME], "").unwrap();
    let requests: Vec<_> = (0..REQUESTS).map(|_| thread::spawn(get)).collect();
    let streams: Vec<_> = (0..STREAMS)
        .map(|_| thread::spawn(move || follow(address)))
        .collect();
    eventually("all are in flight", || load(address) == REQUESTS);
    let stopped = Instant::now();
    program.signal(Signal::TERM);
    let answers: Vec<_> = requests
        .into_iter()
        .map(|one| one.join().unwrap())
        .collect();
    let texts: Vec<_> = streams.into_iter().map(|one| one.join().unwrap()).collect();
    let (status, output) = program.end();

    let codes: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(codes, [200; REQUESTS], "{output}");
    for text in texts {
        assert!(text.contains("event: snapshot"), "{text}");
        let end = text.rfind("event: drain").expect("told that it ends");
        assert!(text[end..].contains("data: {}"), "{text}");
    }
    assert_eq!(status.code(), Some(0), "{output}");
    assert!(output.contains("all calls had ended"), "{output}");
    assert!(stopped.elapsed() < Duration::from_secs(10), "the grace");
    assert!(TcpStream::connect(address).is_err(), "its port is free");
    assert!(slow.off().await >= REQUESTS as u64);
    set.stop().await;
}
