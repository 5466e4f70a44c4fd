//! The whole application as one value: its databases with their models, its migrations and seeds, and its
//! servers.

use models::{admin_server::Admin, customer_services::Customer, shared::Shared};
use mongoplex_cli::App;

/// Returns the application.
pub fn app() -> App {
    App::new("insightserenity")
        .database::<Admin>()
        .database::<Customer>()
        .database::<Shared>()
        .migrations(migrations::admin::list())
        .migrations(migrations::customer::list())
        .migrations(migrations::tenant::list())
        .seeds(seeders::admin::list())
        .seeds(seeders::customer::list())
        .seeds(seeders::tenant::list())
        .server(admin_server::server())
        .server(customer_services::server())
        .sample_tenants(&["acme", "globex"])
}
