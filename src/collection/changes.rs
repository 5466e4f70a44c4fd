//! What happens to documents, as it happens: a change stream under the databases' shutdown.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use mongodb::{
    ClientSession,
    bson::{self, RawDocumentBuf},
    change_stream::{ChangeStream, event::ChangeStreamEvent, session::SessionChangeStream},
};
use serde::de::DeserializeOwned;

use super::target::Target;
use crate::{
    error::{Error, Result},
    guard::{Class, Resend},
    model::misfit,
};

/// The driver's stream, with or without a session.
pub enum Events {
    Plain(Box<ChangeStream<RawDocumentBuf>>),
    InSession(Box<SessionChangeStream<RawDocumentBuf>>),
}

impl Events {
    pub(super) fn plain<T: DeserializeOwned>(events: ChangeStream<T>) -> Self {
        Self::Plain(Box::new(events.with_type()))
    }

    pub(super) fn in_session<T>(events: SessionChangeStream<T>) -> Self
    where
        T: DeserializeOwned + Unpin + Send + Sync,
    {
        Self::InSession(Box::new(events.with_type()))
    }

    /// Waits for the next event, as long as that takes.
    async fn next(
        &mut self,
        session: Option<&mut ClientSession>,
    ) -> Option<mongodb::error::Result<RawDocumentBuf>> {
        match (self, session) {
            (Self::Plain(events), _) => events.next().await,
            (Self::InSession(events), Some(session)) => events.next(session).await.transpose(),
            (Self::InSession(_), None) => None,
        }
    }
}

/// The changes of a collection: a [`Stream`] of the driver's events, which waits for the next one
/// without a deadline. It ends with [`Error::ShuttingDown`] when the databases shut down, and after any
/// other error. The driver resumes it where it can; each event's `id` is the token to go on from. Polled, it
/// keeps a connection of the pool: see [`Collection::watch`](super::Collection::watch).
pub struct Changes<'s, M> {
    events: BoxStream<'s, Result<ChangeStreamEvent<M>>>,
    target: Target,
}

impl<'s, M: DeserializeOwned> Changes<'s, M> {
    pub(super) fn new(
        events: Events,
        target: Target,
        session: Option<&'s mut ClientSession>,
    ) -> Self {
        let state = Some((events, session, target.clone()));
        let events = stream::unfold(state, |state| async {
            let (mut events, mut session, target) = state?;
            let next = tokio::select! {
                next = events.next(session.as_deref_mut()) => next?,
                () = target.guard.closing() => return Some((Err(Error::ShuttingDown), None)),
            };
            let event = decode(next, &target);
            let state = event.is_ok().then_some((events, session, target));
            Some((event, state))
        });
        let events = events.boxed();
        Self { events, target }
    }
}

fn decode<M: DeserializeOwned>(
    event: mongodb::error::Result<RawDocumentBuf>,
    target: &Target,
) -> Result<ChangeStreamEvent<M>> {
    let event = event.map_err(|error| {
        let operation = target.operation("getMore", Class::Scan, Resend::Read);
        Error::from_driver(&operation, error)
    })?;
    bson::deserialize_from_slice(event.as_bytes()).map_err(|error| Error::Shape {
        namespace: target.namespace.clone(),
        reason: misfit::reason(&error),
    })
}

impl<M> Stream for Changes<'_, M> {
    type Item = Result<ChangeStreamEvent<M>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.poll_next_unpin(context)
    }
}

impl<M> fmt::Debug for Changes<'_, M> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Changes({})", self.target.namespace)
    }
}
