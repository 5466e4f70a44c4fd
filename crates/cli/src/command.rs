//! The commands, one file each.

pub(crate) mod config;
pub(crate) mod doctor;
pub(crate) mod health;
pub(crate) mod migrate;
pub(crate) mod routes;
pub(crate) mod seed;
pub(crate) mod sync;
pub(crate) mod tenants;
pub(crate) mod up;
