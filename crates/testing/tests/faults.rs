//! Each tool of the harness does what it says: a fault that did not happen would make every test that uses it pass.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "faults/databases.rs"]
mod databases;
#[path = "faults/fail_point.rs"]
mod fail_point;
#[path = "faults/proxy.rs"]
mod proxy;
#[path = "faults/sets.rs"]
mod sets;
