//! Other servers on one's own page: what is relayed, and what becomes of a peer that goes and comes back.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, body::Body, http::StatusCode, routing::get};
use mongoplex_server::{Server, bind, run};
use mongoplex_testing::free_port;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};

use crate::house::{House, PATIENCE, config, send};

/// A server that runs until it is stopped.
struct Running {
    tasks: JoinSet<()>,
    stop: oneshot::Sender<()>,
    address: SocketAddr,
}

impl Running {
    async fn start(house: &House, name: &'static str, port: u16, peers: &str) -> Self {
        let config = config(&house.names, &[("MONITOR_PEERS", peers)]);
        let server = Server::new(name, port, |_| Ok(Router::new()));
        let bound = bind(&[server], &config).await.unwrap();
        let address = bound[0].address();
        let (stop, stopped) = oneshot::channel();
        let databases = house.databases.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            run(bound, &databases, &config, stopped).await.unwrap();
        });
        Self {
            tasks,
            stop,
            address,
        }
    }

    async fn stop(mut self) {
        self.stop.send(()).unwrap();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// One who reads server-sent events.
struct Reader {
    lines: Lines<BufReader<OwnedReadHalf>>,
    _write: OwnedWriteHalf,
}

impl Reader {
    async fn open(address: SocketAddr, path: &str) -> Self {
        let (read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        write.write_all(request.as_bytes()).await.unwrap();
        Self {
            lines: BufReader::new(read).lines(),
            _write: write,
        }
    }

    /// Returns the next event's name and data; nothing at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await.unwrap();
            let line = line.ok().flatten()?;
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data).unwrap()));
            }
            if line == "0" {
                return None;
            }
        }
    }

    /// Returns the data of the next event of a name, and the names of those before it.
    async fn until(&mut self, name: &str) -> (Value, Vec<String>) {
        let mut before = Vec::new();
        loop {
            let (next, data) = self.next().await.unwrap();
            if next == name {
                return (data, before);
            }
            before.push(next);
        }
    }
}

fn port_of(text: &str, port: u16) -> String {
    text.replace("PORT", &port.to_string())
}

#[tokio::test]
async fn a_peer_that_goes_and_comes_back_is_told_on_its_stream() {
    let house = House::new("peers_stream").await;
    let port = free_port();
    let peers = port_of(
        "first=http://127.0.0.1:1, second=http://127.0.0.1:PORT",
        port,
    );
    let first = Running::start(&house, "first", 0, &peers).await;
    let mut reader = Reader::open(first.address, "/monitor/peers/second/stream").await;

    // It is not there yet.
    let (event, data) = reader.next().await.unwrap();
    assert_eq!(event, "unreachable");
    assert_eq!(data, json!({ "message": "`second`: it cannot be reached" }));

    let second = Running::start(&house, "second", port, "").await;
    let (snapshot, before) = reader.until("snapshot").await;
    assert_eq!(snapshot["server"]["name"], "second");
    assert!(
        before.iter().all(|event| event == "unreachable"),
        "{before:?}"
    );
    let (_, before) = reader.until("snapshot").await;
    assert_eq!(before, [""; 0], "each second one");

    second.stop().await;
    let (data, before) = reader.until("unreachable").await;
    assert_eq!(data, json!({ "message": "`second`: it is going down" }));
    assert!(before.iter().all(|event| event == "snapshot"), "{before:?}");

    let second = Running::start(&house, "second", port, "").await;
    let (snapshot, before) = reader.until("snapshot").await;
    assert_eq!(snapshot["server"]["name"], "second");
    assert!(
        before.iter().all(|event| event == "unreachable"),
        "{before:?}"
    );

    // Who relays goes down: its readers hear it, whatever its peers do.
    first.stop().await;
    let (data, before) = reader.until("drain").await;
    assert_eq!(data, json!({}));
    assert!(before.iter().all(|event| event == "snapshot"), "{before:?}");
    assert_eq!(reader.next().await, None);
    second.stop().await;
    house.close().await;
}

