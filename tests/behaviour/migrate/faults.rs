//! Migrations under faults that really happen: servers that die, stop, lag or conflict, processes that are
//! killed, data that stands in the way.

mod backfills;
mod building;
mod conflicts;
mod elections;
mod lags;
mod leases;
mod lists;
mod locks;
mod manual;
mod overtime;
mod process;
mod refusals;
mod uniqueness;
