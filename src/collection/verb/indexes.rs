//! The rows of the verbs about indexes.

use super::*;

verb! {
    /// An index more.
    CreateIndexes = "create_indexes", Scan, CreateIndexOptions { indexes: Vec<IndexModel> } -> [plain Vec<String>]
    resend: |_, _, _| Resend::UnsentOnly,
    prepare: |_, _| Ok(()),
    asks: |_, _| Query::word("index"),
    send: |verb, on, options, session| {
        act!(on.create_indexes(verb.indexes.clone()).with_options(options), session).map(|made| made.index_names)
    },
}

verb! {
    /// The indexes that are there.
    ListIndexes = "list_indexes", Read, ListIndexesOptions {} -> [plain Vec<IndexModel>]
    resend: |_, _, _| Resend::Read,
    prepare: |_, _| Ok(()),
    asks: |_, _| Query::word("indexes"),
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
    resend: |_, _, _| Resend::UnsentOnly,
    prepare: |_, _| Ok(()),
    asks: |_, _| Query::word("index"),
    send: |verb, on, options, session| act!(on.drop_index(&verb.name).with_options(options), session),
}
