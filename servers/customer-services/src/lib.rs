//! customer-services: what tenants work with, below `/api/v1`.

mod clients;
mod plans;

use axum::{Router, extract::FromRef};
use models::customer_services::Customer;
use mongoplex::{Database, Databases, Result};
use mongoplex_server::Server;

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
pub struct State {
    customer: Database<Customer>,
}

impl State {
    /// Returns the state on connected databases.
    ///
    /// # Errors
    /// When a logical database that it needs is not there.
    pub fn new(databases: &Databases) -> Result<Self> {
        Ok(Self {
            customer: databases.database()?,
        })
    }
}

/// Returns the routes.
pub fn app(state: State) -> Router {
    Router::new()
        .merge(clients::routes())
        .merge(plans::routes())
        .with_state(state)
}

/// Returns the server.
pub fn server() -> Server {
    Server::new("customer-services", 3001, |databases| {
        State::new(databases).map(app)
    })
}
