//! Transactions within one logical database: all of it, or nothing.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mongodb::{
    ClientSession,
    options::{ReadConcern, ReadPreference, SelectionCriteria, TransactionOptions, WriteConcern},
};

use crate::{
    database::Database,
    error::{Error, Result},
    guard::{Attempt, Class, Deadline, Operation, Resend},
    model::Namespace,
    orchestrator::Connection,
    registry::LogicalDatabase,
};

/// What the driver is told where the body ended with an error that is not the database's.
const BODY: &str = "the transaction's body ended with an error";

/// An error that ends a transaction's body. It tells whether a database was the cause: MongoDB says in
/// its errors whether running the body again may help.
pub trait Aborts: From<Error> {
    /// Returns the database's error behind it, if there is one.
    fn cause(&self) -> Option<&Error>;
}

impl Aborts for Error {
    fn cause(&self) -> Option<&Error> {
        Some(self)
    }
}

impl<D: LogicalDatabase> Database<D> {
    /// Runs `body` in a transaction: when it returns `Ok` all its writes are committed, with a majority;
    /// when it returns `Err`, or is dropped, none is.
    ///
    /// `body` gets the session, which goes to each verb (`.session(session)`); verbs without it are not
    /// part of the transaction. **It may run more than once**: MongoDB answers a conflict with another
    /// transaction by asking for a new try (label `TransientTransactionError`), so nothing but these
    /// calls belongs into it, and every error of a call must be returned. Handles are cloned into it:
    /// a closure that borrows does not compile in a handler.
    ///
    /// Collections of this database and of tenants beside it can take part. It all takes at most
    /// `WRITE_DEADLINE`, tries included, and no longer than the handle's deadline;
    /// [`transaction_for`](Self::transaction_for) gives it more.
    ///
    /// ```no_run
    /// # use mongoplex::{Database, Model, Result, bson::doc};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)] struct Account {}
    /// # impl Model for Account { const COLLECTION: &str = "accounts"; }
    /// # mongoplex::logical_database! { Bank = "bank", common: [Account] }
    /// # async fn run(bank: Database<Bank>) -> Result<()> {
    /// let accounts = bank.collection::<Account>();
    /// bank.transaction(async move |session| -> Result<()> {
    ///     accounts.update_by_id("a", doc! { "$inc": { "cents": -100 } }).session(session).await?;
    ///     accounts.update_by_id("b", doc! { "$inc": { "cents": 100 } }).session(session).await?;
    ///     Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `body` returns, and those of the commit. After [`Error::DeadlineExceeded`], and after
    /// [`Error::Driver`] with the label `UnknownTransactionCommitResult`, it may have been committed.
    ///
    /// # Cancel safety
    /// Dropped midway it is aborted, unless the commit was sent already.
    pub async fn transaction<R, E, F>(&self, body: F) -> Result<R, E>
    where
        E: Aborts,
        F: for<'b> AsyncFnMut(&'b mut ClientSession) -> Result<R, E>,
    {
        run(self.connection(), None, self.deadline(), body).await
    }

    /// Runs `body` as [`transaction`](Self::transaction) does, within `limit`; MongoDB ends a transaction
    /// by itself after 60 s (`transactionLifetimeLimitSeconds`).
    ///
    /// # Errors
    /// Those of [`transaction`](Self::transaction).
    ///
    /// # Cancel safety
    /// That of [`transaction`](Self::transaction).
    pub async fn transaction_for<R, E, F>(&self, limit: Duration, body: F) -> Result<R, E>
    where
        E: Aborts,
        F: for<'b> AsyncFnMut(&'b mut ClientSession) -> Result<R, E>,
    {
        run(self.connection(), Some(limit), self.deadline(), body).await
    }

    /// Begins a session of this database's client, for the verbs' `.session(…)`.
    ///
    /// It is the driver's own: its `client()` leads past the guard and the tenants' seals, as
    /// [`unguarded`](Self::unguarded) does.
    ///
    /// # Errors
    /// Those of the driver, such as a deployment that supports no sessions.
    pub async fn start_session(&self) -> Result<ClientSession> {
        start_session(self.connection(), self.deadline()).await
    }
}

/// Runs `body` in a transaction of a connection; see [`Database::transaction`].
pub(crate) async fn run<R, E, F>(
    connection: &Connection,
    limit: Option<Duration>,
    within: Option<Deadline>,
    mut body: F,
) -> Result<R, E>
where
    E: Aborts,
    F: for<'b> AsyncFnMut(&'b mut ClientSession) -> Result<R, E>,
{
    let mut session = start_session(connection, within).await?;
    let failed: Arc<Mutex<Option<E>>> = Arc::default();
    let last = failed.clone();
    let operation = operation(connection, "transaction", limit, within);
    let committed = connection.guard.once(operation, |attempt| {
        let transaction = session.start_transaction().with_options(options(attempt));
        let run = transaction.and_run2(async move |session| {
            set(&last, None);
            let result = body(session).await;
            result.map_err(|error| {
                let answer = answer(error.cause());
                set(&last, Some(error));
                answer
            })
        });
        let own = failed.clone();
        async move {
            match run.await {
                Ok(done) => Ok(Ok(done)),
                // A refusal of the body's own, such as a 404, is no failure of the database.
                Err(error) if error.get_custom::<&str>() == Some(&BODY) => {
                    take(&own).map(Err).ok_or(error)
                }
                Err(error) => Err(error),
            }
        }
    });
    let error = match committed.await {
        Ok(ended) => return ended,
        Err(error) => error,
    };
    Err(match error {
        // The time was up, whatever an earlier try ended with.
        Error::DeadlineExceeded { .. } | Error::ShuttingDown => error.into(),
        error => take(&failed).unwrap_or_else(|| error.into()),
    })
}

async fn start_session(connection: &Connection, within: Option<Deadline>) -> Result<ClientSession> {
    let operation = operation(connection, "start_session", None, within);
    let started = connection
        .guard
        .once(operation, |_| connection.client.start_session());
    started.await
}

fn operation(
    connection: &Connection,
    name: &'static str,
    timeout: Option<Duration>,
    within: Option<Deadline>,
) -> Operation {
    Operation {
        name,
        database: connection.declared.name,
        namespace: Namespace {
            database: connection.name.clone(),
            collection: "$cmd",
        },
        class: Class::Write,
        resend: Resend::UnsentOnly,
        timeout,
        within,
    }
}

/// Snapshot and majority, whatever the client has: all or nothing must also hold after a failover.
fn options(attempt: Attempt) -> TransactionOptions {
    TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        .max_commit_time(attempt.max_time(None))
        .build()
}

/// Returns what the driver is told: its own error, whose labels say whether to try again, or one
/// without labels, which ends the transaction.
fn answer(cause: Option<&Error>) -> mongodb::error::Error {
    let driver = cause.and_then(Error::driver).cloned();
    driver.unwrap_or_else(|| mongodb::error::Error::custom(BODY))
}

fn set<E>(slot: &Mutex<Option<E>>, value: Option<E>) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = value;
}

fn take<E>(slot: &Mutex<Option<E>>) -> Option<E> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}
