//! The walk of a scan: one find after another, each from the last `_id` on.

use std::time::Duration;

use futures_util::StreamExt;
use mongodb::{
    bson::{Bson, Document, RawDocumentBuf, doc},
    options::FindOptions,
    raw_batch_cursor::RawBatch,
};
use tokio::time::{Instant, timeout};

use crate::{
    collection::{
        Call,
        batches::{Fetch, get_more},
        target::Target,
        verb::Find,
    },
    error::{Error, Failure, Result},
    guard::{Deadline, Guard},
    pauses::Pauses,
};

/// The pauses before a scan goes on once more without having got any further, or where the server is busy.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How far a scan has come, and how it goes on.
pub(super) struct Walk {
    target: Target,
    filter: Document,
    /// With what is left of the caller's limit.
    options: FindOptions,
    /// The cursor under way; none after a failure.
    fetch: Option<Fetch<'static>>,
    last: Last,
    /// Resumes since the last document.
    resumes: u32,
    pauses: Pauses,
    /// Since the guard refused a call, until when that is waited for; none once documents came.
    refused: Option<Deadline>,
}

/// The `_id` of the last document that came.
enum Last {
    /// None came yet.
    Start,
    Id(Bson),
    /// One came without: nothing says where to go on.
    Unknown,
}

impl Walk {
    /// Makes the first find.
    pub(super) async fn begin(
        target: Target,
        filter: Document,
        options: FindOptions,
    ) -> Result<Self> {
        let mut walk = Self {
            target,
            filter,
            options,
            fetch: None,
            last: Last::Start,
            resumes: 0,
            pauses: Pauses::full_jitter(PAUSE, LONGEST_PAUSE),
            refused: None,
        };
        walk.find().await?;
        Ok(walk)
    }

    /// Returns the next batch, however many finds that takes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RawBatch>> {
        // Nothing is left of the caller's limit: to the server that would be none.
        while self.options.limit != Some(0) {
            let Some(fetch) = &mut self.fetch else {
                // Its attempts are the guard's: what they did not help is not tried again here.
                if let Err(error) = self.find().await {
                    self.wait_out(error).await?;
                }
                continue;
            };
            let began = Instant::now();
            match fetch.next().await.transpose() {
                // It was not sent, and the cursor is as it was.
                Err(error @ Error::Overloaded { .. }) => self.wait_out(error).await?,
                Err(error) if is_gone(&error) || is_used_up(&error, began.elapsed()) => {
                    self.resume(error).await?;
                }
                batch => return batch.and_then(|batch| self.noted(batch)),
            }
        }
        Ok(None)
    }

    /// Waits before a call that the guard refused is made again: it was not sent, and costs the deployment
    /// nothing; and at a kill all batches under way fail at once, which opens the circuit. Ends with an error that
    /// is no refusal, and once refusals have taken the time of a batch.
    async fn wait_out(&mut self, error: Error) -> Result<()> {
        let guard = self.target.guard.clone();
        let batch = get_more(&self.target);
        let until = self.refused.get_or_insert_with(|| guard.deadline(&batch));
        match error.retry_after() {
            Some(pause) if pause < until.remaining() => {
                wait(&guard, pause.max(PAUSE)).await;
                Ok(())
            }
            _ => Err(error),
        }
    }

    async fn find(&mut self) -> Result<()> {
        let find = Find {
            filter: self.rest(),
        };
        let call = Call::<RawDocumentBuf, _>::new(self.target.clone(), find);
        let found = call.with_options(self.options.clone()).await?;
        self.fetch = found.into_fetch();
        Ok(())
    }

    /// Returns the filter of what has not come yet.
    fn rest(&self) -> Document {
        match &self.last {
            // As an expression: `{ _id: { $gt: … } }` matches values of the same type only, and would
            // end the scan where the type changes.
            Last::Id(id) => {
                let further = doc! { "$expr": { "$gt": ["$_id", { "$literal": id }] } };
                doc! { "$and": [self.filter.clone(), further] }
            }
            Last::Start | Last::Unknown => self.filter.clone(),
        }
    }

    /// Makes the next step a new find, or ends with the error where that makes no sense any more.
    async fn resume(&mut self, error: Error) -> Result<()> {
        let is_lost = matches!(self.last, Last::Unknown);
        if is_lost || self.resumes >= self.target.guard.attempts() {
            return Err(error);
        }
        tracing::warn!(
            db.logical = self.target.database,
            db.namespace = %self.target.namespace,
            "a scan goes on from its last document: {error}"
        );
        self.fetch = None;
        if self.resumes > 0 || is_busy(&error) {
            wait(&self.target.guard, self.pauses.pause()).await;
        }
        self.resumes += 1;
        Ok(())
    }

    /// Takes note of how far a batch goes.
    fn noted(&mut self, batch: Option<RawBatch>) -> Result<Option<RawBatch>> {
        if let Some(batch) = &batch {
            self.note(batch)
                .map_err(|error| Error::from_driver(&get_more(&self.target), error))?;
        }
        Ok(batch)
    }

    fn note(&mut self, batch: &RawBatch) -> mongodb::error::Result<()> {
        let (mut count, mut last) = (0, None);
        for document in batch.doc_slices()? {
            last = document?.as_document();
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        let id = last.and_then(|last| Bson::try_from(last.get("_id").ok()??).ok());
        self.last = id.map_or(Last::Unknown, Last::Id);
        self.options.limit = self.options.limit.map(|left| (left - count).max(0));
        self.resumes = 0;
        self.pauses.reset();
        self.refused = None;
        Ok(())
    }
}

/// Waits, and no longer than until the databases shut down.
async fn wait(guard: &Guard, pause: Duration) {
    // Either end will do.
    let _ = timeout(pause, guard.closing()).await;
}

/// Returns whether the server, the connection or the cursor is gone, those of others just went, or the server
/// could not answer now.
fn is_gone(error: &Error) -> bool {
    match error {
        Error::Driver { cause, .. } => matches!(
            cause.failure(),
            Failure::NotSent | Failure::Interrupted | Failure::Overload | Failure::Conflict
        ),
        Error::CircuitOpen { .. } => true,
        _ => false,
    }
}

fn is_busy(error: &Error) -> bool {
    matches!(error, Error::Driver { cause, .. } if cause.failure() == Failure::Overload)
}

/// Returns whether a batch ended early because of all the batches before it: the `maxTimeMS` of a find holds
/// for its cursor as a whole. One that took all of its own time is late.
fn is_used_up(error: &Error, elapsed: Duration) -> bool {
    matches!(error, Error::DeadlineExceeded { limit, .. } if elapsed < *limit)
}
