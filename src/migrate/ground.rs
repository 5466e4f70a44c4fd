//! Work on one database's collections, indexes and validators. Everything compares first, so that it
//! may be sent again; nothing holds writers up for longer than [`Place::lock`].

use std::time::Duration;

use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

use super::{
    body::{Place, StepError},
    expect::is_option,
};
use crate::{
    error::{Cause, Error, Result},
    guard::{Class, Operation, Resend},
    model::Namespace,
};

/// How long a command may take beside that, but for the building of an index.
const LIMIT: Duration = Duration::from_secs(60);

/// Codes of MongoDB that mean that what was asked for is so already, or was never there.
const MISSING_COLLECTION: i32 = 26;
const MISSING_INDEX: i32 = 27;
const THERE_ALREADY: i32 = 48;

/// An index of the collection is being built: nothing but another index may be asked for.
const BUILDING: i32 = 12587;

impl Place {
    fn database(&self) -> mongodb::Database {
        self.connection.client.database(&self.name)
    }

    /// Sends a command; what it has done is durable on a majority.
    async fn command(
        &self,
        name: &'static str,
        collection: &'static str,
        mut command: Document,
        lock: Option<Duration>,
    ) -> Result<Document> {
        command.insert("writeConcern", doc! { "w": "majority" });
        if let Some(lock) = lock {
            command.insert(
                "maxTimeMS",
                i64::try_from(lock.as_millis()).unwrap_or(i64::MAX),
            );
        }
        let time = if lock.is_some() { LIMIT } else { Duration::MAX };
        let operation = Operation {
            timeout: Some(time),
            ..self.operation(name, collection)
        };
        let database = match name {
            "renameCollection" => self.connection.client.database("admin"),
            _ => self.database(),
        };
        let guard = &self.connection.guard;
        let sent = guard.run(operation, |_| database.run_command(command.clone()));
        sent.await.map_err(|error| match (error, lock) {
            // It had no more than that.
            (
                Error::DeadlineExceeded {
                    operation,
                    limit,
                    sent,
                },
                Some(lock),
            ) => Error::DeadlineExceeded {
                operation,
                limit: lock.min(limit),
                sent,
            },
            (error, _) => error,
        })
    }

    fn operation(&self, name: &'static str, collection: &'static str) -> Operation {
        Operation {
            name,
            database: self.connection.declared.name,
            namespace: Namespace {
                database: self.name.clone(),
                collection,
            },
            is_tenants: false,
            is_joint: false,
            class: Class::Schema,
            resend: Resend::SameEffect,
            timeout: Some(LIMIT),
            within: None,
        }
    }

    async fn list(
        &self,
        name: &'static str,
        on: &'static str,
        command: Document,
    ) -> Result<Vec<Document>> {
        let operation = self.operation(name, on).reading();
        let database = self.database();
        let guard = &self.connection.guard;
        guard
            .run(operation, |_| {
                let (database, command) = (database.clone(), command.clone());
                async move {
                    let cursor = database.run_cursor_command(command).await?;
                    cursor.try_collect().await
                }
            })
            .await
    }

    /// Returns every collection as the server describes it, MongoDB's own left out.
    pub(super) async fn collections(&self) -> Result<Vec<Document>> {
        let command = doc! { "listCollections": 1 };
        let all = self.list("listCollections", "$cmd", command).await?;
        let own = |found: &Document| {
            !found
                .get_str("name")
                .unwrap_or_default()
                .starts_with("system.")
        };
        Ok(all.into_iter().filter(own).collect())
    }

    /// Returns whether a collection, or a view, holds no document.
    pub(super) async fn is_empty(&self, collection: &str) -> Result<bool> {
        let command = doc! { "find": collection, "limit": 1, "projection": { "_id": 1 } };
        Ok(self.list("find", "$cmd", command).await?.is_empty())
    }

