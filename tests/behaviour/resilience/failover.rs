//! Elections under load: a primary that steps down, and one that is killed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mongoplex::{
    Collection, Databases, Error,
    bson::{Bson, doc},
};
use mongoplex_testing::{Nodes, OwnSet, own_set, raw};
use tokio::task::JoinSet;

use super::shop::{Line, close, lines, open_at, state, stored};

pub(super) const WRITERS: i64 = 16;

/// A pool as in production, and ten times the patience: an election takes a second or two here, and on
/// a busy machine longer.
pub(super) const SETTINGS: [(&str, &str); 4] = [
    ("DB_MAX_POOL_SIZE", "50"),
    ("DB_READ_DEADLINE", "20s"),
    ("DB_WRITE_DEADLINE", "30s"),
    ("DB_OUTAGE_GRACE", "20s"),
];

/// What a writer met.
#[derive(Debug, Default)]
struct Tally {
    done: Vec<(i64, i64)>,
    ambiguous: u32,
    failed: Vec<String>,
}

impl Tally {
    fn note(&mut self, what: (i64, i64), answer: Result<(), Error>) {
        match answer {
            Ok(()) => self.done.push(what),
            Err(error) if error.is_ambiguous() => self.ambiguous += 1,
            Err(error) => self.failed.push(error.to_string()),
        }
    }

    fn add(&mut self, other: Self) {
        self.done.extend(other.done);
        self.ambiguous += other.ambiguous;
        self.failed.extend(other.failed);
    }
}

/// Calls that go on until they are stopped.
struct Load {
    stop: Arc<AtomicBool>,
    writers: JoinSet<Tally>,
}

impl Load {
    fn start<F>(call: impl Fn(i64, i64) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = Result<(), Error>> + Send,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for worker in 0..WRITERS {
            let (stop, call) = (stop.clone(), call.clone());
            writers.spawn(async move {
                let mut tally = Tally::default();
                for number in 0.. {
                    // Failures come at once: without an end they would fill the memory.
                    if stop.load(Ordering::Relaxed) || tally.failed.len() > 20 {
                        break;
                    }
                    tally.note((worker, number), call(worker, number).await);
                }
                tally
            });
        }
        Self { stop, writers }
    }

    async fn end(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        while let Some(tally) = self.writers.join_next().await {
            all.add(tally.unwrap());
        }
        all
    }
}

pub(super) async fn three(name: &str) -> (OwnSet, Databases) {
    let set = own_set(Nodes::Three).await;
    let databases = open_at(name, |database| set.uri(database), &SETTINGS).await;
    (set, databases)
}

/// Kills the primary three times; each time the load goes on until another one is found and the dead
/// one is back.
pub(super) async fn kill_three_times(set: &OwnSet) {
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let node = set.primary().await.unwrap();
        node.kill().await;
        set.primary().await.unwrap();
        node.restart().await.unwrap();
        set.ready().await.unwrap();
    }
}

pub(super) async fn step_down(set: &OwnSet) {
    let client = raw(&set.uri("admin")).await;
    let command = doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 3 };
    // Its own connection may be closed over it.
    let _ = client.database("admin").run_command(command).await;
    client.shutdown().immediate(true).await;
}

fn insert(
    lines: Collection<Line>,
) -> impl Fn(i64, i64) -> futures_util::future::BoxFuture<'static, Result<(), Error>> + Clone + Send
{
    move |worker, number| {
        let inserted = lines.insert_one(Line { worker, number });
        Box::pin(async move { inserted.await.map(drop) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_fails_no_insert_and_doubles_none() {
    let (set, databases) = three("failover_kill").await;
    let load = Load::start(insert(lines(&databases)));

    kill_three_times(&set).await;
    let tally = load.end().await;

    assert_eq!((tally.failed.as_slice(), tally.ambiguous), (&[][..], 0));
    assert!(tally.done.len() > 100, "{} inserts", tally.done.len());
    let found = stored(&set.uri("shop")).await;
    assert!(found.values().all(|times| *times == 1), "some are doubled");
    assert_eq!(found.len(), tally.done.len());
    assert!(tally.done.iter().all(|line| found.contains_key(line)));
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_primary_doubles_no_count_and_what_is_unknown_is_said() {
    let (set, databases) = three("failover_inc").await;
    let lines = lines(&databases);
    let mut ids = Vec::new();
    for worker in 0..WRITERS {
        let inserted = lines.insert_one(Line { worker, number: 0 }).await.unwrap();
        ids.push(inserted.inserted_id);
    }
    let (counted, ids) = (lines.clone(), Arc::new(ids));
    let own = ids.clone();
    let load = Load::start(move |worker, _| {
        let id: Bson = own[worker as usize].clone();
        let update = counted.update_by_id(id, doc! { "$inc": { "number": 1_i64 } });
        async move { update.await.map(drop) }
    });

    kill_three_times(&set).await;
    let tally = load.end().await;

    assert!(tally.failed.is_empty(), "{:?}", tally.failed);
    let mut counted = 0;
    for id in ids.iter() {
        counted += lines.find_by_id(id.clone()).await.unwrap().unwrap().number;
    }
    let (done, unknown) = (tally.done.len() as i64, i64::from(tally.ambiguous));
    assert!(counted >= done, "{counted} counted, {done} acknowledged");
    assert!(
        counted <= done + unknown,
        "{counted} counted, {done} acknowledged, {unknown} unknown"
    );
    close(databases).await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_step_downs_fail_nothing() {
    let (set, databases) = three("failover_step").await;
    let lines = lines(&databases);
    let inserted = Load::start(insert(lines.clone()));
    let read = Load::start(move |worker, _| {
        let found = lines.find_one(doc! { "worker": worker });
        async move { found.await.map(drop) }
    });

    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        step_down(&set).await;
        set.primary().await.unwrap();
    }
    let (inserted, read) = (inserted.end().await, read.end().await);

    assert_eq!(
        (inserted.failed.as_slice(), inserted.ambiguous),
        (&[][..], 0)
    );
    assert!(read.failed.is_empty(), "{:?}", read.failed);
    assert_eq!(stored(&set.uri("shop")).await.len(), inserted.done.len());
    assert_eq!(state(&databases, "shop").load.in_use, 0);
    close(databases).await;
    set.stop().await;
}
