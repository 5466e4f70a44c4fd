//! The verbs: one table row each of inputs, options, class and how the driver is called.
//!
//! To add one: a struct, its row here, its setters below, and its method on
//! [`Collection`](super::Collection).

mod options;

use std::future::Future;

use mongodb::{
    ClientSession,
    bson::{Document, RawDocumentBuf},
    error::Result as Driver,
    options as o,
    raw_batch_cursor::RawBatch,
    results::{DeleteResult, InsertManyResult, InsertOneResult, UpdateResult},
};
use serde::de::DeserializeOwned;

pub use self::options::Bounded;
use super::{
    call::Target,
    cursor::{Batches, Cursor},
    document::{self, Encoded},
};
use crate::{
    error::Result,
    guard::{Class, Resend},
};

type Raw = mongodb::Collection<RawDocumentBuf>;
type Session<'s> = Option<&'s mut ClientSession>;

/// A verb: what [`Call`](super::Call) needs to know of it. Implemented here only.
pub trait Verb: Send + Sync + Sized {
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

    /// Returns whether it may be sent again.
    fn resend(&self, options: &Self::Options) -> Resend;

    /// Passes the inputs through the scope and reports those that are no documents.
    fn prepare(&mut self, target: &Target) -> Result<()>;

    /// Calls the driver.
    fn send<'a>(
        &'a self,
        on: &'a Raw,
        options: Self::Options,
        session: Session<'a>,
    ) -> impl Future<Output = Driver<Self::Reply>> + Send + 'a;

    /// Turns the answer into what the caller gets.
    fn finish<'s, M: DeserializeOwned>(
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

/// How a reply becomes an output: as it is, one document, or a stream.
macro_rules! output {
    (plain $reply:ty) => {
        type Reply = $reply;
        type Output<'s, M> = $reply;

        fn finish<'s, M: DeserializeOwned>(
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
            reply: Self::Reply,
            target: &Target,
            session: Session<'s>,
        ) -> Result<Cursor<'s, M>> {
            Ok(Cursor::new(reply, target.clone(), session))
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
        resend: |$this:pat_param, $given:pat_param| $resend:expr,
        prepare: |$that:pat_param, $target:pat_param| $prepare:expr,
        send: |$own:pat_param, $on:ident, $with:ident, $session:ident| $send:expr $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $verb { $(pub(super) $field: $type),* }

        impl Verb for $verb {
            type Options = o::$options;
            const NAME: &'static str = $name;
            const CLASS: Class = Class::$class;
            output! { $($output)+ }

            fn resend(&self, $given: &o::$options) -> Resend {
                let $this = self;
                $resend
            }

            fn prepare(&mut self, $target: &Target) -> Result<()> {
                let $that = self;
                $prepare
            }

            async fn send<'a>(
                &'a self,
                $on: &'a Raw,
                $with: o::$options,
                $session: Session<'a>,
            ) -> Driver<Self::Reply> {
                let $own = self;
                $send
            }
        }
    };
}

verb! {
    /// The first document that matches, or none.
    FindOne = "find_one", Read, FindOneOptions { filter: Document } -> [document]
    resend: |_, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| act!(on.find_one(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// All documents that match, as a stream.
    Find = "find", Scan, FindOptions { filter: Document } -> [stream]
    resend: |_, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| batches!(on.find(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// A pipeline's documents, as a stream.
    Aggregate = "aggregate", Scan, AggregateOptions { pipeline: Vec<Document> } -> [stream]
    resend: |verb, _| Resend::of_pipeline(&verb.pipeline),
    prepare: |verb, target| target.reach.pipeline(&mut verb.pipeline),
    send: |verb, on, options, session| batches!(on.aggregate(verb.pipeline.clone()).with_options(options), session),
}

verb! {
    /// How many documents match.
    CountDocuments = "count_documents", Scan, CountOptions { filter: Document } -> [plain u64]
    resend: |_, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| act!(on.count_documents(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// One more document.
    InsertOne = "insert_one", Write, InsertOneOptions { document: Encoded } -> [plain InsertOneResult]
    resend: |_, _| Resend::PinnedInsert,
    prepare: |verb, target| target.encoded([&verb.document]),
    send: |verb, on, options, session| act!(on.insert_one(encoded(&verb.document)).with_options(options), session),
}

verb! {
    /// More documents, in their order.
    InsertMany = "insert_many", Write, InsertManyOptions { documents: Vec<Encoded> } -> [plain InsertManyResult]
    resend: |_, _| Resend::PinnedInsert,
    prepare: |verb, target| target.encoded(&verb.documents),
    send: |verb, on, options, session| {
        act!(on.insert_many(verb.documents.iter().map(encoded)).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is changed.
    UpdateOne = "update_one", Write, UpdateOptions { filter: Document, update: o::UpdateModifications } -> [plain UpdateResult]
    resend: |verb, _| Resend::of_update(&verb.filter, &verb.update),
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| {
        act!(on.update_one(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is replaced.
    ReplaceOne = "replace_one", Write, ReplaceOptions { filter: Document, replacement: Encoded } -> [plain UpdateResult]
    resend: |verb, _| Resend::of_filter(&verb.filter),
    prepare: |verb, target| {
        target.narrow(&mut verb.filter)?;
        target.encoded([&verb.replacement])
    },
    send: |verb, on, options, session| {
        act!(on.replace_one(verb.filter.clone(), encoded(&verb.replacement)).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is deleted.
    DeleteOne = "delete_one", Write, DeleteOptions { filter: Document } -> [plain DeleteResult]
    resend: |verb, _| Resend::of_filter(&verb.filter),
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| act!(on.delete_one(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// The first document that matches is changed and returned.
    FindOneAndUpdate = "find_one_and_update", Write, FindOneAndUpdateOptions { filter: Document, update: o::UpdateModifications } -> [document]
    resend: |verb, options| match options.return_document {
        // The document as it was is gone after the first time.
        Some(o::ReturnDocument::After) => Resend::of_update(&verb.filter, &verb.update),
        _ => Resend::UnsentOnly,
    },
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| {
        act!(on.find_one_and_update(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

/// Returns a document that [`Verb::prepare`] has passed; a bad one never gets here.
fn encoded(document: &Encoded) -> RawDocumentBuf {
    document.clone().unwrap_or_default()
}

impl Target {
    fn narrow(&self, filter: &mut Document) -> Result<()> {
        self.reach.filter(filter);
        Ok(())
    }

    fn encoded<'a>(&self, documents: impl IntoIterator<Item = &'a Encoded>) -> Result<()> {
        let bad = documents
            .into_iter()
            .find_map(|document| document.as_ref().err());
        bad.map_or(Ok(()), |reason| {
            Err(document::misfit(reason.clone(), &self.namespace))
        })
    }
}
