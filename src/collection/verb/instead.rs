//! The options of the verb that is sent instead, where the library keeps stamps or marks deletions.

use mongodb::{
    options::{
        DeleteOptions, FindOneAndDeleteOptions, FindOneAndReplaceOptions, FindOneAndUpdateOptions,
        ReplaceOptions, UpdateOptions,
    },
    results::{DeleteResult, UpdateResult},
};

/// Moves the fields that both option types have.
macro_rules! moved {
    ($from:ident -> $to:ident { $($field:ident),* $(,)? }) => {{
        let mut to = $to::default();
        $(to.$field = $from.$field;)*
        to
    }};
}

pub(super) fn update(from: ReplaceOptions) -> UpdateOptions {
    moved!(from -> UpdateOptions {
        bypass_document_validation, upsert, collation, hint, write_concern, let_vars, comment, sort,
    })
}

pub(super) fn mark(from: DeleteOptions) -> UpdateOptions {
    moved!(from -> UpdateOptions { collation, write_concern, hint, let_vars, comment })
}

pub(super) fn find_one_and_update(from: FindOneAndReplaceOptions) -> FindOneAndUpdateOptions {
    moved!(from -> FindOneAndUpdateOptions {
        bypass_document_validation, max_time, projection, return_document, sort, upsert,
        write_concern, collation, hint, let_vars, comment,
    })
}

pub(super) fn find_one_and_mark(from: FindOneAndDeleteOptions) -> FindOneAndUpdateOptions {
    moved!(from -> FindOneAndUpdateOptions {
        max_time, projection, sort, write_concern, collation, hint, let_vars, comment,
    })
}

/// Returns a marking's result as that of a deletion.
pub(super) fn deleted(result: UpdateResult) -> DeleteResult {
    let mut deleted = DeleteResult::default();
    deleted.deleted_count = result.modified_count;
    deleted
}
