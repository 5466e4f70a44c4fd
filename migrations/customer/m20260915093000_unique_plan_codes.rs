//! A plan is named by its code: no two may share one. Subscriptions are listed by plan and by status.

use mongoplex::{
    Index,
    migrate::{Migration, Step},
};

pub(crate) fn migration() -> Migration {
    let pages = [
        Index::on(&["planCode", "_id"]),
        Index::on(&["status", "_id"]),
    ];
    Migration::up([
        Step::unique("plans", Index::on(&["code"]).unique()),
        Step::indexes("subscriptions", pages),
        Step::drop_index("subscriptions", "status_1"),
    ])
    .down([
        Step::indexes("subscriptions", [Index::on(&["status"])]),
        Step::drop_index("subscriptions", "status_1__id_1"),
        Step::drop_index("subscriptions", "planCode_1__id_1"),
        Step::drop_index("plans", "code_1"),
    ])
}
