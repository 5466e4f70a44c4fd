//! The verbs: one table row each of inputs, options, class and how the driver is called.
//!
//! To add one: its row in reads.rs, writes.rs or indexes.rs, its setters in options.rs, and its method
//! on [`Collection`](super::Collection).

mod explain;
mod instead;
mod options;

use std::{future::Future, time::Duration};

use futures_util::TryStreamExt;
use mongodb::{
    ClientSession, IndexModel,
    bson::{Bson, Document, RawDocumentBuf},
    error::Result as Driver,
    options as o,
    raw_batch_cursor::RawBatch,
    results::{DeleteResult, InsertManyResult, InsertOneResult, UpdateResult},
};
use serde::de::DeserializeOwned;

pub use self::{explain::Explained, options::Bounded};
use super::{
    asked::{self, Kept},
    batches::Batches,
    call::Given,
    changes::{Changes, Events},
    cursor::Cursor,
    document::{self, Encoded, New},
    repeat,
    target::Target,
    upkeep::View,
};
use crate::{
    error::Result,
    guard::{Class, Resend},
    slow::Query,
};

type Raw = mongodb::Collection<RawDocumentBuf>;
type Session<'s> = Option<&'s mut ClientSession>;

/// A verb: what [`Call`](super::Call) needs to know of it. Implemented here only.
pub trait Verb: Send + Sync + Sized + 'static {
    /// The driver's options.
    type Options: Bounded;
    /// What the driver answers.
    type Reply: Send;
    /// What the caller gets.
    type Output<'s, M>;
    /// Its name, as in the driver.
    const NAME: &'static str;
    /// How much time it needs.
    const CLASS: Class;

    /// Returns whether it may be sent again, judged by what the caller gave, before it is prepared.
    fn resend(&self, options: &Self::Options, target: &Target) -> Resend;

    /// Passes the inputs through the scope and reports those that are no documents.
    fn prepare(&mut self, target: &Target) -> Result<()>;

    /// Returns what it asks for, of which its shape is made should it be slow.
    fn asks<'a>(&'a self, options: &'a Self::Options) -> Query<'a>;

    /// Returns what explains it on a collection, where it only reads.
    fn explain(&self, _: &Self::Options, _: &str) -> Option<Explained> {
        None
    }

    /// Calls the driver. The options are made where they are handed over: they are large, and a future
    /// that holds them is stored with them.
    fn send<'a>(
        &'a self,
        on: &'a Raw,
        options: impl FnOnce() -> Self::Options + Send + 'a,
        session: Session<'a>,
    ) -> impl Future<Output = Driver<Self::Reply>> + Send + 'a;

    /// Returns what the answer to a repeat means, after an attempt that may have been applied. What it has
    /// to look up takes the server at most the time that is given.
    fn settle<'a>(
        &'a self,
        _: &'a Raw,
        _: Self::Options,
        _: Duration,
        reply: Driver<Self::Reply>,
    ) -> impl Future<Output = Driver<Self::Reply>> + Send + 'a {
        std::future::ready(reply)
    }

    /// Turns the answer into what the caller gets.
    fn finish<'s, M: DeserializeOwned>(
        self,
        options: Given<Self::Options>,
        reply: Self::Reply,
        target: &Target,
        session: Session<'s>,
    ) -> Result<Self::Output<'s, M>>;
}

/// Awaits an action of the driver, in the session where there is one.
macro_rules! act {
    ($action:expr, $session:ident) => {
        match $session {
            Some(session) => $action.session(session).await,
            None => $action.await,
        }
    };
}

/// Awaits an action of the driver that returns a cursor, and takes the batch that came with it.
macro_rules! batches {
    ($action:expr, $session:ident) => {
        match $session {
            Some(session) => {
                let cursor = $action.session(&mut *session).batch().await?;
                let mut batches = Batches::InSession(Box::new(cursor));
                let first = batches.next(Some(session)).await?;
                Ok((batches, first))
            }
            None => {
                let mut batches = Batches::Plain(Box::new($action.batch().await?));
                let first = batches.next(None).await?;
                Ok((batches, first))
            }
        }
    };
}

