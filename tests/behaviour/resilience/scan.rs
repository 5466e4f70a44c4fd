//! Scans that go on: past a killed primary, a step-down, a cursor that the server has forgotten.

mod resumed;

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use mongoplex::{Cursor, Databases, Error, bson::doc, error::Failure};
use mongoplex_testing::{FailPoint, Fault};
use tokio::{sync::mpsc, task::JoinSet};

use super::{
    failover::{step_down, three},
    shop::{Line, close, lines, state},
};

const MANY: i64 = 20_000;
const BATCH: u32 = 500;
const SCANS: usize = 24;

async fn fill(databases: &Databases, many: i64) {
    let all: Vec<Line> = (0..many).map(|number| Line { worker: 7, number }).collect();
    for some in all.chunks(5_000) {
        lines(databases).insert_many(some).await.unwrap();
    }
}

/// Reads so many documents and returns their numbers.
async fn read(stream: &mut Cursor<'static, Line>, many: usize) -> Vec<i64> {
    let some: Vec<Line> = stream.take(many).try_collect().await.unwrap();
    assert_eq!(some.len(), many);
    some.into_iter().map(|line| line.number).collect()
}

/// Asserts that it returned each of so many once: they were inserted in the order of their ids.
fn assert_each_once(numbers: &[i64], many: i64) {
    let doubled = numbers.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    assert_eq!((numbers.len() as i64, doubled), (many, 0));
    assert_eq!(numbers.last(), Some(&(many - 1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_ends_a_find_and_costs_a_scan_no_document_and_doubles_none() {
    let (set, databases) = three("scan_kill").await;
    fill(&databases, MANY).await;
    let mut find = lines(&databases).find(doc! {}).batch_size(BATCH);
    find = find.sort(doc! { "_id": 1 });
    let mut find = find.await.unwrap();
    let mut scan = lines(&databases).scan(doc! {}).batch_size(BATCH);
    scan = scan.timeout(Duration::from_secs(30));
    let mut scan = scan.await.unwrap();
    read(&mut find, 2_000).await;
    let mut numbers = read(&mut scan, 2_250).await;

    let node = set.primary().await.unwrap();
    node.kill().await;
    let back = async {
        set.primary().await.unwrap();
        node.restart().await.unwrap();
        set.ready().await.unwrap();
    };
    let (rest, ()) = tokio::join!(read(&mut scan, MANY as usize - 2_250), back);
    numbers.extend(rest);

    assert_each_once(&numbers, MANY);
    assert!(scan.next().await.is_none());
    let lost = find.next().await.unwrap().unwrap_err();
    let Error::Driver { cause, .. } = &lost else {
        panic!("{lost:?}");
    };
    assert!(
        matches!(cause.failure(), Failure::Interrupted | Failure::NotSent),
        "{lost}"
    );
    assert_eq!(state(&databases, "shop").load.in_use, 0);
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_scans_under_way_at_a_kill_all_go_on() {
    let (set, databases) = three("scan_crowd").await;
    let many = 4_000;
    fill(&databases, many).await;
    // Each batch is under way for a while, so that the kill meets most of them in it.
    let fault = Fault::of(["getMore"], "scan_crowd/shop").block(Duration::from_millis(100));
    let slowed = FailPoint::set(&set.uri("admin"), fault.always()).await;
    let mut scans = JoinSet::new();
    let (begun, mut all_begun) = mpsc::channel(SCANS);
    for _ in 0..SCANS {
        let scan = lines(&databases).scan(doc! {}).batch_size(200);
        let (scan, begun) = (scan.timeout(Duration::from_secs(30)), begun.clone());
        scans.spawn(async move {
            let mut scan = scan.await.unwrap();
            let mut numbers = read(&mut scan, 500).await;
            begun.send(()).await.unwrap();
            numbers.extend(read(&mut scan, many as usize - 500).await);
            numbers
        });
    }
    for _ in 0..SCANS {
        all_begun.recv().await.unwrap();
    }

    let node = set.primary().await.unwrap();
    node.kill().await;
    set.primary().await.unwrap();
    node.restart().await.unwrap();

    while let Some(numbers) = scans.join_next().await {
        assert_each_once(&numbers.unwrap(), many);
    }
    drop(slowed);
    assert_eq!(state(&databases, "shop").load.in_use, 0);
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_down_and_a_clean_stop_cost_a_scan_no_document_and_double_none() {
    let (set, databases) = three("scan_step").await;
    fill(&databases, MANY).await;
    let mut scan = lines(&databases).scan(doc! {}).batch_size(BATCH);
    scan = scan.timeout(Duration::from_secs(30));
    let mut scan = scan.await.unwrap();
    let mut numbers = read(&mut scan, 2_250).await;
    let first = set.primary().await.unwrap();

    let (rest, ()) = tokio::join!(read(&mut scan, 4_000), step_down(&set));
    numbers.extend(rest);
    // The cursor is on the node that was the primary, and that one goes now.
    let (rest, ()) = tokio::join!(read(&mut scan, 4_000), first.stop());
    numbers.extend(rest);
    first.restart().await.unwrap();
    numbers.extend(read(&mut scan, MANY as usize - 10_250).await);

    assert_each_once(&numbers, MANY);
    assert!(scan.next().await.is_none());
    close(databases).await;
    set.stop().await;
}