    /// Returns one collection as the server describes it.
    async fn described(&self, collection: &'static str) -> Result<Option<Document>> {
        let command = doc! { "listCollections": 1, "filter": { "name": collection } };
        let found = self.list("listCollections", collection, command).await?;
        Ok(found.into_iter().next())
    }

    /// Returns the indexes of a collection, those that are still being built as `{ spec, buildUUID }`.
    pub(super) async fn indexes(&self, collection: &str) -> Result<Vec<Document>> {
        let command = doc! { "listIndexes": collection, "includeBuildUUIDs": true };
        match self.list("listIndexes", "$cmd", command).await {
            Err(error) if code(&error) == Some(MISSING_COLLECTION) => Ok(Vec::new()),
            found => found,
        }
    }

    /// Makes sure that a collection is there with these options.
    pub(super) async fn ensure_collection(
        &self,
        collection: &'static str,
        options: &Document,
    ) -> Result<(), StepError> {
        let mut command = doc! { "create": collection };
        command.extend(options.clone());
        match self
            .command("create", collection, command, Some(self.lock))
            .await
        {
            Ok(_) => return Ok(()),
            Err(error) if code(&error) == Some(THERE_ALREADY) => {}
            Err(error) => return Err(error.into()),
        }
        let found = self.described(collection).await?.unwrap_or_default();
        let has = found.get_document("options").cloned().unwrap_or_default();
        let is_plain = found.get_str("type").is_ok_and(|kind| kind == "collection");
        let is = |(key, value): &(&String, &Bson)| {
            has.get(*key)
                .is_some_and(|there| is_option(key, value, there))
        };
        let differs = options.iter().find(|option| !is(option));
        match differs {
            None if is_plain || !options.is_empty() => Ok(()),
            None => Err(StepError::refused(format!(
                "`{collection}` is there and no plain collection: drop or rename it first"
            ))),
            Some((key, _)) => Err(StepError::refused(format!(
                "`{collection}` is there with another `{key}`: drop or rename it first"
            ))),
        }
    }

    /// Makes sure that indexes are there and built. The build waits for nobody's lock behind which others
    /// would wait: whether the collection can be locked is tried before.
    pub(super) async fn ensure_indexes(
        &self,
        collection: &'static str,
        indexes: &[Document],
    ) -> Result<(), StepError> {
        self.try_lock(collection).await?;
        let command = doc! { "createIndexes": collection, "indexes": indexes };
        let built = self
            .command("createIndexes", collection, command, None)
            .await;
        built.map(drop).map_err(explained)
    }

