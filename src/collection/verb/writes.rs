//! The rows of the verbs that write.

use super::*;

verb! {
    /// One more document.
    InsertOne = "insert_one", Write, InsertOneOptions { document: New } -> [plain InsertOneResult]
    resend: |_, _, _| Resend::PinnedInsert,
    prepare: |verb, target| target.encoded([&verb.document.bytes]),
    asks: |_, _| Query::word("document"),
    again: |verb, on, options, time, reply| repeat::insert(repeat::There { on, time }, &verb.document, options, reply).await,
    send: |verb, on, options, session| act!(on.insert_one(encoded(&verb.document.bytes)).with_options(options), session),
}

verb! {
    /// More documents, in their order.
    InsertMany = "insert_many", Write, InsertManyOptions { documents: Vec<New> } -> [plain InsertManyResult]
    resend: |verb, _, _| {
        let bytes = verb.documents.iter().flat_map(|new| &new.bytes);
        Resend::of_inserts(bytes.map(|document| document.as_bytes().len()))
    },
    prepare: |verb, target| target.encoded(verb.documents.iter().map(|new| &new.bytes)),
    asks: |_, _| Query::word("documents"),
    again: |verb, on, options, time, reply| repeat::insert_many(repeat::There { on, time }, &verb.documents, options, reply).await,
    send: |verb, on, options, session| {
        act!(on.insert_many(verb.documents.iter().map(|new| encoded(&new.bytes))).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is changed.
    UpdateOne = "update_one", Write, UpdateOptions { filter: Document, update: o::UpdateModifications } -> [plain UpdateResult]
    resend: |verb, options, target| {
        Resend::of_update(&verb.filter, &verb.update, target.upkeep).with_upsert(options.upsert).unless(options.collation.is_some())
    },
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    asks: |verb, options| Query::filter(&verb.filter).update(&verb.update).sort(&options.sort),
    again: |verb, on, _, time, reply| repeat::update(repeat::There { on, time }, &verb.filter, &verb.update, reply).await,
    send: |verb, on, options, session| {
        act!(on.update_one(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// All documents that match are changed.
    UpdateMany = "update_many", Write, UpdateOptions { filter: Document, update: o::UpdateModifications } -> [plain UpdateResult]
    resend: |verb, options, target| {
        Resend::of_update(&verb.filter, &verb.update, target.upkeep).with_upsert(options.upsert).unless(options.collation.is_some()).many()
    },
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    asks: |verb, _| Query::filter(&verb.filter).update(&verb.update),
    again: |verb, on, _, time, reply| repeat::update(repeat::There { on, time }, &verb.filter, &verb.update, reply).await,
    send: |verb, on, options, session| {
        act!(on.update_many(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is replaced.
    ReplaceOne = "replace_one", Write, ReplaceOptions { filter: Document, with: Replacement } -> [plain UpdateResult]
    resend: |verb, options, target| Resend::of_filter(&verb.filter, target.upkeep).with_upsert(options.upsert).unless(options.collation.is_some()),
    prepare: |verb, target| target.replacement(&mut verb.filter, &mut verb.with),
    asks: |verb, options| Query::filter(&verb.filter).replacement().sort(&options.sort),
    again: |verb, on, _, time, reply| match &verb.with.update {
        None => reply,
        Some(update) => repeat::update(repeat::There { on, time }, &verb.filter, update, reply).await,
    },
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
    resend: |verb, options, target| target.resend_deletion(&verb.filter).unless(options.collation.is_some()),
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    asks: |verb, _| Query::filter(&verb.filter),
    again: |verb, on, _, time, reply| repeat::mark(repeat::There { on, time }, &verb.filter, verb.mark.0.as_ref(), reply).await,
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
    resend: |verb, options, target| target.resend_deletion(&verb.filter).unless(options.collation.is_some()).many(),
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    asks: |verb, _| Query::filter(&verb.filter),
    again: |verb, on, _, time, reply| repeat::mark(repeat::There { on, time }, &verb.filter, verb.mark.0.as_ref(), reply).await,
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
    RestoreOne = "restore_one", Write, FindOneAndUpdateOptions { filter: Document, update: o::UpdateModifications } -> [document]
    resend: |verb, options, target| Resend::of_filter(&verb.filter, target.upkeep).unless(options.collation.is_some() || options.projection.is_some()).only_versioned(),
    prepare: |verb, target| target.restoration(&mut verb.filter, &mut verb.update),
    asks: |verb, _| Query::filter(&verb.filter).update(&verb.update),
    again: |verb, on, _, time, reply| repeat::document(repeat::There { on, time }, &verb.filter, Some(&verb.update), reply).await,
    send: |verb, on, options, session| {
        let restore = on.find_one_and_update(verb.filter.clone(), verb.update.clone());
        act!(restore.with_options(options).return_document(o::ReturnDocument::After), session)
    },
}

verb! {
    /// The first document that matches is changed and returned.
    FindOneAndUpdate = "find_one_and_update", Write, FindOneAndUpdateOptions { filter: Document, update: o::UpdateModifications } -> [document]
    resend: |verb, options, target| match options.return_document {
        Some(o::ReturnDocument::After) => {
            Resend::of_update(&verb.filter, &verb.update, target.upkeep).with_upsert(options.upsert).unless(options.collation.is_some() || options.projection.is_some())
        }
        // The document as it was is gone after the first time.
        _ => Resend::UnsentOnly,
    },
    prepare: |verb, target| target.update(&mut verb.filter, &mut verb.update),
    asks: |verb, options| Query::filter(&verb.filter).update(&verb.update).sort(&options.sort),
    again: |verb, on, _, time, reply| repeat::document(repeat::There { on, time }, &verb.filter, Some(&verb.update), reply).await,
    send: |verb, on, options, session| {
        act!(on.find_one_and_update(verb.filter.clone(), verb.update.clone()).with_options(options), session)
    },
}

verb! {
    /// The first document that matches is replaced and returned.
    FindOneAndReplace = "find_one_and_replace", Write, FindOneAndReplaceOptions { filter: Document, with: Replacement } -> [document]
    resend: |verb, options, target| match options.return_document {
        Some(o::ReturnDocument::After) => {
            Resend::of_filter(&verb.filter, target.upkeep).with_upsert(options.upsert).unless(options.collation.is_some() || options.projection.is_some())
        }
        _ => Resend::UnsentOnly,
    },
    prepare: |verb, target| target.replacement(&mut verb.filter, &mut verb.with),
    asks: |verb, options| Query::filter(&verb.filter).replacement().sort(&options.sort),
    again: |verb, on, _, time, reply| repeat::document(repeat::There { on, time }, &verb.filter, verb.with.update.as_ref(), reply).await,
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
    resend: |verb, options, target| target.resend_deletion(&verb.filter).unless(options.collation.is_some() || options.projection.is_some()).only_versioned(),
    prepare: |verb, target| target.deletion(&mut verb.filter, &mut verb.mark),
    asks: |verb, options| Query::filter(&verb.filter).sort(&options.sort),
    again: |verb, on, _, time, reply| repeat::document(repeat::There { on, time }, &verb.filter, verb.mark.0.as_ref(), reply).await,
    send: |verb, on, options, session| match &verb.mark.0 {
        None => act!(on.find_one_and_delete(verb.filter.clone()).with_options(options), session),
        Some(mark) => {
            let options = instead::find_one_and_mark(options);
            act!(on.find_one_and_update(verb.filter.clone(), mark.clone()).with_options(options), session)
        }
    },
}
