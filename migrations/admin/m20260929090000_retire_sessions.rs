//! Sessions are kept by nobody any more: moved out of the way first, so that whoever still reads them is
//! noticed while they are there.

use mongoplex::migrate::{Migration, Step};

pub(crate) fn migration() -> Migration {
    Migration::up([Step::rename("sessions", "sessions_retired")])
        .down([Step::rename("sessions_retired", "sessions")])
}
