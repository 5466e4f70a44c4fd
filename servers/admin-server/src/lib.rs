//! admin-server: tenants and users, below `/api/v1/admin`.

mod tenants;
mod users;

use axum::{Router, extract::FromRef};
use models::admin_server::{Admin, User};
use mongoplex::{Database, Databases, Result, Tenancy, audit::Entry};
use mongoplex_server::{Audited, Crud, Db, Server};

/// What the handlers share.
#[derive(Debug, Clone, FromRef)]
pub struct State {
    admin: Database<Admin>,
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
            tenancy: databases.tenancy()?,
        })
    }
}

/// Every change leaves an audit entry, in the same transaction.
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
        .merge(Crud::<Db<Admin>, Entry>::at("/api/v1/admin/audit").read_routes())
        .with_state(state)
}

/// Returns the server.
pub fn server() -> Server {
    Server::new("admin-server", 3000, |databases| {
        State::new(databases).map(app)
    })
}
