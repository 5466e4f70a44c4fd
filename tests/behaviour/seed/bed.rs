//! What tests of seeds work on: databases of their own with lists of their own, and every command that is sent.

use std::sync::{Arc, Mutex};

use futures_util::TryStreamExt;
use mongoplex::{
    Config, Databases,
    bson::{Document, doc},
    mongodb::{
        Database,
        event::{EventHandler, command::CommandEvent},
    },
    schema::Mode,
    seed::{List, Seeder},
};
use mongoplex_testing::{ReplicaSet, shared};

use crate::house::{House, config, registry};

/// Commands that change something.
pub(super) const WRITES: [&str; 9] = [
    "insert",
    "update",
    "delete",
    "findAndModify",
    "create",
    "createIndexes",
    "collMod",
    "drop",
    "dropDatabase",
];

pub(super) struct Bed {
    pub(super) house: House,
    outside: Database,
    writes: Arc<Mutex<Vec<String>>>,
}

impl Bed {
    /// Returns databases whose schema is complete, and these lists.
    pub(super) async fn new(test: &str, lists: Vec<List>) -> Self {
        Self::with(shared(), test, &[], lists).await
    }

    pub(super) async fn with(
        set: &ReplicaSet,
        test: &str,
        variables: &[(&str, &str)],
        lists: Vec<List>,
    ) -> Self {
        let writes = Arc::new(Mutex::new(Vec::new()));
        let handler = listening(writes.clone());
        let house = House::bare(set, test, variables, |builder| {
            let builder = builder.command_events(handler);
            lists.into_iter().fold(builder, mongoplex::Connect::seeds)
        })
        .await;
        house.databases.schema().common(Mode::Add).await.unwrap();
        let outside = house.outside(&house.names.name("control")).await;
        Self {
            house,
            outside,
            writes,
        }
    }

    pub(super) fn seeder(&self) -> Seeder {
        self.house.databases.seeder()
    }

    /// Connects the same databases once more, with other lists and variables: another process, or a later one.
    pub(super) async fn again(&self, variables: &[(&str, &str)], lists: Vec<List>) -> Databases {
        let config: Config = config(&self.house.names, variables);
        let builder =
            Databases::builder(registry(), config).command_events(listening(self.writes.clone()));
        let builder = lists.into_iter().fold(builder, mongoplex::Connect::seeds);
        builder.connect().await.unwrap()
    }

    /// Returns what has been sent since the last time that changes something.
    pub(super) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }

    pub(super) fn database(&self, logical: &str) -> Database {
        self.outside
            .client()
            .database(&self.house.names.name(logical))
    }

    pub(super) fn tenant(&self, id: &str) -> Database {
        let customer = self.house.names.name("customer");
        self.outside.client().database(&format!("{customer}__{id}"))
    }

    pub(super) async fn all(&self, database: &Database, collection: &str) -> Vec<Document> {
        let collection = database.collection::<Document>(collection);
        let found = collection
            .find(doc! {})
            .sort(doc! { "_id": 1 })
            .await
            .unwrap();
        found.try_collect().await.unwrap()
    }

    pub(super) async fn one(
        &self,
        database: &Database,
        collection: &str,
        filter: Document,
    ) -> Option<Document> {
        database
            .collection::<Document>(collection)
            .find_one(filter)
            .await
            .unwrap()
    }

    pub(super) async fn update(
        &self,
        database: &Database,
        collection: &str,
        filter: Document,
        set: Document,
    ) {
        let collection = database.collection::<Document>(collection);
        let done = collection
            .update_one(filter, doc! { "$set": set })
            .await
            .unwrap();
        assert_eq!(done.modified_count, 1);
    }

    /// Returns a seed's entry in the ledger.
    pub(super) async fn entry(&self, database: &Database, seed: &str) -> Option<Document> {
        let id = format!("{}#{seed}", database.name());
        self.one(&self.outside, "seeds", doc! { "_id": id }).await
    }

    pub(super) fn control(&self) -> &Database {
        &self.outside
    }

    pub(super) async fn close(self) {
        self.house.close().await;
    }
}

fn listening(writes: Arc<Mutex<Vec<String>>>) -> EventHandler<CommandEvent> {
    EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event
            && WRITES.contains(&started.command_name.as_str())
            // The health probe's, which matches nothing.
            && started.command.get_str("delete").ok() != Some("mongoplex_probe")
        {
            writes
                .lock()
                .unwrap()
                .push(format!("{} in {}", started.command_name, started.db));
        }
    })
}
