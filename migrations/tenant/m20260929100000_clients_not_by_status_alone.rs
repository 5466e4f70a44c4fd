//! Nobody has missed the index on the status alone: it is dropped.

use mongoplex::{
    Index,
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    Migration::up([Step::drop_index("clients", "status_1")])
        .down([Step::indexes("clients", [Index::on(&["status"])])])
}