#[tokio::test]
async fn a_peers_routes_are_relayed_and_nothing_else_is() {
    let house = House::new("peers_routes").await;
    let second = Running::start(&house, "second", 0, "").await;
    let peers = port_of("second=http://localhost:PORT", second.address.port());
    let peers = format!("{peers}, first=http://127.0.0.1:1");
    let config = config(&house.names, &[("MONITOR_PEERS", &peers)]);
    let server = Server::new("first", 0, |_| Ok(Router::new()));
    let first = server.router(&house.databases, &config).unwrap();

    let servers = send(&first, "GET /monitor/servers", &[], "").await;
    let expected = json!({ "servers": [
        { "name": "first", "path": "/monitor" },
        { "name": "second", "path": "/monitor/peers/second" },
    ] });
    assert_eq!(servers.body, expected, "itself is no peer of it");

    let of = async |path: &str| send(&first, &format!("GET /monitor/peers/{path}"), &[], "").await;
    let snapshot = of("second/snapshot").await;
    assert_eq!(snapshot.status, 200);
    assert_eq!(snapshot.header("content-type"), "application/json");
    assert_eq!(snapshot.body["server"]["name"], "second");
    assert!(of("second/history").await.body["databases"].is_object());
    assert_eq!(of("second/alerts").await.body, json!({ "alerts": [] }));

    let later = of("second/history?since=2100-01-01T00:00:00Z").await.body;
    let points = later["databases"]["customer"].as_array().cloned();
    assert_eq!(points.unwrap_or_default(), [Value::Null; 0], "{later}");
    for path in [
        "second/history?from=1",
        "second/snapshot?a=b",
        "second/stream?a=b",
    ] {
        assert_eq!(of(path).await.status, 400, "{path}");
    }

    for path in [
        "first/snapshot",
        "other/snapshot",
        "other/stream",
        "second/servers",
        "second/metrics",
        "second/..%2F..%2Fops%2Fguards",
        "second/snapshot%3Fa=b",
        "127.0.0.1:27017/snapshot",
    ] {
        assert_eq!(of(path).await.status, 404, "{path}");
    }
    let changed = send(&first, "POST /monitor/peers/second/snapshot", &[], "").await;
    assert_eq!(changed.status, 405);
    second.stop().await;
    house.close().await;
}

/// A peer that is none of ours, or ill: too large, too late, an error, a cut.
#[tokio::test]
async fn what_a_peer_answers_is_bounded_in_size_and_time() {
    let stub = Router::new()
        .route(
            "/monitor/snapshot",
            get(async || vec![b' '; 9 * 1024 * 1024]),
        )
        .route("/monitor/history", get(async || StatusCode::NOT_FOUND))
        .route("/monitor/slow", get(std::future::pending::<()>))
        .route(
            "/monitor/alerts",
            get(async || (StatusCode::FOUND, [("location", "/monitor/history")])),
        )
        .route(
            "/monitor/stream",
            get(async || Body::from("event: snapshot\ndata: {}\n\n")),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, stub).await.unwrap() });
    let house = House::new("peers_bounds").await;
    let gone = free_port();
    let peers = format!("ill=http://{address}, gone=http://127.0.0.1:{gone}");
    let first = Running::start(&house, "first", 0, &peers).await;
    let ask = async |path: &str| {
        let (address, line) = (first.address, format!("GET /monitor/peers/{path}"));
        let asking = move || mongoplex_testing::http(address, &line, &[], "").unwrap();
        let answer = tokio::task::spawn_blocking(asking).await.unwrap();
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        (answer.status, body["detail"].as_str().unwrap().to_owned())
    };

    let large = "`ill`: its answer broke off, or is larger than 8 MB".to_owned();
    assert_eq!(ask("ill/snapshot").await, (502, large));
    assert_eq!(
        ask("ill/history").await,
        (502, "`ill`: it answered 404".into())
    );
    assert_eq!(
        ask("ill/alerts").await,
        (502, "`ill`: it answered 302".into())
    );
    let late = "`ill`: it did not answer in time".to_owned();
    assert_eq!(ask("ill/slow").await, (504, late));
    assert_eq!(
        ask("gone/snapshot").await,
        (502, "`gone`: it cannot be reached".into())
    );
    let mut reader = Reader::open(first.address, "/monitor/peers/ill/stream").await;
    assert_eq!(reader.next().await.unwrap().0, "snapshot");
    let (event, data) = reader.next().await.unwrap();
    let ended = json!({ "message": "`ill`: its stream ended" });
    assert_eq!((event.as_str(), data), ("unreachable", ended));

    // Each reader has a stream of its own, so many and no more; one that goes makes room.
    let mut readers = Vec::new();
    for _ in 0..15 {
        let mut reader = Reader::open(first.address, "/monitor/peers/ill/stream").await;
        reader.next().await.unwrap();
        readers.push(reader);
    }
    let (status, _) = ask("ill/stream").await;
    assert_eq!(status, 503);
    drop(readers);
    let room = async || {
        let mut reader = Reader::open(first.address, "/monitor/peers/ill/stream").await;
        let event = timeout(Duration::from_secs(1), reader.next()).await;
        matches!(event, Ok(Some((name, _))) if name == "snapshot")
    };
    crate::house::eventually("there is room", room).await;
    first.stop().await;
    house.close().await;
}
