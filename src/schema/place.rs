//! One physical database and the commands that look at it and add to it, each through the guard.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    IndexModel,
    bson::{Document, deserialize_from_document, doc},
    error::Result as DriverResult,
    results::CollectionSpecification,
};

use super::{diff::FoundIndex, wait::Told};
use crate::{
    error::{Error, Result},
    guard::{Class, Guard, Operation, Resend},
    health::Need,
    model::{Index, Namespace},
    orchestrator::Connection,
    registry::Route,
};

/// How long one command may take, but for the building of an index.
const LIMIT: Duration = Duration::from_secs(60);

/// How long the building of an index may take: as long as it does. A large collection is read
/// through, the server goes on whoever waits, and an end in the middle would tell nothing of it.
/// Whoever has less time drops the future.
const BUILD: Duration = Duration::MAX;

/// A physical database with the models that belong there.
pub(super) struct Place {
    database: mongodb::Database,
    guard: Guard,
    logical: &'static str,
    pub(super) need: Need,
    pub(super) name: Arc<str>,
    pub(super) routes: Vec<&'static Route>,
    told: Told,
}

impl Place {
    pub(super) fn new(
        connection: &Connection,
        name: Arc<str>,
        routes: Vec<&'static Route>,
        told: Told,
    ) -> Self {
        Self {
            database: connection.client.database(&name),
            guard: connection.guard.clone(),
            logical: connection.declared.name,
            need: connection.need,
            name,
            routes,
            told,
        }
    }

    fn namespace(&self, collection: &'static str) -> Namespace {
        Namespace {
            database: self.name.clone(),
            collection,
        }
    }

    /// Returns the collections by name.
    pub(super) async fn collections(&self) -> Result<BTreeMap<String, CollectionSpecification>> {
        let operation = self.operation("listCollections", "$cmd").reading();
        let found: Vec<_> = self
            .guard
            .run(operation, |_| async {
                self.database.list_collections().await?.try_collect().await
            })
            .await?;
        Ok(found
            .into_iter()
            .map(|collection| (collection.name.clone(), collection))
            .collect())
    }

    /// Returns the indexes of a collection that exists, those that are still being built as such:
    /// without being asked to tell, the server shows them like the others.
    pub(super) async fn indexes(&self, collection: &'static str) -> Result<Vec<FoundIndex>> {
        let command = doc! { "listIndexes": collection, "includeBuildUUIDs": true };
        let operation = self.operation("listIndexes", collection).reading();
        self.guard
            .run(operation, |_| async {
                let listed = self.database.run_cursor_command(command.clone()).await?;
                let listed: Vec<Document> = listed.try_collect().await?;
                listed.into_iter().map(found_index).collect()
            })
            .await
    }

    /// Returns whether a collection holds no document.
    pub(super) async fn is_empty(&self, collection: &'static str) -> Result<bool> {
        let handle = self.database.collection::<Document>(collection);
        let operation = self.operation("find_one", collection).reading();
        let found = self
            .guard
            .run(operation, |_| {
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
            Err(Error::Driver { cause, .. } | Error::Ambiguous { cause, .. })
                if cause.code() == Some(48) =>
            {
                Ok(())
            }
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

    /// Creates indexes. Asked for again while one is being built, the server waits for the build;
    /// the [`Told`] hears of it.
    pub(super) async fn create_indexes(
        &self,
        collection: &'static str,
        indexes: &[Index],
    ) -> Result<()> {
        let names: Vec<String> = indexes.iter().map(Index::name).collect();
        let indexes: Vec<Document> = indexes.iter().map(|index| index.to_command()).collect();
        let command = doc! { "createIndexes": collection, "indexes": indexes };
        let operation = Operation {
            timeout: Some(BUILD),
            ..self.operation("createIndexes", collection)
        };
        let namespace = operation.namespace.clone();
        let build = self
            .guard
            .run(operation, |_| self.database.run_command(command.clone()));
        self.told.during(&namespace, &names, build).await.map(drop)
    }

    async fn command(
        &self,
        name: &'static str,
        collection: &'static str,
        command: Document,
    ) -> Result<()> {
        let operation = self.operation(name, collection);
        self.guard
            .run(operation, |_| self.database.run_command(command.clone()))
            .await
            .map(drop)
    }

    fn operation(&self, name: &'static str, collection: &'static str) -> Operation {
        Operation {
            is_tenants: false,
            is_joint: false,
            name,
            database: self.logical,
            namespace: self.namespace(collection),
            class: Class::Schema,
            // Made or set a second time it is the same.
            resend: Resend::SameEffect,
            timeout: Some(LIMIT),
            within: None,
        }
    }
}

/// Reads one document of `listIndexes`: `{ spec, buildUUID }` where the index is being built.
fn found_index(mut listed: Document) -> DriverResult<FoundIndex> {
    let is_building = listed.contains_key("buildUUID");
    if let (true, Some(spec)) = (is_building, listed.remove("spec")) {
        listed = spec.as_document().cloned().unwrap_or_default();
    }
    let model: IndexModel = deserialize_from_document(listed)?;
    Ok(FoundIndex { model, is_building })
}
