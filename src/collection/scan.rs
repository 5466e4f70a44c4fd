//! A scan: all documents that match, in the order of `_id`, past failovers.
//!
//! What would change the order (a sort, a collation, documents that are left out in front) has no
//! setter, and so has a session, whose reads belong to one moment.

mod walk;

use std::{fmt, future::IntoFuture, marker::PhantomData, time::Duration};

use futures_util::{
    StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use mongodb::{
    bson::{Bson, Document, RawDocumentBuf, doc},
    options::{FindOptions, Hint},
    raw_batch_cursor::RawBatch,
};
use serde::de::DeserializeOwned;

use self::walk::Walk;
use super::{Collection, Cursor, target::Target};
use crate::{
    error::Result,
    model::{Model, Stored},
};

/// What is said of a scan through a handle of a transaction.
const IN_TRANSACTION: &str =
    "a scan goes on after a failover, which ends a transaction: use `find`";

/// A scan that has not begun yet; `.await` begins it and returns the stream of its documents.
///
/// See [`Collection::scan`].
#[must_use = "a scan begins when it is awaited"]
pub struct Scan<M> {
    target: Target,
    filter: Document,
    options: FindOptions,
    model: PhantomData<fn() -> M>,
}

impl<M: Model> Collection<M> {
    /// Returns all documents that match, in the order of their `_id`, as a stream that goes on where it
    /// stopped when its server or its cursor is lost.
    ///
    /// A document that is there and matches from the scan's first moment to its last comes exactly once; one
    /// that is made, changed or deleted meanwhile comes once or not at all. What was lost is asked for
    /// again from the last `_id` on, under the guard as every find, without the caller's doing: after a
    /// failover, where the server has forgotten a cursor that nobody read from for ten minutes, and where a
    /// cursor has used up the time that the server gave it as a whole. The walk is along the index on `_id`,
    /// whatever the filter: of few documents among many [`find`](Self::find) is the faster way, or a
    /// [`hint`](Scan::hint). A `$text` has an index of its own, so MongoDB refuses it here.
    ///
    /// ```no_run
    /// # use futures_util::TryStreamExt;
    /// # use mongoplex::{Collection, Model, Result, bson::doc};
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize)] struct Invoice { cents: i64 }
    /// # impl Model for Invoice { const COLLECTION: &str = "invoices"; }
    /// # async fn run(invoices: Collection<Invoice>) -> Result<()> {
    /// let mut unpaid = invoices.scan(doc! { "paid": false }).batch_size(500).await?;
    /// let mut cents = 0;
    /// while let Some(invoice) = unpaid.try_next().await? {
    ///     cents += invoice.cents;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`find`](Self::find). The stream ends with the last failure where it was resumed
    /// `RETRY_ATTEMPTS` times in a row without a further document, or where the find by which it goes on failed
    /// in all its attempts; at once where trying again would not help; and with
    /// [`Error::DeadlineExceeded`](crate::Error::DeadlineExceeded) where a batch was not there in its time
    /// (`SCAN_DEADLINE`, or [`Scan::timeout`]). Where the circuit opens meanwhile, or no place is free, it
    /// waits as long.
    ///
    /// # Cancel safety
    /// Dropping it, begun or not, changes nothing.
    pub fn scan(&self, filter: Document) -> Scan<M> {
        let by_id = doc! { "_id": 1 };
        Scan {
            target: self.target.clone(),
            filter,
            options: FindOptions::builder()
                .sort(by_id.clone())
                // Along another index a document that moves in it meanwhile is missed, or met twice.
                .hint(Hint::Keys(by_id))
                .build(),
            model: PhantomData,
        }
    }
}

impl<M> Scan<M> {
    /// Returns the scan with the fields that come back, in the driver's terms; `_id` always comes along.
    pub fn projection(mut self, projection: impl Into<Document>) -> Self {
        self.options.projection = Some(with_id(projection.into()));
        self
    }

    /// Returns the scan with the most documents that it returns in all; 0, the default, is no limit.
    pub fn limit(mut self, limit: u64) -> Self {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.options.limit = Some(limit).filter(|limit| *limit > 0);
        self
    }

