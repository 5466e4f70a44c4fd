//! What tests of migrations work on: databases of their own, with lists of their own.

use futures_util::TryStreamExt;
use mongoplex::{
    bson::{Document, doc},
    migrate::{List, Migrator},
    mongodb::Database,
    schema::Mode,
};
use mongoplex_testing::{ReplicaSet, shared};

use crate::house::House;

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

    /// Makes the common databases hold something: what is empty is new and begins at the head.
    pub(crate) async fn not_new(&self) {
        let schema = self.house.databases.schema();
        schema.common(Mode::Add).await.unwrap();
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
