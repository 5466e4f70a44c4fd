//! customer-services: what tenants work with, below `/api/v1`.

use axum::Router;
use models::customer_services::{Client, Customer, Plan};
use mongoplex::{Database, Databases, Result};
use mongoplex_server::{Crud, Db, Server, TenantDb};

type Tenant = TenantDb<Customer>;

/// Returns the routes: a line per resource.
pub fn app(customer: Database<Customer>) -> Router {
    Router::new()
        .merge(Crud::<Db<Customer>, Plan>::at("/api/v1/plans").routes())
        .merge(Crud::<Tenant, Client>::at("/api/v1/clients").routes())
        .with_state(customer)
}

/// Returns the server.
pub fn server() -> Server {
    Server::new(
        "customer-services",
        3001,
        |databases: &Databases| -> Result<Router> { databases.database().map(app) },
    )
}
