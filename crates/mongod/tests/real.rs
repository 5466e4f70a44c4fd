//! What the crate promises, on real mongods: one binary, one module per promise.
//!
//! They use `MONGOD`, the mongod on PATH, the cached one, or fetch one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "real/attach.rs"]
mod attach;
#[path = "real/binary.rs"]
mod binary;
#[path = "real/common.rs"]
mod common;
#[path = "real/life.rs"]
mod life;
#[path = "real/ports.rs"]
mod ports;
#[path = "real/three.rs"]
mod three;
