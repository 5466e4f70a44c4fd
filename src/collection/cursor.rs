//! A stream of documents, guarded batch by batch.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_util::{Stream, StreamExt, future::BoxFuture};
use mongodb::{
    ClientSession,
    raw_batch_cursor::{RawBatch, RawBatchCursor, SessionRawBatchCursor},
};
use serde::de::DeserializeOwned;

use super::{document, joint::Joint, target::Target};
use crate::{
    error::{Error, Result},
    guard::{Class, Operation, Resend},
};

/// The driver's cursor of a find or an aggregate, with or without a session.
pub enum Batches {
    Plain(Box<RawBatchCursor>),
    InSession(Box<SessionRawBatchCursor>),
}

impl Batches {
    /// Returns the next batch; the first one came with the reply and costs nothing.
    pub(super) async fn next(
        &mut self,
        session: Option<&mut ClientSession>,
    ) -> mongodb::error::Result<Option<RawBatch>> {
        match (self, session) {
            (Self::Plain(cursor), _) => cursor.next().await.transpose(),
            (Self::InSession(cursor), Some(session)) => {
                cursor.stream(session).next().await.transpose()
            }
            (Self::InSession(_), None) => Ok(None),
        }
    }
}

/// The documents of a find or an aggregate: a [`Stream`], one document at a time.
///
/// Each batch is a call of its own for the guard, with the deadline of a scan; the server besides
/// holds the whole cursor's work to the `maxTimeMS` that was sent with the first batch. After an
/// error the stream ends. Dropping it lets the server forget the cursor.
pub struct Cursor<'s, M> {
    first: Option<RawBatch>,
    state: State<'s>,
    target: Target,
    documents: vec::IntoIter<Result<M>>,
}

enum State<'s> {
    Idle(Batches, Option<&'s mut ClientSession>),
    Fetching(BoxFuture<'s, Fetched<'s>>),
    Done,
}

type Fetched<'s> = (
    Batches,
    Option<&'s mut ClientSession>,
    Result<Option<RawBatch>>,
);

impl<'s, M: DeserializeOwned> Cursor<'s, M> {
    pub(super) fn new(
        (batches, first): (Batches, Option<RawBatch>),
        target: Target,
        session: Option<&'s mut ClientSession>,
    ) -> Self {
        Self {
            first,
            state: State::Idle(batches, session),
            target,
            documents: Vec::new().into_iter(),
        }
    }

    /// Decodes a batch; the first document that does not fit ends the stream.
    fn take(&mut self, batch: &RawBatch) -> mongodb::error::Result<()> {
        let namespace = &self.target.namespace;
        let mut documents = Vec::new();
        for document in batch.doc_slices()? {
            let document = document?;
            let Some(document) = document.as_document() else {
                continue;
            };
            documents.push(document::decode(document, namespace));
        }
        self.documents = documents.into_iter();
        Ok(())
    }

    /// Makes the documents of the next batch ready; `None` at the end.
    fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<()>>> {
        let fetched = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => ready!(self.poll_fetch(context)),
        };
        let Some(batch) = fetched.transpose() else {
            return Poll::Ready(None);
        };
        let taken = batch.and_then(|batch| {
            if is_last(&batch) {
                self.state = State::Done;
            }
            self.take(&batch).map_err(|error| {
                let operation = self.target.operation("getMore", Class::Scan, Resend::Read);
                Error::from_driver(&operation, error)
            })
        });
        if taken.is_err() {
            self.state = State::Done;
        }
        Poll::Ready(Some(taken))
    }

    fn poll_fetch(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<RawBatch>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Poll::Ready(Ok(None)),
                State::Idle(batches, session) => {
                    let fetching = fetch(self.target.clone(), batches, session);
                    self.state = State::Fetching(Box::pin(fetching));
                }
                State::Fetching(mut future) => {
                    let Poll::Ready((batches, session, fetched)) = future.as_mut().poll(context)
                    else {
                        self.state = State::Fetching(future);
                        return Poll::Pending;
                    };
                    self.state = State::Idle(batches, session);
                    return Poll::Ready(fetched);
                }
            }
        }
    }
}

/// Returns whether the server says that nothing follows: a cursor id of zero.
fn is_last(batch: &RawBatch) -> bool {
    let cursor = batch.as_raw_document().get_document("cursor");
    cursor
        .and_then(|cursor| cursor.get_i64("id"))
        .is_ok_and(|id| id == 0)
}

async fn fetch<'s>(
    target: Target,
    mut batches: Batches,
    mut session: Option<&'s mut ClientSession>,
) -> Fetched<'s> {
    let operation = target.operation("getMore", Class::Scan, Resend::Read);
    let fetched = match &target.joint {
        None => {
            let guard = &target.guard;
            let sent = guard.once(operation, |_| batches.next(session.as_deref_mut()));
            sent.await
        }
        Some(joint) => in_transaction(joint, &target, operation, &mut batches).await,
    };
    (batches, session, fetched)
}

async fn in_transaction(
    joint: &Joint,
    target: &Target,
    operation: Operation,
    batches: &mut Batches,
) -> Result<Option<RawBatch>> {
    let mut lease = joint.lend().await?;
    let sent = target
        .guard
        .once(operation, |_| batches.next(lease.session()));
    let fetched = sent.await;
    lease.settle(&fetched);
    fetched
}

impl<M: DeserializeOwned> Stream for Cursor<'_, M> {
    type Item = Result<M>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.documents.next() {
                Some(Ok(document)) => return Poll::Ready(Some(Ok(document))),
                Some(Err(error)) => {
                    this.state = State::Done;
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
        write!(out, "Cursor({})", self.target.namespace)
    }
}
