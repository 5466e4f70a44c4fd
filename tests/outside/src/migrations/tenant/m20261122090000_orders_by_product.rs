//! Orders are found by their product.

use mongoplex::{
    Index,
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    Migration::up([Step::indexes("orders", [Index::on(&["product"])])])
        .down([Step::drop_index("orders", "product_1")])
}
