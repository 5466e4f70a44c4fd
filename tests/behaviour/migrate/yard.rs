//! What tests of migrations work on: databases of their own, with lists of their own.

use std::time::Duration;

use futures_util::TryStreamExt;
use mongoplex::{
    Connect, Databases,
    bson::{Document, doc},
    migrate::{List, Migrator},
    mongodb::{
        Database, IndexModel,
        event::{EventHandler, command::CommandEvent},
    },
    schema::Mode,
};
use mongoplex_testing::{ReplicaSet, shared};

use crate::house::{House, registry};

/// How many people [`Yard::people`] makes.
const PEOPLE: i32 = 120;

/// Lists of the application's databases, as a test writes them.
pub(crate) mod apply {
    use models::{admin_server::Admin, customer_services::Customer};
    use mongoplex::migrate::{List, Migration, Tenants};

    type Listed = (&'static str, Migration);

    pub(crate) fn admin(list: impl IntoIterator<Item = Listed>) -> List {
        List::new::<Admin>(list.into_iter().collect())
    }

    pub(crate) fn customer(list: impl IntoIterator<Item = Listed>) -> List {
        List::new::<Customer>(list.into_iter().collect())
    }

    pub(crate) fn tenants(list: impl IntoIterator<Item = Listed>) -> List {
        List::new::<Tenants<Customer>>(list.into_iter().collect())
    }
}

pub(crate) struct Yard {
    pub(crate) house: House,
    outside: Database,
}

impl Yard {
    pub(crate) async fn new(test: &str, lists: Vec<List>) -> Self {
        Self::on(shared(), test, &[], lists).await
    }

    pub(crate) async fn on(
        set: &ReplicaSet,
        test: &str,
        variables: &[(&str, &str)],
        lists: Vec<List>,
    ) -> Self {
        let with = |builder| {
            lists
                .into_iter()
                .fold(builder, mongoplex::Connect::migrations)
        };
        let house = House::bare(set, test, variables, with).await;
        let control = house.names.name("control");
        let outside = house.outside(&control).await;
        Self { house, outside }
    }

    pub(crate) fn migrator(&self) -> Migrator {
        self.house.databases.migrator()
    }

    /// Connects the same databases once more, with other lists.
    pub(crate) async fn again(&self, lists: Vec<List>) -> Again {
        self.connected(lists, None).await
    }

    /// The same, with a listener of all commands.
    pub(crate) async fn listening(
        &self,
        lists: Vec<List>,
        listen: EventHandler<CommandEvent>,
    ) -> Again {
        self.connected(lists, Some(listen)).await
    }

    async fn connected(
        &self,
        lists: Vec<List>,
        listen: Option<EventHandler<CommandEvent>>,
    ) -> Again {
        let builder = Databases::builder(registry(), self.house.config.clone());
        let builder = lists.into_iter().fold(builder, Connect::migrations);
        let builder = match listen {
            Some(listen) => builder.command_events(listen),
            None => builder,
        };
        Again(builder.connect().await.unwrap())
    }

    /// Has the server give up transactions of processes that are gone sooner than after a minute.
    pub(crate) async fn transactions_live(&self, seconds: i32) {
        let sooner = doc! { "setParameter": 1, "transactionLifetimeLimitSeconds": seconds };
        self.database("admin").run_command(sooner).await.unwrap();
    }

    /// Returns whether a collection is there.
    pub(crate) async fn has(&self, database: &Database, collection: &str) -> bool {
        let names = database.list_collection_names().await.unwrap();
        names.iter().any(|name| name == collection)
    }

    /// Drops tenants' databases and their records: all is to be done there again.
    pub(crate) async fn forget(&self, ids: &[String]) {
        for id in ids {
            let tenant = self.tenant(id);
            tenant.drop().await.unwrap();
            let targets = self.control().collection::<Document>("targets");
            targets
                .delete_one(doc! { "_id": tenant.name() })
                .await
                .unwrap();
        }
    }

    /// Adds many tenants' rows, and nothing else.
    pub(crate) async fn rows_of(&self, ids: &[String]) {
        for id in ids {
            self.row_of(id).await;
        }
    }

    /// Returns the records, past the library.
    pub(crate) fn control(&self) -> &Database {
        &self.outside
    }

    /// Returns another of this test's databases, past the library.
    pub(crate) fn database(&self, name: &str) -> Database {
        self.outside.client().database(name)
    }

    pub(crate) async fn customer(&self) -> Database {
        self.database(&self.house.names.name("customer"))
    }

    pub(crate) fn tenant(&self, id: &str) -> Database {
        self.database(&format!("{}__{id}", self.house.names.name("customer")))
    }