    /// Asks for the collection's lock and gives it back: behind an open transaction this ends after a while,
    /// where the command itself would queue, and all writers behind it.
    async fn try_lock(&self, collection: &'static str) -> Result<()> {
        let command = doc! { "collMod": collection };
        match self
            .command("collMod", collection, command, Some(self.lock))
            .await
        {
            // It has begun, so it waits for nobody, and whoever asks for the same index joins it.
            Err(error) if code(&error) == Some(BUILDING) => Ok(()),
            Err(error) if code(&error) != Some(MISSING_COLLECTION) => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes sure that a validator is set. One that is set already is not set again: that would lock the
    /// collection.
    pub(super) async fn ensure_validator(
        &self,
        collection: &'static str,
        validator: &Document,
        is_strict: bool,
    ) -> Result<(), StepError> {
        let (level, action) = levels(is_strict);
        let wanted = doc! {
            "validator": validator, "validationLevel": level, "validationAction": action,
        };
        let found = self.described(collection).await?;
        let options = found
            .as_ref()
            .and_then(|found| found.get_document("options").ok());
        let is = |(key, value): (&String, &Bson)| {
            options.and_then(|options| options.get(key)) == Some(value)
        };
        if wanted.iter().all(is) {
            return Ok(());
        }
        let mut command = doc! { "collMod": collection };
        command.extend(wanted);
        let set = self
            .command("collMod", collection, command, Some(self.lock))
            .await;
        Ok(set.map(drop)?)
    }

    /// Makes an index unique while documents are written.
    pub(super) async fn ensure_unique(
        &self,
        collection: &'static str,
        index: &Document,
    ) -> Result<(), StepError> {
        let name = index.get_str("name").unwrap_or_default();
        let there = self.indexes(collection).await?;
        let there = there
            .iter()
            .find(|found| found.get_str("name").is_ok_and(|known| known == name));
        let has = |key: &str| there.is_some_and(|found| found.get_bool(key).unwrap_or(false));
        if has("unique") {
            return Ok(());
        }
        if !has("prepareUnique") {
            self.ensure_indexes(collection, std::slice::from_ref(index))
                .await?;
            self.modify(collection, name, "prepareUnique").await?;
        }
        self.modify(collection, name, "unique").await
    }

    async fn modify(
        &self,
        collection: &'static str,
        name: &str,
        what: &str,
    ) -> Result<(), StepError> {
        let mut index = doc! { "name": name };
        index.insert(what, true);
        let command = doc! { "collMod": collection, "index": index };
        let set = self
            .command("collMod", collection, command, Some(self.lock))
            .await;
        set.map(drop).map_err(explained)
    }

    /// Drops an index where it is there.
    pub(super) async fn drop_index(
        &self,
        collection: &'static str,
        index: &'static str,
    ) -> Result<(), StepError> {
        let command = doc! { "dropIndexes": collection, "index": index };
        self.gone("dropIndexes", collection, command).await
    }

    /// Drops a collection where it is there.
    pub(super) async fn drop_collection(&self, collection: &'static str) -> Result<(), StepError> {
        self.gone("drop", collection, doc! { "drop": collection })
            .await
    }

    async fn gone(
        &self,
        name: &'static str,
        collection: &'static str,
        command: Document,
    ) -> Result<(), StepError> {
        match self
            .command(name, collection, command, Some(self.lock))
            .await
        {
            Err(error) if matches!(code(&error), Some(MISSING_COLLECTION | MISSING_INDEX)) => {
                Ok(())
            }
            answer => Ok(answer.map(drop)?),
        }
    }

    /// Renames a collection; where that is done already it is left alone.
    pub(super) async fn rename(
        &self,
        from: &'static str,
        to: &'static str,
    ) -> Result<(), StepError> {
        let source = self.described(from).await?.is_some();
        let target = self.described(to).await?.is_some();
        match (source, target) {
            (false, true) => Ok(()),
            (true, false) => {
                let full = |collection: &str| format!("{}.{collection}", self.name);
                let command = doc! { "renameCollection": full(from), "to": full(to) };
                let renamed = self
                    .command("renameCollection", from, command, Some(self.lock))
                    .await;
                Ok(renamed.map(drop)?)
            }
            (true, true) => Err(StepError::refused(format!(
                "both `{from}` and `{to}` are there: move the documents and drop one of them"
            ))),
            (false, false) => Err(StepError::refused(format!(
                "there is no collection `{from}` to be renamed: make it in a step before, or take this one out"
            ))),
        }
    }
}

/// Returns level and action of a validator.
pub(super) fn levels(is_strict: bool) -> (&'static str, &'static str) {
    match is_strict {
        true => ("strict", "error"),
        false => ("moderate", "warn"),
    }
}

/// Says what the server's refusals of an index mean.
fn explained(error: Error) -> StepError {
    let reason = match code(&error) {
        Some(85) => {
            "an index of the same keys is there under another name or with other options: drop it in a step before"
        }
        Some(86) => {
            "an index of the same name is there with other keys or options: drop it in a step before"
        }
        Some(359 | 11000) => {
            "documents share a key: make them differ, and run it again; new duplicates are refused meanwhile where the index was prepared"
        }
        _ if matches!(error, Error::Duplicate { .. }) => {
            "documents share a key: make them differ, and run it again"
        }
        _ => return error.into(),
    };
    StepError::Refused(reason.into())
}

/// Returns the server's code of an error.
pub(super) fn code(error: &Error) -> Option<i32> {
    error.driver().and_then(Cause::code_of)
}
