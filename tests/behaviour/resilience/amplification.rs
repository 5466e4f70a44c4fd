//! What retries add to a deployment that fails, as the server counts it: 500 calls a second for 5 s, looked
//! at after the first 2 s. benches/amplification.rs does the same for longer.

use std::time::Duration;

use mongoplex::{Force, bson::doc, mongodb::Client};
use mongoplex_testing::{FailPoint, Fault, Nodes, own_set, raw};
use tokio::{task::JoinSet, time::interval};

use super::shop::{close, lines, open_at, state};

const PACE: Duration = Duration::from_millis(2);
const SETTLING: u64 = 1_000;
const COUNTED: u64 = 1_500;

/// 89 NetworkTimeout: the driver tries once more by itself, and keeps its server.
const GONE: (i32, &[&str]) = (89, &[]);
/// 462: only the guard tries again.
const BUSY: (i32, &[&str]) = (462, &["SystemOverloadedError", "RetryableError"]);

/// Returns how many requests the server has received: those that a fail point answers are in no other
/// counter of it, and heartbeats are among them.
async fn requests(outside: &Client) -> u64 {
    let admin = outside.database("admin");
    let status = admin.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let network = status.get_document("network").unwrap();
    network.get_i64("numRequests").unwrap() as u64
}

/// Returns how many requests arrive for [`COUNTED`] calls each of which is answered so.
async fn arrived(name: &str, answer: (i32, &[&str]), force: Option<Force>, options: &str) -> u64 {
    let set = own_set(Nodes::One).await;
    let at = |database: &str| format!("{}{options}", set.uri(database));
    let databases = open_at(name, at, &[("DB_MAX_POOL_SIZE", "50")]).await;
    force.map(|force| databases.force_circuit("shop", force));
    let fault = Fault::of(["find"], &format!("{name}/shop"));
    let fault = fault.error(answer.0, answer.1.iter().copied()).always();
    let point = FailPoint::set(&set.uri("admin"), fault).await;
    let outside = raw(&set.uri("admin")).await;
    let (lines, mut calls, mut pace) = (lines(&databases), JoinSet::new(), interval(PACE));
    let mut offer = async |calls: &mut JoinSet<()>, count: u64| {
        for _ in 0..count {
            pace.tick().await;
            let lines = lines.clone();
            calls.spawn(async move { assert!(lines.find_one(doc! {}).await.is_err()) });
        }
    };

    offer(&mut calls, SETTLING).await;
    let before = requests(&outside).await;
    offer(&mut calls, COUNTED).await;
    calls.join_all().await;
    let arrived = requests(&outside).await - before;

    assert!(point.off().await > 0, "no call met the fault");
    assert!(state(&databases, "shop").retries > 0, "none was sent again");
    close(databases).await;
    set.stop().await;
    arrived
}

fn at_most(limit: f64, arrived: u64) {
    let ratio = arrived as f64 / COUNTED as f64;
    assert!(ratio <= limit, "{ratio} requests per call, at most {limit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_deployment_that_is_gone_the_circuit_keeps_nearly_all_away() {
    at_most(0.25, arrived("amplified", GONE, None, "").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_circuit_the_budget_keeps_requests_at_a_quarter_more_than_calls() {
    let disabled = Some(Force::Disable);

    at_most(1.25, arrived("amplified_busy", BUSY, disabled, "").await);
    let once = "&retryReads=false";
    at_most(1.25, arrived("amplified_once", GONE, disabled, once).await);
}

/// The driver's own second try of a read is in no budget: twice the calls, and hardly more by ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_driver_doubles_without_a_circuit_the_budget_lets_grow_no_further() {
    let disabled = Some(Force::Disable);

    at_most(2.25, arrived("amplified_twice", GONE, disabled, "").await);
}
