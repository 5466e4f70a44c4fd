//! Nobody has missed the sessions: they are dropped.

use mongoplex::migrate::{Migration, Step};

pub(crate) fn migration() -> Migration {
    Migration::up([Step::drop_collection("sessions_retired")])
}
