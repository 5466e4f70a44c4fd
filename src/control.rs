//! The control database: who may change schemas and data of a whole database now, and what has been
//! done there. There is one per deployment, so that a transaction may span it and what it tells of.
//!
//! Nothing of it lies in the databases that it tells of: that would cost files in each of thousands.

mod crash;
mod lease;
mod owner;

use std::{sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    bson::{Document, deserialize_from_document, doc},
    error::{CommandError, ErrorKind},
};

pub(crate) use self::lease::{Acquired, Lease, expire, look, matched};
pub use self::{crash::CrashPoint, lease::Holder, owner::Owner};
use crate::{
    config::ControlConfig,
    error::Result,
    guard::{Class, Operation, Resend},
    model::Namespace,
    orchestrator::Connection,
};

/// The records that a lock's fence guards: one per database, see [`migrate`](crate::migrate).
pub(crate) const TARGETS: &str = "targets";

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(20);

/// The control database of one logical database's deployment, reached through that one's client.
#[derive(Debug, Clone)]
pub(crate) struct Control {
    connection: Arc<Connection>,
    config: ControlConfig,
    limit: Duration,
}

impl Control {
    pub(crate) fn new(connection: Arc<Connection>, config: ControlConfig) -> Self {
        let limit = LIMIT;
        Self {
            connection,
            config,
            limit,
        }
    }

    /// Returns the same whose commands may take so long.
    pub(crate) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Returns its name: `CONTROL_DATABASE`.
    pub(crate) fn name(&self) -> &str {
        &self.config.database
    }

    /// Returns the driver's own handle.
    pub(crate) fn database(&self) -> mongodb::Database {
        self.connection.client.database(self.name())
    }

    /// Sends a command that changes a record, and repeats it after a lost answer: every command here
    /// leaves the same behind when it is carried out twice. What it answered is durable on a majority.
    pub(crate) async fn write(
        &self,
        name: &'static str,
        collection: &'static str,
        mut command: Document,
    ) -> Result<Document> {
        command.insert("writeConcern", doc! { "w": "majority" });
        let operation = self.operation(name, collection);
        self.run(operation, command).await
    }

    /// Reads all documents that a `find` or an `aggregate` finds, as they are durable on a majority: what a
    /// failover could take back must not be acted upon.
    pub(crate) async fn all(
        &self,
        collection: &'static str,
        mut command: Document,
    ) -> Result<Vec<Document>> {
        command.insert("readConcern", doc! { "level": "majority" });
        let operation = self.operation("find", collection).reading();
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

    async fn run(&self, operation: Operation, command: Document) -> Result<Document> {
        let database = self.database();
        let guard = &self.connection.guard;
        guard
            .run(operation, |attempt| {
                let mut command = command.clone();
                let time = attempt.max_time(None).as_millis();
                command.insert("maxTimeMS", i64::try_from(time).unwrap_or(i64::MAX));
                let database = database.clone();
                async move {
                    let reply = database.run_command(command).await?;
                    judged(reply)
                }
            })
            .await
    }

    pub(crate) fn operation(&self, name: &'static str, collection: &'static str) -> Operation {
        Operation {
            name,
            database: self.connection.declared.name,
            namespace: Namespace {
                database: self.name().into(),
                collection,
            },
            is_tenants: false,
            is_joint: false,
            class: Class::Schema,
            resend: Resend::SameEffect,
            timeout: Some(self.limit),
            within: None,
        }
    }
}

/// Returns a reply that says `ok: 1`, unless a write in it failed: `run_command` looks at no write.
fn judged(reply: Document) -> mongodb::error::Result<Document> {
    let failed = reply.get_document("writeConcernError").ok();
    let writes = reply.get_array("writeErrors").ok();
    let first = writes.and_then(|errors| errors.first()?.as_document());
    let Some(error) = first.or(failed) else {
        return Ok(reply);
    };
    let error: CommandError = deserialize_from_document(error.clone())?;
    Err(ErrorKind::Command(error).into())
}
