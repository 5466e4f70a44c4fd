//! Transactions: all of it, or nothing, over one database or several of one deployment.
//!
//! MongoDB's transactions belong to one client, so the handle that begins one lends its own, and all that
//! take part are reached through it. The loop is ours and not the driver's `and_run2`: that one would go
//! on for 120 s whatever the deadline, cannot say whether the commit had been sent when the time was up,
//! and lends the session to its callback only, so that each call would have to be handed it.

mod check;
mod commit;
mod drive;
mod joined;
mod lent;

use std::time::Duration;

use mongodb::ClientSession;

use self::drive::{Plan, operation};
pub use self::joined::{Beside, Handle, Joined, Parties};
use crate::{
    database::{Database, TenantDatabase},
    error::{Error, Result},
    guard::Deadline,
    registry::LogicalDatabase,
};

pub(crate) use self::{
    drive::{run_long_on, run_on},
    lent::Lent,
};

/// A transaction that has not begun; see [`Database::transaction`].
#[must_use = "nothing is sent before `run`"]
#[derive(Debug)]
pub struct Transaction<P> {
    plan: Plan,
    parties: P,
}

impl<P> Transaction<P> {
    fn begun_at(handle: P) -> Self
    where
        P: Handle,
    {
        let place = handle.place();
        let plan = Plan {
            lender: place.connection.clone(),
            places: vec![place],
            limit: None,
            within: handle.deadline(),
        };
        Self {
            plan,
            parties: handle,
        }
    }

    /// Returns the transaction with one more handle that takes part: another logical database, or a tenant's.
    /// There may be four. It is reached through the client of the first, as that client's user, and
    /// within the deadline of each.
    pub fn with<H: Handle + Beside<P>>(mut self, handle: &H) -> Transaction<H::All> {
        self.plan.places.push(handle.place());
        let within = [self.plan.within, handle.deadline()].into_iter().flatten();
        self.plan.within = within.reduce(Deadline::or_sooner);
        Transaction {
            plan: self.plan,
            parties: handle.clone().beside(self.parties),
        }
    }

    /// Returns the transaction bounded to `limit`, tries included, instead of `WRITE_DEADLINE`. More
    /// than 40 s are not given, whoever sets them: MongoDB ends a transaction by itself after 60 s
    /// (`transactionLifetimeLimitSeconds`), and what waits for its locks waits that long.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.plan.limit = Some(limit);
        self
    }

    /// Runs `body` in the transaction: when it returns `Ok` all its writes are committed, with a majority;
    /// when it returns `Err`, or is dropped, none is.
    ///
    /// `body` gets the handles that take part, in their order, [`Joined`] to the transaction: what is
    /// called through them is a part of it, and nothing else is. It gives them new names, best the old ones,
    /// so that the old handles are out of reach.
    ///
    /// **It may run more than once**: MongoDB answers a conflict with another transaction by asking for
    /// a new try (label `TransientTransactionError`). So nothing but these calls belongs into it, what it
    /// moves is cloned, and the error of a call is returned: a call that failed has ended the
    /// transaction, and going on is refused. A commit whose answer was lost is sent again, without the body.
    ///
    /// It all takes at most `WRITE_DEADLINE` (see [`limit`](Self::limit)), and no longer than the handles'
    /// deadlines.
    ///
    /// ```no_run
    /// # use mongoplex::{Database, Model, Result, bson::doc};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)] struct Account {}
    /// # impl Model for Account { const COLLECTION: &str = "accounts"; }
    /// # #[derive(Serialize, Deserialize)] struct Note { text: String }
    /// # impl Model for Note { const COLLECTION: &str = "notes"; }
    /// # mongoplex::logical_database! { Bank = "bank", common: [Account] }
    /// # mongoplex::logical_database! { Office = "office", common: [Note] }
    /// # async fn run(bank: Database<Bank>, office: Database<Office>) -> Result<()> {
    /// let transfer = bank.transaction().with(&office);
    /// transfer.run(async move |(bank, office)| -> Result<()> {
    ///     let accounts = bank.collection::<Account>();
    ///     accounts.update_by_id("a", doc! { "$inc": { "cents": -100 } }).await?;
    ///     accounts.update_by_id("b", doc! { "$inc": { "cents": 100 } }).await?;
    ///     let note = Note { text: "rent".into() };
    ///     office.collection::<Note>().insert_one(note).await?;
    ///     Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// What `body` returns, and those of the commit. [`Error::ForeignDeployment`] and [`Error::NoRights`]
    /// before `body` runs; [`Error::Transaction`] where a call went on after a failed one. Where
    /// [`is_ambiguous`](Error::is_ambiguous) holds ([`Error::Ambiguous`], or [`Error::DeadlineExceeded`]
    /// once a commit had been sent) it may have been committed; after every other error nothing was.
    ///
    /// # Cancel safety
    /// Dropped midway it is aborted, unless the commit was sent already.
    pub async fn run<R, E, F>(self, body: F) -> Result<R, E>
    where
        P: Parties,
        E: From<Error>,
        F: AsyncFnMut(P::Joined) -> Result<R, E>,
    {
        let Self { plan, parties } = self;
        plan.run(|lent| parties.join(lent), body).await
    }
}

impl<D: LogicalDatabase> Database<D> {
    /// Returns a transaction on this database, which lends its client:
    /// `database.transaction().run(async move |database| …)`. Further handles take part
    /// [`with`](Transaction::with) it.
    pub fn transaction(&self) -> Transaction<Self> {
        Transaction::begun_at(self.clone())
    }

    /// Begins a session of this database's client, for the verbs' `.session(…)`: causal consistency, or
    /// snapshot reads.
    ///
    /// It is the driver's own: its `client()` leads past the guard and the tenants' seals, as
    /// [`unguarded`](Self::unguarded) does.
    ///
    /// # Errors
    /// Those of the driver, such as a deployment that supports no sessions.
    pub async fn start_session(&self) -> Result<ClientSession> {
        let connection = self.connection();
        let operation = operation(connection, "start_session", None, self.deadline()).reading();
        let started = connection
            .guard
            .once(operation, |_| connection.client.start_session());
        started.await
    }
}

impl<D: LogicalDatabase> TenantDatabase<D> {
    /// Returns a transaction on this tenant's database: as [`Database::transaction`], and as sealed as this
    /// handle, unless others take part.
    pub fn transaction(&self) -> Transaction<Self> {
        Transaction::begun_at(self.clone())
    }
}
