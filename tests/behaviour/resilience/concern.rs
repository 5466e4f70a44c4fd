//! Write concerns that are not met: what is applied, and on too few servers to last.

use std::time::{Duration, Instant};

use mongoplex::{
    Databases, Error,
    bson::doc,
    mongodb::{
        Client,
        options::{Acknowledgment, InsertManyOptions, InsertOneOptions, WriteConcern},
    },
};
use mongoplex_testing::{Nodes, OwnSet, Proxy, own_set, raw};

use super::shop::{Line, close, lines, open_at, state, stored};

const LATE: Duration = Duration::from_millis(300);

/// A set whose secondaries can be stopped from taking writes, its primary behind a proxy.
struct Scene {
    set: OwnSet,
    proxy: Proxy,
    databases: Databases,
    secondaries: Vec<Client>,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let set = own_set(Nodes::Three).await;
        let primary = set.primary().await.unwrap().address();
        let proxy = Proxy::start(&primary).await;
        let settings = [("DB_WRITE_DEADLINE", "20s")];
        let databases = open_at(name, |database| proxy.uri(database), &settings).await;
        let mut secondaries = Vec::new();
        for node in set.nodes().iter().filter(|node| node.address() != primary) {
            secondaries.push(raw(&node.uri("admin")).await);
        }
        Self {
            set,
            proxy,
            databases,
            secondaries,
        }
    }

    async fn each_secondary(&self, command: mongoplex::bson::Document) {
        for client in &self.secondaries {
            let admin = client.database("admin");
            admin.run_command(command.clone()).await.unwrap();
        }
    }

    /// Lets the secondaries take no writes; they go on voting.
    async fn lock(&self) {
        self.each_secondary(doc! { "fsync": 1, "lock": true }).await;
    }

    async fn unlock(&self) {
        self.each_secondary(doc! { "fsyncUnlock": 1 }).await;
    }

    fn lose(&self) {
        self.proxy.drop_replies(b"\x02insert\0", 2);
    }

    async fn end(self) {
        close(self.databases).await;
        for client in self.secondaries {
            client.shutdown().immediate(true).await;
        }
        self.proxy.stop().await;
        self.set.stop().await;
    }
}

fn line(number: i64) -> Line {
    Line { worker: 0, number }
}

/// The concern of an insert: a majority in a short time, or the primary alone.
fn majority() -> WriteConcern {
    let concern = WriteConcern::builder().w(Acknowledgment::Majority);
    concern.w_timeout(LATE).build()
}

fn one(concern: WriteConcern) -> InsertOneOptions {
    InsertOneOptions::builder().write_concern(concern).build()
}

fn many(concern: WriteConcern) -> InsertManyOptions {
    InsertManyOptions::builder().write_concern(concern).build()
}

#[tokio::test]
async fn a_concern_that_is_not_met_in_its_time_is_in_doubt_and_not_sent_again() {
    let scene = Scene::new("concern_late").await;
    let lines = lines(&scene.databases);
    lines.insert_one(line(0)).await.unwrap();
    scene.lock().await;

    let started = Instant::now();
    let inserted = lines
        .insert_one(line(1))
        .with_options(one(majority()))
        .await;
    let elapsed = started.elapsed();
    let several = lines.insert_many([line(2), line(3)]);
    let several = several.with_options(many(majority())).await;

    assert!(
        matches!(inserted, Err(Error::Ambiguous { .. })),
        "{inserted:?}"
    );
    assert!(
        matches!(several, Err(Error::Ambiguous { .. })),
        "{several:?}"
    );
    assert!(elapsed >= LATE, "{elapsed:?}");
    assert_eq!(state(&scene.databases, "shop").retries, 0);
    scene.unlock().await;
    scene.end().await;
}

#[tokio::test]
async fn an_insert_that_meets_itself_is_acknowledged_only_as_far_as_its_concern() {
    let scene = Scene::new("concern_insert").await;
    let lines = lines(&scene.databases);
    lines.insert_one(line(0)).await.unwrap();
    scene.lock().await;

    scene.lose();
    let few = lines
        .insert_one(line(1))
        .with_options(one(majority()))
        .await;
    scene.lose();
    let primary = WriteConcern::nodes(1);
    let enough = lines.insert_one(line(2)).with_options(one(primary)).await;
    scene.unlock().await;
    scene.lose();
    let all = lines
        .insert_one(line(3))
        .with_options(one(majority()))
        .await;

    assert!(matches!(few, Err(Error::Ambiguous { .. })), "{few:?}");
    enough.unwrap();
    all.unwrap();
    assert_eq!(scene.proxy.dropped_replies(), 6);
    let found = stored(&scene.set.uri("shop")).await;
    assert_eq!(found.len(), 4);
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    scene.end().await;
}

#[tokio::test]
async fn many_inserts_that_meet_themselves_are_acknowledged_only_as_far_as_their_concern() {
    let scene = Scene::new("concern_many").await;
    let lines = lines(&scene.databases);
    lines.insert_one(line(0)).await.unwrap();
    let send = |numbers: std::ops::Range<i64>, concern| {
        let lines = numbers.map(line).collect::<Vec<_>>();
        (lines, many(concern))
    };
    scene.lock().await;

    scene.lose();
    let (some, options) = send(1..10, majority());
    let few = lines.insert_many(some).with_options(options).await;
    scene.lose();
    let (some, options) = send(10..20, WriteConcern::nodes(1));
    let enough = lines.insert_many(some).with_options(options).await;
    scene.unlock().await;
    scene.lose();
    let (some, options) = send(20..30, majority());
    let all = lines.insert_many(some).with_options(options).await;

    assert!(matches!(few, Err(Error::Ambiguous { .. })), "{few:?}");
    enough.unwrap();
    all.unwrap();
    assert_eq!(scene.proxy.dropped_replies(), 6);
    let found = stored(&scene.set.uri("shop")).await;
    assert_eq!(found.len(), 30);
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    scene.end().await;
}
