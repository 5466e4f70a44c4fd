//! customer-services: what tenants work with, below `/api/v1`.

use axum::Router;
use models::customer_services::*;
use mongoplex::{Database, Databases, Result};
use mongoplex_server::{Crud, Db, Server, TenantDb};

type Tenant = TenantDb<Customer>;

/// Returns the routes: a line per resource.
pub fn app(customer: Database<Customer>) -> Router {
    Router::new()
        .merge(Crud::<Db<Customer>, Plan>::at("/api/v1/plans").read_routes())
        .merge(Crud::<Tenant, Client>::at("/api/v1/clients").routes())
        .merge(Crud::<Tenant, ClientContact>::at("/api/v1/client-contacts").routes())
        .merge(Crud::<Tenant, ClientNote>::at("/api/v1/client-notes").routes())
        .merge(Crud::<Tenant, Consultant>::at("/api/v1/consultants").routes())
        .merge(Crud::<Tenant, Consultation>::at("/api/v1/consultations").routes())
        .merge(Crud::<Tenant, Member>::at("/api/v1/members").routes())
        .merge(Crud::<Tenant, Product>::at("/api/v1/products").routes())
        .merge(Crud::<Tenant, Project>::at("/api/v1/projects").routes())
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
