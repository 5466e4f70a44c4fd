//! admin-server: tenants and users, below `/api/v1/admin`.

mod tenants;
mod users;

use axum::{Router, extract::FromRef};
use models::{
    admin_server::*,
    customer_services::{Customer, Plan, Subscription},
    shared::*,
};
use mongoplex::{Database, Databases, Error, Result, Tenancy, audit::Entry};
use mongoplex_server::{Audited, Crud, Db, Server};

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
pub struct State {
    admin: Database<Admin>,
    customer: Database<Customer>,
    tenancy: Tenancy,
}

impl State {
    /// Returns the state on connected databases.
    ///
    /// # Errors
    /// When a logical database that it needs is not there.
    pub fn new(databases: &Databases) -> Result<Self> {
        Ok(Self {
            admin: databases.database()?,
            customer: databases.database()?,
            tenancy: databases.tenancy()?,
        })
    }
}

/// Every change leaves an audit entry, in the same transaction, and so in the same database.
type Trail = Audited<Admin>;

/// Returns the routes: a line per resource.
pub fn app(state: State) -> Router {
    Router::new()
        .merge(tenants::routes())
        .merge(
            Crud::<Trail, User>::at("/api/v1/admin/users")
                .prepare(users::prepare)
                .routes(),
        )
        .merge(Crud::<Trail, Role>::at("/api/v1/admin/roles").routes())
        .merge(Crud::<Trail, Permission>::at("/api/v1/admin/permissions").routes())
        .merge(Crud::<Trail, Setting>::at("/api/v1/admin/settings").routes())
        .merge(Crud::<Db<Admin>, Entry>::at("/api/v1/admin/audit").read_routes())
        .merge(Crud::<Audited<Customer>, Plan>::at("/api/v1/admin/plans").routes())
        .merge(Crud::<Audited<Customer>, Subscription>::at("/api/v1/admin/subscriptions").routes())
        .merge(Crud::<Db<Customer>, Entry>::at("/api/v1/admin/customer-audit").read_routes())
        .with_state(state)
}

/// Returns the routes of the database `shared`, for where there is one.
pub fn shared(shared: Database<Shared>) -> Router {
    type Trail = Audited<Shared>;
    Router::new()
        .merge(Crud::<Trail, TokenBlacklist>::at("/api/v1/admin/token-blacklist").routes())
        .merge(Crud::<Db<Shared>, Entry>::at("/api/v1/admin/token-blacklist-audit").read_routes())
        .with_state(shared)
}

fn routes(databases: &Databases) -> Result<Router> {
    let routes = app(State::new(databases)?);
    match databases.database() {
        Ok(database) => Ok(routes.merge(shared(database))),
        Err(Error::NotConfigured(_)) => Ok(routes),
        Err(error) => Err(error),
    }
}

/// Returns the server.
pub fn server() -> Server {
    Server::new("admin-server", 3000, routes)
}
