//! One physical database and the commands that look at it and add to it, each through the guard.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    IndexModel,
    bson::{Document, doc},
    results::CollectionSpecification,
};

use crate::{
    error::{Error, Result},
    guard::{Class, Guard, Operation, Resend},
    health::Need,
    model::{Index, Namespace},
    orchestrator::Connection,
    registry::Route,
};

/// How long one command may take: an index on a collection with documents is read through.
const LIMIT: Duration = Duration::from_secs(60);

/// A physical database with the models that belong there.
pub(super) struct Place {
    database: mongodb::Database,
    guard: Guard,
    logical: &'static str,
    pub(super) need: Need,
    name: Arc<str>,
    pub(super) routes: Vec<&'static Route>,
}

impl Place {
    pub(super) fn new(
        connection: &Connection,
        name: Arc<str>,
        routes: Vec<&'static Route>,
    ) -> Self {
        Self {
            database: connection.client.database(&name),
            guard: connection.guard.clone(),
            logical: connection.declared.name,
            need: connection.need,
            name,
            routes,
        }
    }

    pub(super) fn namespace(&self, collection: &'static str) -> Namespace {
        Namespace {
            database: self.name.clone(),
            collection,
        }
    }

    /// Returns the collections by name.
    pub(super) async fn collections(&self) -> Result<HashMap<String, CollectionSpecification>> {
        let operation = self.operation("listCollections", "$cmd");
        let found: Vec<_> = self
            .guard
            .once(operation, |_| async {
                self.database.list_collections().await?.try_collect().await
            })
            .await?;
        Ok(found
            .into_iter()
            .map(|collection| (collection.name.clone(), collection))
            .collect())
    }

    /// Returns the indexes of a collection that exists.
    pub(super) async fn indexes(&self, collection: &'static str) -> Result<Vec<IndexModel>> {
        let handle = self.database.collection::<Document>(collection);
        let operation = self.operation("listIndexes", collection);
        self.guard
            .once(operation, |_| async {
                handle.list_indexes().await?.try_collect().await
            })
            .await
    }

    /// Returns whether a collection holds no document.
    pub(super) async fn is_empty(&self, collection: &'static str) -> Result<bool> {
        let handle = self.database.collection::<Document>(collection);
        let operation = self.operation("find_one", collection);
        let found = self
            .guard
            .once(operation, |_| {
                handle.find_one(doc! {}).projection(doc! { "_id": 1 })
            })
            .await?;
        Ok(found.is_none())
    }

    /// Creates a collection with its validator. One that somebody else just made is as good.
    pub(super) async fn create(&self, route: &Route) -> Result<()> {
        let mut command = doc! { "create": route.collection };
        if let Some(schema) = (route.validator)() {
            command.insert("validator", doc! { "$jsonSchema": schema });
        }
        match self.command("create", route.collection, command).await {
            Err(Error::Driver { cause, .. }) if cause.code() == Some(48) => Ok(()),
            answer => answer,
        }
    }

    pub(super) async fn set_validator(
        &self,
        collection: &'static str,
        validator: Document,
        level: &str,
        action: &str,
    ) -> Result<()> {
        let command = doc! {
            "collMod": collection,
            "validator": validator,
            "validationLevel": level,
            "validationAction": action,
        };
        self.command("collMod", collection, command).await
    }

    /// Creates indexes. Asked for again while one is being built, the server waits for the build.
    pub(super) async fn create_indexes(
        &self,
        collection: &'static str,
        indexes: &[Index],
    ) -> Result<()> {
        let indexes: Vec<Document> = indexes.iter().map(|index| index.to_command()).collect();
        let command = doc! { "createIndexes": collection, "indexes": indexes };
        self.command("createIndexes", collection, command).await
    }

    async fn command(
        &self,
        name: &'static str,
        collection: &'static str,
        command: Document,
    ) -> Result<()> {
        let operation = self.operation(name, collection);
        self.guard
            .once(operation, |_| self.database.run_command(command))
            .await
            .map(drop)
    }

    fn operation(&self, name: &'static str, collection: &'static str) -> Operation {
        Operation {
            name,
            database: self.logical,
            namespace: self.namespace(collection),
            class: Class::Write,
            resend: Resend::UnsentOnly,
            timeout: Some(LIMIT),
            within: None,
        }
    }
}
