//! What tests on a real mongod need: sets, databases that are thrown away, and faults that really happen.
//!
//! - [`shared`]: one set for all tests of a process; [`TestDatabases`] gives each test databases of its own there
//! - [`own_set`]: a set for one test that kills, pauses or locks it
//! - [`Lone`]: one mongod started otherwise: a standalone, with TLS, with users, with a wrong clock; [`Authority`] signs
//! - [`FailPoint`]: lets the server itself fail, for one application name
//! - [`Proxy`]: refuses, stalls, cuts, or loses a reply between a driver and a node
//! - [`Program`] in a [`Project`]: a program under test in a folder of its own; [`http`] talks to it
//! - [`raw`]: a plain client of the driver, to look at things from outside
//!
//! Everything here panics when it cannot do its work, with what went wrong: a test that cannot go on has failed.
//! It knows nothing of the `mongoplex` library, so that tests of it can use both.

mod authority;
mod client;
mod databases;
mod fail_point;
mod folder;
mod http;
mod lone;
mod program;
mod proxy;
mod sets;

pub use mongoplex_mongod::{Node, Nodes, ReplicaSet};

pub use rustix::process::Signal;

pub use self::{
    authority::Authority,
    client::raw,
    databases::TestDatabases,
    fail_point::{FailPoint, Fault},
    http::{Response, free_port, http},
    lone::{Lone, wrong_clock},
    program::{Program, Project, send_signal},
    proxy::Proxy,
    sets::{OwnSet, binary, own_set, shared},
};