/// How a reply becomes an output: as it is, one document, a stream, or events.
macro_rules! output {
    (plain $reply:ty) => {
        type Reply = $reply;
        type Output<'s, M> = $reply;

        fn finish<'s, M: DeserializeOwned>(
            self,
            _: Given<Self::Options>,
            reply: $reply,
            _: &Target,
            _: Session<'s>,
        ) -> Result<$reply> {
            Ok(reply)
        }
    };
    (document) => {
        type Reply = Option<RawDocumentBuf>;
        type Output<'s, M> = Option<M>;

        fn finish<'s, M: DeserializeOwned>(
            self,
            _: Given<Self::Options>,
            reply: Option<RawDocumentBuf>,
            target: &Target,
            _: Session<'s>,
        ) -> Result<Option<M>> {
            reply
                .map(|found| document::decode(&found, &target.namespace))
                .transpose()
        }
    };
    (stream) => {
        type Reply = (Batches, Option<RawBatch>);
        type Output<'s, M> = Cursor<'s, M>;

        fn finish<'s, M: DeserializeOwned>(
            self,
            options: Given<Self::Options>,
            reply: Self::Reply,
            target: &Target,
            session: Session<'s>,
        ) -> Result<Cursor<'s, M>> {
            let kept = Kept::of(
                self,
                options,
                target,
                &reply.1,
                asked::Session::of(&session),
            );
            Ok(Cursor::new(reply, target.clone(), session, kept))
        }
    };
    (changes) => {
        type Reply = Events;
        type Output<'s, M> = Changes<'s, M>;

        fn finish<'s, M: DeserializeOwned>(
            self,
            _: Given<Self::Options>,
            reply: Self::Reply,
            target: &Target,
            session: Session<'s>,
        ) -> Result<Changes<'s, M>> {
            Ok(Changes::new(reply, target.clone(), session))
        }
    };
}

/// Writes a verb from its row: the four closures are the bodies of the trait's functions.
macro_rules! verb {
    (
        $(#[$doc:meta])*
        $verb:ident = $name:literal, $class:ident, $options:ident { $($field:ident: $type:ty),* } -> $($output:tt)+
    ) => { verb! { @split [$(#[$doc])* $verb, $name, $class, $options, $($field: $type),*] $($output)+ } };
    (@split [$(#[$doc:meta])* $verb:ident, $name:literal, $class:ident, $options:ident, $($field:ident: $type:ty),*]
        [$($output:tt)+]
        resend: |$this:pat_param, $given:pat_param, $to:pat_param| $resend:expr,
        prepare: |$that:pat_param, $target:pat_param| $prepare:expr,
        asks: |$asking:pat_param, $set:pat_param| $asks:expr,
        $(explain: |$reading:pat_param, $chosen:pat_param, $where:pat_param| $explain:expr,)?
        $(again: |$mine:pat_param, $there:ident, $same:pat_param, $time:ident, $reply:ident| $again:expr,)?
        send: |$own:pat_param, $on:ident, $with:ident, $session:ident| $send:expr $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $verb { $(pub(in crate::collection) $field: $type),* }

        impl Verb for $verb {
            type Options = o::$options;
            const NAME: &'static str = $name;
            const CLASS: Class = Class::$class;
            output! { $($output)+ }

            fn resend(&self, $given: &o::$options, $to: &Target) -> Resend {
                let $this = self;
                $resend
            }

            fn prepare(&mut self, $target: &Target) -> Result<()> {
                let $that = self;
                $prepare
            }

            fn asks<'a>(&'a self, $set: &'a o::$options) -> Query<'a> {
                let $asking = self;
                $asks
            }

            $(fn explain(&self, $chosen: &o::$options, $where: &str) -> Option<Explained> {
                let $reading = self;
                $explain
            })?

            async fn send<'a>(
                &'a self,
                $on: &'a Raw,
                $with: impl FnOnce() -> o::$options + Send + 'a,
                $session: Session<'a>,
            ) -> Driver<Self::Reply> {
                let ($own, $with) = (self, $with());
                $send
            }

            $(async fn settle<'a>(
                &'a self,
                $there: &'a Raw,
                $same: o::$options,
                $time: Duration,
                $reply: Driver<Self::Reply>,
            ) -> Driver<Self::Reply> {
                let $mine = self;
                $again
            })?
        }
    };
}

mod indexes;
mod reads;
mod writes;

pub use self::{indexes::*, reads::*, writes::*};

/// Returns a document that [`Verb::prepare`] has passed; a bad one never gets here.
fn encoded(document: &Encoded) -> RawDocumentBuf {
    document.clone().unwrap_or_default()
}

/// A replacement: the document, and where stamps are kept the update that does the same with them.
#[derive(Debug)]
pub struct Replacement {
    pub(super) document: Encoded,
    pub(super) update: Option<o::UpdateModifications>,
}

impl Replacement {
    pub(super) fn new(document: Encoded) -> Self {
        Self {
            document,
            update: None,
        }
    }
}

/// What is written instead of deleting, where deleting only marks.
#[derive(Debug, Default)]
pub struct Mark(pub(super) Option<o::UpdateModifications>);
