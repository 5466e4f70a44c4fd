//! Changes many documents while others are written: on the server, batch by batch along the index on
//! `_id`, recorded after each batch, until none is left.
//!
//! One `updateMany` over all of them would make every other write wait for it; documents that are read,
//! changed here and written back would lose what others write in between.

mod pace;

use std::time::Duration;

use mongodb::{
    bson::{Bson, Document, doc},
    options::{Acknowledgment, Hint, UpdateOptions, WriteConcern},
};
use tokio::time::{Instant, sleep};

use self::pace::Pace;
use super::{
    body::{Place, StepError},
    perform::{Cause, Performer},
    records::Change,
    row::Row,
    work::Work,
};
use crate::{collection::Collection, control::CrashPoint};

/// How often the whole collection is gone through for documents that others have written in the old shape
/// meanwhile, before that is given up.
const PASSES: u32 = 10;

/// How long one batch may take, and how long counting what is left.
const LIMIT: Duration = Duration::from_secs(60);
const COUNT_LIMIT: Duration = Duration::from_secs(600);

/// How often it is looked whether secondaries have come closer.
const LOOK: Duration = Duration::from_millis(500);

/// Documents that are to be changed, and how.
///
/// Batches are sent by ranges of `_id`; one that was sent before a crash and not recorded is sent again. So
/// the filter must match no document that is done: then nothing is changed twice. It ends once no
/// document matches any more.
///
/// ```
/// use mongoplex::{bson::doc, migrate::{Backfill, Step}};
///
/// let full = doc! { "$set": { "fullName": { "$concat": ["$firstName", " ", "$lastName"] } } };
/// let step = Step::backfill("full names", Backfill::new("people", doc! { "fullName": null }, [full]));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Backfill {
    collection: &'static str,
    filter: Document,
    pipeline: Vec<Document>,
    batch: u32,
    target: Duration,
    most_lag: Duration,
}

impl Backfill {
    /// Returns a backfill of the documents of a collection that a filter matches, each changed by the
    /// stages of an update pipeline, such as `{ "$set": … }`.
    #[must_use]
    pub fn new(
        collection: &'static str,
        filter: Document,
        pipeline: impl IntoIterator<Item = Document>,
    ) -> Self {
        Self {
            collection,
            filter,
            pipeline: pipeline.into_iter().collect(),
            batch: 1_000,
            target: Duration::from_millis(100),
            most_lag: Duration::from_secs(2),
        }
    }

    /// Returns it with another number of documents in the first batch, 50 to 5,000; default 1,000. Later ones
    /// are as large as [`target`](Self::target) lets them be.
    #[must_use]
    pub fn batch(self, batch: u32) -> Self {
        Self { batch, ..self }
    }

    /// Returns it with another time that a batch is to take; default 100 ms. Writes of others wait about
    /// half of that.
    #[must_use]
    pub fn target(self, target: Duration) -> Self {
        Self { target, ..self }
    }

    /// Returns it with another lag of the slowest secondary above which it waits; default 2 s.
    #[must_use]
    pub fn most_lag(self, most_lag: Duration) -> Self {
        Self { most_lag, ..self }
    }

    /// Returns what its hash is made of: not how fast it goes.
    pub(super) fn rendered(&self) -> Document {
        let Self {
            collection,
            filter,
            pipeline,
            ..
        } = self;
        doc! { "on": *collection, "filter": filter, "pipeline": pipeline }
    }

    /// Carries it out, from where its progress says it is.
    pub(super) async fn run(
        &self,
        performer: &Performer,
        place: &Place,
        row: &Row,
        work: &Work<'_>,
    ) -> Result<(), StepError> {
        let id = work.listed.id;
        let documents = place.collection(self.collection);
        let entry = row.ledger.get(id);
        let mut last = entry.and_then(|entry| entry.progress.as_ref()?.get("last").cloned());
        let mut pace = Pace::new(self.batch, self.target);
        for _ in 0..PASSES {
            loop {
                self.wait_for_secondaries(performer, place).await?;
                last = self.one(&documents, last, &mut pace).await?;
                CrashPoint::BetweenBatches.pass();
                keep(performer, row, id, last.as_ref()).await?;
                if last.is_none() {
                    break;
                }
            }
            if self.left(&documents).await? == 0 {
                return Ok(());
            }
        }
        let left = self.left(&documents).await?;
        Err(StepError::refused(format!(
            "{left} documents of `{}` are still as they were after {PASSES} passes: somebody goes on writing them in the old shape; release what writes the new one first",
            self.collection
        )))
    }

    /// Changes the batch behind `last`, and returns the `_id` with which it ends; none at the end.
    async fn one(
        &self,
        documents: &Collection<Document>,
        last: Option<Bson>,
        pace: &mut Pace,
    ) -> Result<Option<Bson>, StepError> {
        let began = Instant::now();
        let behind = beyond("$gt", last);
        let end = documents
            .find_one(behind.clone().unwrap_or_default())
            .sort(doc! { "_id": 1 })
            .skip(u64::from(pace.size() - 1))
            .projection(doc! { "_id": 1 })
            .hint(by_id())
            .timeout(LIMIT);
        let end = end.await?.and_then(|found| found.get("_id").cloned());
        let range = [
            behind,
            beyond("$lte", end.clone()),
            Some(self.filter.clone()),
        ];
        let range: Vec<Document> = range.into_iter().flatten().collect();
        let options = UpdateOptions::builder()
            .hint(by_id())
            .write_concern(WriteConcern::builder().w(Acknowledgment::Majority).build());
        documents
            .update_many(doc! { "$and": range }, self.pipeline.clone())
            .with_options(options.build())
            .timeout(LIMIT)
            .await?;
        pace.learn(began.elapsed());
        Ok(end)
    }

    async fn left(&self, documents: &Collection<Document>) -> Result<u64, StepError> {
        let count = documents.count_documents(self.filter.clone());
        Ok(count.timeout(COUNT_LIMIT).await?)
    }

    /// Waits while a secondary is too far behind, as the heartbeats tell.
    async fn wait_for_secondaries(
        &self,
        performer: &Performer,
        place: &Place,
    ) -> Result<(), StepError> {
        loop {
            if !performer.lease.lasts(performer.lease.margin()) {
                return Err(StepError::Fenced);
            }
            let servers = place.connection.servers();
            let lag = servers.iter().filter_map(|server| server.lag).max();
            if lag.is_none_or(|lag| lag <= self.most_lag) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }
}

/// Returns the filter of `_id`s on one side of one, of any type: `{ _id: { $gt: … } }` matches values of
/// the same type only.
fn beyond(operator: &str, id: Option<Bson>) -> Option<Document> {
    let mut compared = Document::new();
    compared.insert(
        operator,
        vec![Bson::from("$_id"), doc! { "$literal": id? }.into()],
    );
    Some(doc! { "$expr": compared })
}

fn by_id() -> Hint {
    Hint::Keys(doc! { "_id": 1 })
}

/// Records how far it is.
async fn keep(
    performer: &Performer,
    row: &Row,
    id: &str,
    last: Option<&Bson>,
) -> Result<(), StepError> {
    let mut change = Change::of(row);
    change.set(format!("ledger.{id}.progress"), doc! { "last": last });
    let told = performer.write_progress(change).await;
    told.map_err(|cause| match cause {
        Cause::Records(error) => StepError::Database(error),
        Cause::Step(error) => error,
        Cause::Fenced | Cause::Interrupted => StepError::Fenced,
    })
}
