//! The role `root` is called `superadmin`, as everywhere else: the role and its users change together, or
//! somebody would have a role that is not there.
//!
//! It has no way back: who had which name before is not kept.

use mongoplex::{
    bson::{Document, doc},
    migrate::{Migration, Step, StepError, TransactionHandle},
};

pub(crate) fn migration() -> Migration {
    Migration::up([Step::transaction("rename root", 1, rename)])
}

async fn rename(transaction: TransactionHandle) -> Result<(), StepError> {
    // A new version: whoever has read the old one and is about to write it back is refused.
    let renamed = |field: &str| {
        let mut set = Document::new();
        set.insert(field, "superadmin");
        doc! { "$set": set, "$inc": { "version": 1_i64 }, "$currentDate": { "updatedAt": true } }
    };
    let roles = transaction.collection("roles");
    roles
        .update_one(doc! { "slug": "root" }, renamed("slug"))
        .await?;
    let users = transaction.collection("users");
    users
        .update_many(doc! { "role": "root" }, renamed("role"))
        .await?;
    Ok(())
}
