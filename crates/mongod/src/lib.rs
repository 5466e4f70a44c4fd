#![doc = include_str!("../README.md")]

mod binary;
mod error;
mod fetch;
mod node;
mod progress;
mod set;

use std::time::Duration;

pub use self::{
    binary::{Binary, Search, default_cache},
    error::Error,
    node::{Node, Process},
    progress::Progress,
    set::{Attached, Nodes, Purpose, ReplicaSet, Settings},
};

/// How long a set may take to become writable. Recovery after a kill with 5,000 collections takes 26 s.
const READY_WITHIN: Duration = Duration::from_secs(60);