    /// Makes the common databases hold something: what holds nothing is new and begins at the head.
    pub(crate) async fn not_new(&self) {
        let schema = self.house.databases.schema();
        schema.common(Mode::Add).await.unwrap();
        for name in ["admin", "customer"] {
            let database = self.database(&self.house.names.name(name));
            let before = database.collection("before");
            before.insert_one(doc! { "is": "here" }).await.unwrap();
        }
    }

    /// Adds a tenant that was there before there were migrations, with documents of every kind that drills
    /// change.
    pub(crate) async fn people(&self, tenant: &str) {
        self.row_of(tenant).await;
        let database = self.tenant(tenant);
        let person = |number: i32| doc! { "_id": number, "number": number, "first": format!("F{number}"), "last": "L" };
        let people: Vec<Document> = (0..PEOPLE).map(person).collect();
        database
            .collection("people")
            .insert_many(people)
            .await
            .unwrap();
        let count = doc! { "_id": "all", "number": 0 };
        database
            .collection("counts")
            .insert_one(count)
            .await
            .unwrap();
        let old = database.collection::<Document>("old");
        old.insert_one(doc! { "_id": 1, "colour": "red" })
            .await
            .unwrap();
        let index = IndexModel::builder().keys(doc! { "colour": 1 }).build();
        old.create_index(index).await.unwrap();
        database.create_collection("waste").await.unwrap();
    }

    async fn row_of(&self, id: &str) {
        let now = mongoplex::bson::DateTime::now();
        let row = doc! { "_id": id, "name": id, "status": "active", "createdAt": now };
        let admin = self.database(&self.house.names.name("admin"));
        admin.collection("tenants").insert_one(row).await.unwrap();
    }

    /// Adds tenants' rows and nothing else: as if they had been there before there were migrations.
    pub(crate) async fn tenants_without_records(&self, ids: &[&str]) {
        self.not_new().await;
        let now = mongoplex::bson::DateTime::now();
        let row =
            |id: &&str| doc! { "_id": *id, "name": *id, "status": "active", "createdAt": now };
        let admin = self.database(&self.house.names.name("admin"));
        let rows: Vec<Document> = ids.iter().map(row).collect();
        admin.collection("tenants").insert_many(rows).await.unwrap();
    }

    pub(crate) async fn indexes(&self, database: &Database, collection: &str) -> Vec<String> {
        let collection = database.collection::<Document>(collection);
        let mut names = collection.list_index_names().await.unwrap_or_default();
        names.sort();
        names
    }

    pub(crate) async fn all(&self, database: &Database, collection: &str) -> Vec<Document> {
        let collection = database.collection::<Document>(collection);
        let found = collection
            .find(doc! {})
            .sort(doc! { "_id": 1 })
            .await
            .unwrap();
        found.try_collect().await.unwrap()
    }

    /// Returns a target's record.
    pub(crate) async fn record(&self, database: &Database) -> Document {
        let targets = self.control().collection::<Document>("targets");
        let found = targets.find_one(doc! { "_id": database.name() });
        found.await.unwrap().unwrap_or_default()
    }

    pub(crate) async fn close(self) {
        self.house.close().await;
    }
}

/// The databases of a yard, connected once more.
pub(crate) struct Again(Databases);

impl Again {
    pub(crate) fn migrator(&self) -> Migrator {
        self.0.migrator()
    }

    pub(crate) fn tenancy(&self) -> mongoplex::Tenancy {
        self.0.tenancy().unwrap()
    }

    pub(crate) async fn shutdown(self) {
        self.0.shutdown(Duration::from_secs(5)).await;
    }
}

/// Returns all that a database holds, as text: collections with their options, indexes, documents.
pub(crate) async fn snapshot(database: &Database) -> Vec<String> {
    let collections = database.list_collections().await.unwrap();
    let collections: Vec<_> = collections.try_collect().await.unwrap();
    let mut all = Vec::new();
    for found in collections {
        let collection = database.collection::<Document>(&found.name);
        let indexes = collection.list_indexes().await.unwrap();
        let indexes: Vec<IndexModel> = indexes.try_collect().await.unwrap();
        let mut indexes: Vec<String> = indexes.iter().map(|index| format!("{index:?}")).collect();
        indexes.sort();
        let documents = collection
            .find(doc! {})
            .sort(doc! { "_id": 1 })
            .await
            .unwrap();
        let documents: Vec<Document> = documents.try_collect().await.unwrap();
        let (name, options) = (&found.name, &found.options);
        all.push(format!("{name} {options:?} {indexes:?} {documents:?}"));
    }
    all.sort();
    all
}
