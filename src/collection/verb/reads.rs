//! The rows of the verbs that read.

use super::*;

verb! {
    /// The first document that matches, or none.
    FindOne = "find_one", Read, FindOneOptions { filter: Document, by_id: Option<View> } -> [document]
    resend: |_, _, _| Resend::Read,
    prepare: |verb, target| target.narrow_one(&mut verb.filter, &mut verb.by_id),
    asks: |verb, options| Query::filter(&verb.filter).sort(&options.sort),
    explain: |verb, options, on| Some(explain::find_one(on, &verb.filter, options)),
    send: |verb, on, options, session| {
        let (mut filter, mut look) = (verb.filter.clone(), verb.by_id);
        // Where the reply need not hold the mark it cannot be looked at.
        let is_whole = options.projection.is_none() && options.return_key != Some(true);
        if let Some(view) = look.take_if(|_| !is_whole) {
            view.narrow(&mut filter);
        }
        let found = act!(on.find_one(filter).with_options(options), session);
        found.map(|found| found.filter(|found| look.is_none_or(|view| view.sees(found))))
    },
}

verb! {
    /// All documents that match, as a stream.
    Find = "find", Scan, FindOptions { filter: Document } -> [stream]
    resend: |_, _, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    asks: |verb, options| Query::filter(&verb.filter).sort(&options.sort),
    explain: |verb, options, on| Some(explain::find(on, &verb.filter, options)),
    send: |verb, on, options, session| batches!(on.find(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// A pipeline's documents, as a stream.
    Aggregate = "aggregate", Scan, AggregateOptions { pipeline: Vec<Document> } -> [stream]
    resend: |verb, _, _| Resend::of_pipeline(&verb.pipeline),
    prepare: |verb, target| target.pipeline(&mut verb.pipeline),
    asks: |verb, _| Query::pipeline(&verb.pipeline),
    explain: |verb, options, on| explain::aggregate(on, &verb.pipeline, options),
    send: |verb, on, options, session| batches!(on.aggregate(verb.pipeline.clone()).with_options(options), session),
}

verb! {
    /// How many documents match.
    CountDocuments = "count_documents", Scan, CountOptions { filter: Document } -> [plain u64]
    resend: |_, _, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    asks: |verb, _| Query::filter(&verb.filter),
    explain: |verb, options, on| Some(explain::count(on, &verb.filter, options)),
    send: |verb, on, options, session| act!(on.count_documents(verb.filter.clone()).with_options(options), session),
}

verb! {
    /// How many documents there are, roughly, from the collection's metadata.
    EstimatedDocumentCount = "estimated_document_count", Read, EstimatedDocumentCountOptions {} -> [plain u64]
    resend: |_, _, _| Resend::Read,
    prepare: |_, _| Ok(()),
    asks: |_, _| Query::word("all"),
    send: |_, on, options, session| match session {
        // Sent all the same it would count what the session does not see.
        Some(_) => Err(mongodb::error::Error::custom("it takes no session: use `count_documents`")),
        None => on.estimated_document_count().with_options(options).await,
    },
}

verb! {
    /// The values that a field has in the documents that match.
    Distinct = "distinct", Scan, DistinctOptions { field: String, filter: Document } -> [plain Vec<Bson>]
    resend: |_, _, _| Resend::Read,
    prepare: |verb, target| target.narrow(&mut verb.filter),
    asks: |verb, _| Query::filter(&verb.filter).field(&verb.field),
    explain: |verb, options, on| Some(explain::distinct(on, (&verb.field, &verb.filter), options)),
    send: |verb, on, options, session| {
        act!(on.distinct(&verb.field, verb.filter.clone()).with_options(options), session)
    },
}

verb! {
    /// What happens to the documents from now on, as a stream without an end.
    Watch = "watch", Scan, ChangeStreamOptions { pipeline: Vec<Document> } -> [changes]
    resend: |_, _, _| Resend::Read,
    prepare: |verb, target| target.reach.pipeline(&verb.pipeline),
    asks: |verb, _| Query::pipeline(&verb.pipeline),
    send: |verb, on, options, session| {
        let watch = on.watch().pipeline(verb.pipeline.clone()).with_options(options);
        match session {
            Some(session) => watch.session(session).await.map(Events::in_session),
            None => watch.await.map(Events::plain),
        }
    },
}
