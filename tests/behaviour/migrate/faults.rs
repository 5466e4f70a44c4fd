//! Migrations under faults that really happen: servers that die, stop, lag or conflict, processes that are
//! killed, data that stands in the way.

mod backfills;
mod conflicts;
mod lags;
mod lists;
mod overtime;
mod process;
mod uniqueness;
