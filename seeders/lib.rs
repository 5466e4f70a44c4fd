//! The application's seeds. One module per target; the list in it says which there are.
//!
//! Nothing here does I/O. To add a seed: its file beside the others of its target, and its line in that
//! target's list.

pub mod admin;
pub mod customer;
pub mod tenant;
