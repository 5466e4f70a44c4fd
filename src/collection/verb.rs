//! The verbs: one table row each of inputs, options, class and how the driver is called.
//!
//! To add one: a struct, its row here, its setters below, and its method on
//! [`Collection`](super::Collection).

mod instead;
mod options;

use std::future::Future;

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

pub use self::options::Bounded;
use super::{
    changes::{Changes, Events},
    cursor::{Batches, Cursor},
    document::{self, Encoded},
    target::Target,
    upkeep::{self, View},
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

/// How a reply becomes an output: as it is, one document, a stream, or events.
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
    (changes) => {
        type Reply = Events;
        type Output<'s, M> = Changes<'s, M>;

        fn finish<'s, M: DeserializeOwned>(
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
    prepare: |verb, target| target.pipeline(&mut verb.pipeline),
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
    /// How many documents there are, roughly, from the collection's metadata.
    EstimatedDocumentCount = "estimated_document_count", Read, EstimatedDocumentCountOptions {} -> [plain u64]
    resend: |_, _| Resend::Read,
    prepare: |_, _| Ok(()),
    send: |_, on, options, session| match session {
        // Sent all the same it would count what the session does not see.
        Some(_) => Err(mongodb::error::Error::custom("it takes no session: use `count_documents`")),
        None => on.estimated_document_count().with_options(options).await,
    },
}

verb! {
    /// The values that a field has in the documents that match.
    Distinct = "distinct", Scan, DistinctOptions { field: String, filter: Document } -> [plain Vec<Bson>]
    resend: |_, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    send: |verb, on, options, session| {
        act!(on.distinct(&verb.field, verb.filter.clone()).with_options(options), session)
    },
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
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    send: |verb, on, options, session| {
        act!(on.update_one(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// All documents that match are changed.
    UpdateMany = "update_many", Write, UpdateOptions { filter: Document, update: o::UpdateModifications } -> [plain UpdateResult]
    resend: |verb, _| Resend::of_update(&verb.filter, &verb.update),
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    send: |verb, on, options, session| {
        act!(on.update_many(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is replaced.
    ReplaceOne = "replace_one", Write, ReplaceOptions { filter: Document, with: Replacement } -> [plain UpdateResult]
    resend: |verb, _| verb.with.resend(&verb.filter),
    prepare: |verb, target| target.replacement(&mut verb.filter, &mut verb.with),
    send: |verb, on, options, session| match &verb.with.update {
        None => act!(on.replace_one(verb.filter.clone(), encoded(&verb.with.document)).with_options(options), session),
        Some(update) => {
            act!(on.update_one(verb.filter.clone(), update.clone()).with_options(instead::update(options)), session)
        }
    },
}

verb! {
    /// The first document that matches is deleted.
    DeleteOne = "delete_one", Write, DeleteOptions { filter: Document, mark: Mark } -> [plain DeleteResult]
    resend: |verb, _| verb.mark.resend(&verb.filter),
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    send: |verb, on, options, session| match &verb.mark.0 {
        None => act!(on.delete_one(verb.filter.clone()).with_options(options), session),
        Some(mark) => {
            let options = instead::mark(options);
            act!(on.update_one(verb.filter.clone(), mark.clone()).with_options(options), session).map(instead::deleted)
        }
    },
}

verb! {
    /// All documents that match are deleted.
    DeleteMany = "delete_many", Write, DeleteOptions { filter: Document, mark: Mark } -> [plain DeleteResult]
    resend: |verb, _| verb.mark.resend(&verb.filter),
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    send: |verb, on, options, session| match &verb.mark.0 {
        None => act!(on.delete_many(verb.filter.clone()).with_options(options), session),
        Some(mark) => {
            let options = instead::mark(options);
            act!(on.update_many(verb.filter.clone(), mark.clone()).with_options(options), session).map(instead::deleted)
        }
    },
}

verb! {
    /// The first deleted document that matches is there again.
    RestoreOne = "restore_one", Write, UpdateOptions { filter: Document } -> [plain UpdateResult]
    resend: |_, _| Resend::UnsentOnly,
    prepare: |verb, _| {
        View::Deleted.narrow(&mut verb.filter);
        Ok(())
    },
    send: |verb, on, options, session| {
        act!(on.update_one(verb.filter.clone(), upkeep::restoration()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is changed and returned.
    FindOneAndUpdate = "find_one_and_update", Write, FindOneAndUpdateOptions { filter: Document, update: o::UpdateModifications } -> [document]
    resend: |verb, options| match options.return_document {
        // The document as it was is gone after the first time.
        Some(o::ReturnDocument::After) => Resend::of_update(&verb.filter, &verb.update),
        _ => Resend::UnsentOnly,
    },
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    send: |verb, on, options, session| {
        act!(on.find_one_and_update(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is replaced and returned.
    FindOneAndReplace = "find_one_and_replace", Write, FindOneAndReplaceOptions { filter: Document, with: Replacement } -> [document]
    resend: |verb, options| match options.return_document {
        Some(o::ReturnDocument::After) => verb.with.resend(&verb.filter),
        _ => Resend::UnsentOnly,
    },
    prepare: |verb, target| target.replacement(&mut verb.filter, &mut verb.with),
    send: |verb, on, options, session| match &verb.with.update {
        None => {
            act!(on.find_one_and_replace(verb.filter.clone(), encoded(&verb.with.document)).with_options(options), session)
        }
        Some(update) => {
            let options = instead::find_one_and_update(options);
            act!(on.find_one_and_update(verb.filter.clone(), update.clone()).with_options(options), session)
        }
    },
}

verb! {
    /// The first document that matches is deleted and returned.
    FindOneAndDelete = "find_one_and_delete", Write, FindOneAndDeleteOptions { filter: Document, mark: Mark } -> [document]
    resend: |_, _| Resend::UnsentOnly,
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    send: |verb, on, options, session| match &verb.mark.0 {
        None => act!(on.find_one_and_delete(verb.filter.clone()).with_options(options), session),
        Some(mark) => {
            let options = instead::find_one_and_mark(options);
            act!(on.find_one_and_update(verb.filter.clone(), mark.clone()).with_options(options), session)
        }
    },
}

verb! {
    /// What happens to the documents from now on, as a stream without an end.
    Watch = "watch", Scan, ChangeStreamOptions { pipeline: Vec<Document> } -> [changes]
    resend: |_, _| Resend::Read,
    prepare: |verb, target| target.reach.pipeline(&verb.pipeline),
    send: |verb, on, options, session| {
        let watch = on.watch().pipeline(verb.pipeline.clone()).with_options(options);
        match session {
            Some(session) => watch.session(session).await.map(Events::in_session),
            None => watch.await.map(Events::plain),
        }
    },
}

verb! {
    /// An index more.
    CreateIndexes = "create_indexes", Scan, CreateIndexOptions { indexes: Vec<IndexModel> } -> [plain Vec<String>]
    resend: |_, _| Resend::UnsentOnly,
    prepare: |_, _| Ok(()),
    send: |verb, on, options, session| {
        act!(on.create_indexes(verb.indexes.clone()).with_options(options), session).map(|made| made.index_names)
    },
}

verb! {
    /// The indexes that are there.
    ListIndexes = "list_indexes", Read, ListIndexesOptions {} -> [plain Vec<IndexModel>]
    resend: |_, _| Resend::Read,
    prepare: |_, _| Ok(()),
    send: |_, on, options, session| match session {
        Some(session) => {
            let mut found = on.list_indexes().with_options(options).session(&mut *session).await?;
            found.stream(session).try_collect().await
        }
        None => on.list_indexes().with_options(options).await?.try_collect().await,
    },
}

verb! {
    /// An index less.
    DropIndex = "drop_index", Write, DropIndexOptions { name: String } -> [plain ()]
    resend: |_, _| Resend::UnsentOnly,
    prepare: |_, _| Ok(()),
    send: |verb, on, options, session| act!(on.drop_index(&verb.name).with_options(options), session),
}

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

    fn resend(&self, filter: &Document) -> Resend {
        match &self.update {
            None => Resend::of_filter(filter),
            Some(update) => Resend::of_update(filter, update),
        }
    }
}

/// What is written instead of deleting, where deleting only marks.
#[derive(Debug, Default)]
pub struct Mark(pub(super) Option<Document>);

impl Mark {
    fn resend(&self, filter: &Document) -> Resend {
        match &self.0 {
            None => Resend::of_filter(filter),
            Some(mark) => Resend::of_update(filter, &mark.clone().into()),
        }
    }
}
