//! Primaries that die or step down in the middle of a run, and a set without a majority.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Event, List, Migration, Outcome, Step, TargetState, TransactionHandle},
};
use mongoplex_testing::{Nodes, OwnSet, own_set, raw};
use tokio::{sync::Notify, time::sleep};

use crate::migrate::yard::{Yard, apply};

const TENANTS: usize = 30;

/// So many are done when the fault comes.
const BEFORE: usize = 3;

/// A collection with an index, and a transaction that shows how often it was carried out.
fn counting() -> List {
    let count = async |tx: TransactionHandle| {
        let counts = tx.collection("counts");
        let once = doc! { "$inc": { "number": 1 } };
        let all = doc! { "_id": "all" };
        counts.update_one(all, once).upsert(true).await?;
        Ok(())
    };
    let made = Step::indexes("things", [Index::on(&["colour"])]);
    apply::tenants([
        (
            "m20261101000000_make",
            Migration::up([made, Step::collection("counts")]),
        ),
        (
            "m20261102000000_count",
            Migration::up([Step::transaction("count", 1, count)]),
        ),
    ])
}

struct Scene {
    set: OwnSet,
    yard: Yard,
    ids: Vec<String>,
}

/// What was told of a run, and when so many targets were done that its middle is reached.
#[derive(Default)]
struct Heard {
    done: AtomicUsize,
    pauses: AtomicUsize,
    middle: Notify,
}

impl Heard {
    fn done(&self) {
        if self.done.fetch_add(1, Ordering::SeqCst) + 1 == BEFORE {
            self.middle.notify_one();
        }
    }

    /// A fault that came too late would show nothing.
    fn assert_goes_on(&self) {
        let done = self.done.load(Ordering::SeqCst);
        assert!(done < TENANTS, "the run had ended before the fault");
    }
}

impl Scene {
    async fn new(test: &str, lease: &str) -> Self {
        let set = own_set(Nodes::Three).await;
        let variables = [("MIGRATION_LEASE", lease), ("DB_MAX_POOL_SIZE", "20")];
        let yard = Yard::on(&set, test, &variables, vec![counting()]).await;
        let ids: Vec<String> = (0..TENANTS).map(|number| format!("t{number}")).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        yard.tenants_without_records(&names).await;
        Self { set, yard, ids }
    }

    /// Runs `up`, and `fault` once it is in its middle.
    async fn up(&self, fault: impl AsyncFnOnce(&Heard)) -> (Outcome, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let hears = heard.clone();
        let migrator = self.yard.migrator().at_once(2);
        let migrator = migrator.telling(move |event| match event {
            Event::Done { .. } => hears.done(),
            Event::Paused { .. } => drop(hears.pauses.fetch_add(1, Ordering::SeqCst)),
            _ => {}
        });
        let story = async {
            heard.middle.notified().await;
            fault(&heard).await;
        };
        let (outcome, ()) = tokio::join!(migrator.up(), story);
        (outcome.unwrap(), heard)
    }

    /// Every tenant was changed once, and every record says so.
    async fn assert_whole(&self, outcome: &Outcome) {
        assert!(outcome.is_whole(), "{outcome:?}");
        let again = self.yard.migrator().up().await.unwrap();
        assert_eq!((again.done, again.migrations), (0, 0));
        let status = self.yard.migrator().status().await.unwrap();
        let all = TENANTS as u64;
        assert_eq!((status[0].at_head, status[0].targets), (all, all));
        assert_eq!(status[0].states, [(TargetState::Ready, all)]);
        let records = self.yard.control().collection::<Document>("targets");
        assert_eq!(records.count_documents(doc! {}).await.unwrap(), all);
        for id in &self.ids {
            let tenant = self.yard.tenant(id);
            let counts = self.yard.all(&tenant, "counts").await;
            assert_eq!(counts, [doc! { "_id": "all", "number": 1 }], "{id}");
            let indexes = self.yard.indexes(&tenant, "things").await;
            assert_eq!(indexes, ["_id_", "colour_1"], "{id}");
        }
    }

    async fn end(self) {
        self.yard.close().await;
        self.set.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_killed_in_the_middle_of_a_run_loses_and_doubles_nothing() {
    let scene = Scene::new("migrate_kill", "30s").await;

    let killed = async |heard: &Heard| {
        let primary = scene.set.primary().await.unwrap();
        primary.kill().await;
        heard.assert_goes_on();
        scene.set.primary().await.unwrap();
        primary.restart().await.unwrap();
    };
    let (outcome, _) = scene.up(killed).await;

    scene.assert_whole(&outcome).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_steps_down_in_the_middle_of_a_run_loses_and_doubles_nothing() {
    let scene = Scene::new("migrate_step_down", "30s").await;

    let stepped_down = async |heard: &Heard| {
        let admin = raw(&scene.set.uri("admin")).await.database("admin");
        let command = doc! { "replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 3 };
        // Its own connection may be closed over it.
        drop(admin.run_command(command).await);
        heard.assert_goes_on();
    };
    let (outcome, _) = scene.up(stepped_down).await;

    scene.assert_whole(&outcome).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_majority_pauses_and_goes_on_by_itself() {
    let scene = Scene::new("migrate_majority", "3s").await;

    let stopped = async |heard: &Heard| {
        let primary = scene.set.primary().await.unwrap().address();
        let nodes = scene.set.nodes().iter();
        let secondaries: Vec<_> = nodes.filter(|node| node.address() != primary).collect();
        secondaries.iter().for_each(|node| node.pause());
        heard.assert_goes_on();
        // Longer than the lease lasts, which is what is tried here.
        sleep(Duration::from_secs(5)).await;
        secondaries.iter().for_each(|node| node.resume());
    };
    let (outcome, heard) = scene.up(stopped).await;

    scene.assert_whole(&outcome).await;
    assert!(heard.pauses.load(Ordering::SeqCst) > 0, "it never paused");
    scene.end().await;
}
