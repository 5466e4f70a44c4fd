//! A stream of documents, decoded batch by batch.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

use futures_util::Stream;
use mongodb::{ClientSession, raw_batch_cursor::RawBatch};
use serde::de::DeserializeOwned;

use super::{
    batches::{self, Batches, Fetch},
    document,
    scan::Scanned,
    target::Target,
};
use crate::{
    error::{Error, Result},
    slow::Inputs,
};

/// The documents of a find, an aggregate or a scan: a [`Stream`], one document at a time.
///
/// Each batch is a call of its own for the guard: circuit, places and record hold for it, and it has the
/// deadline of a scan; the server besides holds the whole cursor's work to the `maxTimeMS` that was
/// sent with the first batch. Between two batches nothing is under way, so that a stream that is held
/// open takes no place among the calls; one that was asked for a batch and is then no longer polled keeps
/// its place until it is polled or dropped. After an error the stream ends; the one of a
/// [`scan`](super::Collection::scan) goes on after a failover. Dropping it lets the server forget the cursor.
pub struct Cursor<'s, M> {
    source: Source<'s>,
    documents: vec::IntoIter<Result<M>>,
}

/// Where the batches come from.
enum Source<'s> {
    Fetch(Fetch<'s>),
    Scan(Scanned),
}

impl Source<'_> {
    fn target(&self) -> &Target {
        match self {
            Self::Fetch(fetch) => &fetch.target,
            Self::Scan(scanned) => &scanned.target,
        }
    }

    fn end(&mut self) {
        match self {
            Self::Fetch(fetch) => fetch.end(),
            Self::Scan(scanned) => scanned.end(),
        }
    }

    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<RawBatch>>> {
        match self {
            Self::Fetch(fetch) => Pin::new(fetch).poll_next(context),
            Self::Scan(scanned) => Pin::new(&mut scanned.batches).poll_next(context),
        }
    }
}

impl<'s, M: DeserializeOwned> Cursor<'s, M> {
    pub(super) fn new(
        reply: (Batches, Option<RawBatch>),
        target: Target,
        session: Option<&'s mut ClientSession>,
        inputs: Option<Arc<dyn Inputs>>,
    ) -> Self {
        let fetch = Fetch::new(reply, target, session, inputs);
        Self::of(Source::Fetch(fetch))
    }

    pub(super) fn scanned(scanned: Scanned) -> Self {
        Self::of(Source::Scan(scanned))
    }

    fn of(source: Source<'s>) -> Self {
        let documents = Vec::new().into_iter();
        Self { source, documents }
    }

    /// Makes the documents of the next batch ready; `None` at the end.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<()>>> {
        let Some(batch) = ready!(self.source.poll_batch(context)) else {
            return Poll::Ready(None);
        };
        let target = self.source.target();
        let decoded = batch.and_then(|batch| {
            decode(&batch, target)
                .map_err(|error| Error::from_driver(&batches::get_more(target), error))
        });
        let taken = decoded.map(|documents| self.documents = documents);
        if taken.is_err() {
            self.source.end();
        }
        Poll::Ready(Some(taken))
    }
}

impl<'s, M> Cursor<'s, M> {
    /// Returns the batches behind it, for a scan, which counts them itself.
    pub(super) fn into_fetch(self) -> Option<Fetch<'s>> {
        match self.source {
            Source::Fetch(fetch) => Some(fetch),
            Source::Scan(_) => None,
        }
    }
}

/// Decodes a batch; the first document that does not fit ends the stream.
fn decode<M: DeserializeOwned>(
    batch: &RawBatch,
    target: &Target,
) -> mongodb::error::Result<vec::IntoIter<Result<M>>> {
    let mut documents = Vec::new();
    for document in batch.doc_slices()? {
        let document = document?;
        let Some(document) = document.as_document() else {
            continue;
        };
        documents.push(document::decode(document, &target.namespace));
    }
    Ok(documents.into_iter())
}

impl<M: DeserializeOwned> Stream for Cursor<'_, M> {
    type Item = Result<M>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.documents.next() {
                Some(Ok(document)) => return Poll::Ready(Some(Ok(document))),
                Some(Err(error)) => {
                    this.source.end();
                    this.documents = Vec::new().into_iter();
                    return Poll::Ready(Some(Err(error)));
                }
                None => match ready!(this.poll_batch(context)) {
                    Some(Ok(())) => {}
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    None => return Poll::Ready(None),
                },
            }
        }
    }
}

impl<M> Unpin for Cursor<'_, M> {}

impl<M> fmt::Debug for Cursor<'_, M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cursor({})", self.source.target().namespace)
    }
}
