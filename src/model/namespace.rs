//! Where documents are: a database and a collection in it.

use std::{fmt, sync::Arc};

/// A database's and a collection's name, cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Namespace {
    /// The database.
    pub database: Arc<str>,
    /// The collection.
    pub collection: &'static str,
}

impl fmt::Display for Namespace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.database, self.collection)
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self}")
    }
}
