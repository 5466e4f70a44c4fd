//! The application's migrations: one module per target, and its list in the order of the ids.
//!
//! A migration stays as it was written once it is applied anywhere: it names collections by text, holds
//! validators as they were then, and knows no model. `migrate new` adds one.

pub mod admin;
pub mod customer;
pub mod tenant;
