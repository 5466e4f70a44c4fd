//! The application's models. One module per logical database; the list in it is the route.
//!
//! Nothing here does I/O. To add a model: its file beside the others of its database, and its name
//! in that database's list.

pub mod admin_server;
pub mod customer_services;
pub mod shared;
