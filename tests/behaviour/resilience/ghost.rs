//! An insert that its server goes on with after the connection was cut, beside its own repeat.
//!
//! The test makes the ghost's progress itself: attempt 1 is cut before it runs, and before each later
//! `insert` leaves the driver a further part of the same documents lies there already.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use mongoplex::{
    Databases, Error,
    bson::{Bson, Document, doc},
    mongodb::{
        Client, IndexModel,
        event::{EventHandler, command::CommandEvent},
        options::IndexOptions,
    },
};
use mongoplex_testing::{FailPoint, Fault, Nodes, OwnSet, own_set, raw};
use tokio::{runtime::Handle, task::block_in_place};

use super::shop::{Line, close, lines, open_with, state, stored};

/// How often attempt 1 is sent, by the driver's own retry.
const CUT: usize = 2;

/// What goes on at the server, told by the inserts that are sent.
struct Ghost {
    outside: Client,
    /// How many documents lie there by the time of each insert after those that are cut.
    progress: &'static [usize],
    documents: Mutex<Vec<Document>>,
    inserts: AtomicUsize,
}

impl Ghost {
    fn handler(self: &Arc<Self>) -> EventHandler<CommandEvent> {
        let ghost = self.clone();
        EventHandler::callback(move |event| {
            let CommandEvent::Started(event) = event else {
                return;
            };
            if event.command.get_str("insert").ok() == Some("lines") {
                ghost.goes_on(&event.command);
            }
        })
    }

    fn goes_on(&self, command: &Document) {
        let number = self.inserts.fetch_add(1, Ordering::SeqCst);
        let mut documents = self.documents.lock().unwrap();
        if documents.is_empty() {
            let sent = command.get_array("documents").unwrap().iter();
            *documents = sent.filter_map(Bson::as_document).cloned().collect();
        }
        let Some(at) = number.checked_sub(CUT) else {
            return;
        };
        let from = at.checked_sub(1).map_or(0, |before| self.upto(before));
        let part = &documents[from..self.upto(at)];
        if !part.is_empty() {
            let lines = self
                .outside
                .database("shop")
                .collection::<Document>("lines");
            let write = async { lines.insert_many(part).await.unwrap() };
            block_in_place(|| Handle::current().block_on(write));
        }
    }

    fn upto(&self, at: usize) -> usize {
        self.progress
            .get(at)
            .or(self.progress.last())
            .copied()
            .unwrap_or(0)
    }
}

struct Scene {
    set: OwnSet,
    databases: Databases,
    ghost: Arc<Ghost>,
    cut: FailPoint,
}

impl Scene {
    async fn new(name: &str, progress: &'static [usize]) -> Self {
        let set = own_set(Nodes::One).await;
        let ghost = Arc::new(Ghost {
            outside: raw(&set.uri("admin")).await,
            progress,
            documents: Mutex::default(),
            inserts: AtomicUsize::new(0),
        });
        let listening = |builder: mongoplex::Connect| builder.command_events(ghost.handler());
        let databases = open_with(name, |database| set.uri(database), &[], listening).await;
        let cut = Fault::of(["insert"], &format!("{name}/shop")).close_connection();
        let cut = FailPoint::set(&set.uri("admin"), cut.times(CUT as u32)).await;
        Self {
            set,
            databases,
            ghost,
            cut,
        }
    }

    fn inserts(&self) -> usize {
        self.ghost.inserts.load(Ordering::SeqCst) - CUT
    }

    async fn end(self) {
        assert_eq!(self.cut.off().await, CUT as u64);
        close(self.databases).await;
        self.set.stop().await;
    }
}

fn ten() -> Vec<Line> {
    (0..10).map(|number| Line { worker: 0, number }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inserts_that_race_with_their_own_ghost_are_a_success() {
    let scene = Scene::new("ghost_race", &[3, 6, 8]).await;

    let inserted = lines(&scene.databases).insert_many(ten()).await.unwrap();

    assert_eq!(inserted.inserted_ids.len(), 10);
    let found = stored(&scene.set.uri("shop")).await;
    assert_eq!(found.len(), 10);
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    // The repeat, two that met the ghost, and one that was alone.
    assert_eq!(scene.inserts(), 4);
    assert_eq!(state(&scene.databases, "shop").recovered, 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_refuses_the_rest_of_a_repeat_is_no_answer_to_the_first_attempt() {
    let scene = Scene::new("ghost_refused", &[3]).await;
    let options = IndexOptions::builder().unique(true).build();
    let unique = IndexModel::builder().keys(doc! { "number": 1 });
    let unique = unique.options(options).build();
    let lines = lines(&scene.databases);
    lines.create_indexes([unique]).await.unwrap();
    let outside = scene.ghost.outside.database("shop").collection("lines");
    outside
        .insert_one(doc! { "worker": 1, "number": 5_i64 })
        .await
        .unwrap();

    let answer = lines.insert_many(ten()).await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    assert_eq!(scene.inserts(), 2);
    scene.end().await;
}
