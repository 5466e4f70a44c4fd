//! What changes databases that are there already: a list per target, a file per migration.

pub mod tenant;
