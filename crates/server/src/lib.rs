//! What any HTTP server on mongoplex needs, and nothing of an application.
//!
//! A server is a [`Server`] value: a name, a default port and a function from the connected
//! databases to its routes. [`bind`] takes the ports, [`run`] serves until it is told to stop and
//! then drains. Around the routes stand: request id, one log line a request, security headers, body
//! limit, deadline, problem details (RFC 9457), health routes, those of the operator (`/ops/guards`), and
//! the rules that hold until there is sign-in (access.rs).
//!
//! In handlers: [`Db`] and [`TenantDb`] are the databases under the request's deadline, [`Json`]
//! a strict body, [`Id`], [`IfMatch`] and [`Page`] what their names say, [`Problem`] the error to return.
//! [`Crud`] is all of that for a model, in one line.

mod access;
mod crud;
mod deadline;
mod envelope;
mod extract;
mod gate;
mod health;
mod logging;
mod monitor;
mod ops;
mod outgoing;
mod problem;
mod requests;
mod run;
mod signal;
mod starting;
mod webhook;

pub use axum;

pub use self::{
    crud::{Audited, Crud, List, Prepared, Shown, shown},
    extract::{Actor, Db, Id, IfMatch, Json, Page, TenantDb},
    gate::Gate,
    logging::init as init_logging,
    problem::Problem,
    run::{BindError, Bound, Drained, Server, bind, run},
    signal::terminated,
    starting::Starting,
};