    /// Returns the scan with the most documents of a batch; by default what MongoDB finds good, which
    /// is 101 in the first one and 16 MB in the others.
    pub fn batch_size(mut self, batch_size: u32) -> Self {
        self.options.batch_size = Some(batch_size);
        self
    }

    /// Returns the scan with the index along which MongoDB looks, in place of the one on `_id`. A
    /// document that moves in that index meanwhile may be missed or come twice; one that begins with fields
    /// that the filter holds to one value each, and ends with `_id`, needs no sorting.
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.options.hint = Some(hint.into());
        self
    }

    /// Returns the scan with the time that each of its finds and batches has, instead of `SCAN_DEADLINE`.
    /// It still does not outlive the deadline of the handle it came from.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.target.timeout = Some(timeout);
        self
    }

    /// Returns the scan with its documents as they are stored: the model with its `_id` and the
    /// library's stamps.
    pub fn stored(self) -> Scan<Stored<M>> {
        self.typed()
    }

    /// Returns the scan with its documents undecoded; see [`Collection::decode`].
    pub fn raw(self) -> Scan<RawDocumentBuf> {
        self.typed()
    }

    fn typed<U>(self) -> Scan<U> {
        Scan {
            target: self.target,
            filter: self.filter,
            options: self.options,
            model: PhantomData,
        }
    }
}

impl<M: DeserializeOwned + Send + 'static> IntoFuture for Scan<M> {
    type Output = Result<Cursor<'static, M>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let target = self.target.clone();
            if let Some(joint) = &target.joint {
                return Err(joint.refusal(IN_TRANSACTION));
            }
            let walk = Walk::begin(self.target, self.filter, self.options).await?;
            let batches = stream::try_unfold(walk, |mut walk| async {
                let batch = walk.next().await?;
                Ok(batch.map(|batch| (batch, walk)))
            });
            let batches = batches.boxed();
            Ok(Cursor::scanned(Scanned { target, batches }))
        })
    }
}

impl<M> fmt::Debug for Scan<M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Scan({})", self.target.namespace)
    }
}

/// The batches of a scan that has begun.
pub(super) struct Scanned {
    pub(super) target: Target,
    pub(super) batches: BoxStream<'static, Result<RawBatch>>,
}

impl Scanned {
    /// Nothing follows, whatever the server has.
    pub(super) fn end(&mut self) {
        self.batches = stream::empty().boxed();
    }
}

/// Returns a projection that lets the whole `_id` through, which it does where it says nothing of it.
fn with_id(projection: Document) -> Document {
    let lets_through = |key: &str, value: &Bson| match key {
        "_id" => match value {
            Bson::Boolean(is) => *is,
            Bson::Int32(is) => *is != 0,
            Bson::Int64(is) => *is != 0,
            Bson::Double(is) => *is != 0.0,
            _ => false,
        },
        // A part of it.
        key => !key.starts_with("_id."),
    };
    let fields = projection.into_iter();
    fields
        .filter(|(key, value)| lets_through(key, value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_projection_keeps_the_id_back() {
        for (asked, sent) in [
            (doc! { "a": 1 }, doc! { "a": 1 }),
            (doc! { "a": 0 }, doc! { "a": 0 }),
            (doc! { "_id": 1 }, doc! { "_id": 1 }),
            (doc! { "_id": true, "a": 1 }, doc! { "_id": true, "a": 1 }),
            (doc! { "_id": 0, "a": 1 }, doc! { "a": 1 }),
            (doc! { "_id": false, "a": 0 }, doc! { "a": 0 }),
            (doc! { "_id": "$other", "a": 1 }, doc! { "a": 1 }),
            (doc! { "_id": { "x": 1 }, "a": 1 }, doc! { "a": 1 }),
            (doc! { "_id.x": 1, "a": 1 }, doc! { "a": 1 }),
        ] {
            assert_eq!(with_id(asked.clone()), sent, "{asked}");
        }
    }
}
