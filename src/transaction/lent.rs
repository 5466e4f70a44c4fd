//! What is lent for one attempt of a transaction: the client of the handle that began it, and the session.

use std::sync::Arc;

use crate::{
    collection::{Collection, Joint},
    guard::Deadline,
    model::Model,
    orchestrator::Connection,
};

/// The client of the handle that began a transaction, for one attempt of it.
#[derive(Clone)]
pub struct Lent {
    pub(super) lender: Arc<Connection>,
    pub(super) joint: Joint,
    /// When the transaction must have ended.
    pub(super) deadline: Deadline,
}

impl Lent {
    /// Returns a collection as a part of the transaction; it must be one of the lender's own client.
    pub(crate) fn join<M: Model>(&self, own: &Collection<M>) -> Collection<M> {
        let own = own.clone().within(Some(self.deadline));
        own.joined(self.joint.clone())
    }
}

/// What is lent for one attempt. However that ends, nobody keeps its session.
pub(super) struct Lending(pub(super) Lent);

impl Drop for Lending {
    fn drop(&mut self) {
        // A session that is dropped in a transaction aborts it, in the background.
        drop(self.0.joint.end());
    }
}
