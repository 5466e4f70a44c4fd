//! The batches of a cursor, as they come: each one a call of its own under the guard.
//!
//! Nothing is fetched ahead: between two batches nothing is under way, so a stream that is held open
//! holds no place among the calls.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures_util::{Stream, StreamExt, future::BoxFuture};
use mongodb::{
    ClientSession,
    raw_batch_cursor::{RawBatch, RawBatchCursor, SessionRawBatchCursor},
};

use super::{joint::Joint, target::Target};
use crate::{
    error::{Error, Result},
    guard::{Class, Operation, Resend, Told},
    slow::Inputs,
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

/// The batches of one cursor. After an error it ends, but for one that found no place; dropped it lets the
/// server forget the cursor.
pub(super) struct Fetch<'s> {
    first: Option<RawBatch>,
    state: State<'s>,
    pub(super) target: Target,
    /// Those of the call that began it, where batches may follow.
    inputs: Option<Arc<dyn Inputs>>,
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

impl<'s> Fetch<'s> {
    pub(super) fn new(
        (batches, first): (Batches, Option<RawBatch>),
        target: Target,
        session: Option<&'s mut ClientSession>,
        inputs: Option<Arc<dyn Inputs>>,
    ) -> Self {
        Self {
            first,
            state: State::Idle(batches, session),
            target,
            inputs,
        }
    }

    /// Nothing follows, whatever the server has.
    pub(super) fn end(&mut self) {
        self.state = State::Done;
    }

    fn poll_fetch(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<RawBatch>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Poll::Ready(Ok(None)),
                State::Idle(batches, session) => {
                    let way = (self.target.clone(), self.inputs.clone());
                    let fetching = fetch(way, batches, session);
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

impl Stream for Fetch<'_> {
    type Item = Result<RawBatch>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let fetched = match this.first.take() {
            Some(first) => Ok(Some(first)),
            None => ready!(this.poll_fetch(context)),
        };
        let goes_on = match &fetched {
            Ok(Some(batch)) => !is_last(batch),
            // It was not sent: a scan may try again.
            Err(Error::Overloaded { .. }) => true,
            Ok(None) | Err(_) => false,
        };
        if !goes_on {
            this.end();
        }
        Poll::Ready(fetched.transpose())
    }
}

/// Returns whether the server says that nothing follows: a cursor id of zero.
pub(super) fn is_last(batch: &RawBatch) -> bool {
    let cursor = batch.as_raw_document().get_document("cursor");
    cursor
        .and_then(|cursor| cursor.get_i64("id"))
        .is_ok_and(|id| id == 0)
}

/// Returns the operation of a later batch. It only reads, also where its pipeline has written: that was
/// done before the first batch came.
pub(super) fn get_more(target: &Target) -> Operation {
    target.operation("getMore", Class::Scan, Resend::Read)
}

async fn fetch<'s>(
    (target, inputs): (Target, Option<Arc<dyn Inputs>>),
    mut batches: Batches,
    mut session: Option<&'s mut ClientSession>,
) -> Fetched<'s> {
    let operation = get_more(&target);
    let operation = match &inputs {
        Some(inputs) => operation.told(&**inputs),
        None => operation.into(),
    };
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
    operation: Told<'_>,
    batches: &mut Batches,
) -> Result<Option<RawBatch>> {
    let mut lease = joint.lend().await?;
    let guard = &target.guard;
    let sent = guard.once(operation, |_| batches.next(lease.session()));
    let fetched = sent.await;
    lease.settle(&fetched);
    fetched
}
