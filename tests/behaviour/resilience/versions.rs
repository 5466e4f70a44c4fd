//! Versioned changes over HTTP while primaries are killed: none of ours is called stale.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::Router;
use mongoplex_testing::{Nodes, own_set};
use tokio::task::JoinSet;

use super::failover::{SETTINGS, WRITERS, kill_three_times};
use crate::house::{House, PATIENCE, send};

const TENANT: (&str, &str) = ("x-tenant-id", "acme");

#[derive(Debug, Default)]
struct Tally {
    changed: u64,
    unknown: u64,
    /// Answers that there should be none of, as status and type.
    wrong: Vec<String>,
}

/// Changes one client again and again, each time the version that it saw last.
async fn change(server: Router, worker: i64, stop: Arc<AtomicBool>) -> Tally {
    let body = format!("{{\"clientCode\":\"C-{worker}\",\"companyName\":\"0\"}}");
    let made = send(&server, "POST /api/v1/clients", &[TENANT], &body).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let path = format!("/api/v1/clients/{}", made.body["id"].as_str().unwrap());
    let (mut version, mut tally) = (1, Tally::default());
    while !stop.load(Ordering::Relaxed) && tally.wrong.len() < 10 {
        let tag = format!("\"{version}\"");
        let body = format!("{{\"companyName\":\"{version}\"}}");
        let headers = [TENANT, ("if-match", tag.as_str())];
        let answer = send(&server, &format!("PATCH {path}"), &headers, &body).await;
        match answer.status.as_u16() {
            200 => {
                version += 1;
                assert_eq!(answer.body["companyName"], (version - 1).to_string());
                tally.changed += 1;
            }
            503 | 504 => {
                tally.unknown += 1;
                version = seen(&server, &path).await;
            }
            status => tally
                .wrong
                .push(format!("{status} {}", answer.body["type"])),
        }
    }
    assert!(seen(&server, &path).await > i64::try_from(tally.changed).unwrap());
    tally
}

/// Returns the version that a client has, as soon as somebody can tell.
async fn seen(server: &Router, path: &str) -> i64 {
    let started = std::time::Instant::now();
    while started.elapsed() < PATIENCE {
        let answer = send(server, &format!("GET {path}"), &[TENANT], "").await;
        if answer.status == 200 {
            return answer.header("etag").trim_matches('"').parse().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} was not read within {PATIENCE:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_of_ours_is_called_stale_when_its_primary_is_killed() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "versions_kill", &SETTINGS).await;
    house.tenant("acme").await;
    let (server, stop) = (house.clients_server(), Arc::new(AtomicBool::new(false)));
    let mut writers = JoinSet::new();
    for worker in 0..WRITERS {
        writers.spawn(change(server.clone(), worker, stop.clone()));
    }

    kill_three_times(&set).await;
    stop.store(true, Ordering::Relaxed);

    let (mut changed, mut unknown) = (0, 0);
    while let Some(tally) = writers.join_next().await {
        let tally = tally.unwrap();
        assert!(tally.wrong.is_empty(), "{:?}", tally.wrong);
        (changed, unknown) = (changed + tally.changed, unknown + tally.unknown);
    }
    assert!(changed > 100, "{changed} changes, {unknown} unknown");
    house.close().await;
    set.stop().await;
}
