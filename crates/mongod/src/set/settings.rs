//! What a set is started with. Everything else is measured and fixed: see the crate's README.

use std::path::PathBuf;

/// Where a set lives, how many nodes it has, and what it is for.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of the set, made when it is not there. It belongs to the set alone: its rights become 0700.
    pub directory: PathBuf,
    /// The number of nodes; a folder keeps the number of its first start.
    pub nodes: Nodes,
    /// What it is for.
    pub purpose: Purpose,
}

/// The number of nodes of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nodes {
    /// One node: a primary 0.3 s after the start; it cannot lose an election.
    One,
    /// Three nodes: a new primary about 1 s after the old one is killed.
    Three,
}

impl Nodes {
    /// Returns the number.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Three => 3,
        }
    }
}

/// What a set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Data that is kept for days: an oplog of up to 990 MB.
    Development,
    /// Data that is thrown away: an oplog of 64 MB, a journal flushed every 5 ms (a dropped database takes 9 ms instead
    /// of 102), and test commands such as `configureFailPoint`.
    Test,
}
