//! Clients are listed by tier, by age, and by status page by page. The index on the status alone is hidden:
//! a later migration drops it, and until then it is back at once.

use mongoplex::{
    Index,
    bson::doc,
    migrate::{Migration, RawHandle, Retry, Step, StepError},
};

pub(crate) fn migration() -> Migration {
    let pages = [
        Index::on(&["status", "_id"]),
        Index::on(&["tier", "_id"]),
        Index::on(&["createdAt", "_id"]),
    ];
    Migration::up([
        Step::indexes("clients", pages),
        Step::raw("hide status_1", 1, Retry::Safe, async |handle| {
            set_hidden(handle, true).await
        }),
    ])
    .down([
        Step::raw("show status_1", 1, Retry::Safe, async |handle| {
            set_hidden(handle, false).await
        }),
        Step::drop_index("clients", "createdAt_1__id_1"),
        Step::drop_index("clients", "tier_1__id_1"),
        Step::drop_index("clients", "status_1__id_1"),
    ])
}

/// Hiding twice is like hiding once.
async fn set_hidden(handle: RawHandle, hidden: bool) -> Result<(), StepError> {
    let command = doc! {
        "collMod": "clients",
        "index": { "name": "status_1", "hidden": hidden },
        "maxTimeMS": 3_000,
        "writeConcern": { "w": "majority" },
    };
    handle.unguarded().run_command(command).await?;
    Ok(())
}
