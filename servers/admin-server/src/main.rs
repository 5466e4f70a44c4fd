//! admin-server as a program of its own.

use std::process::ExitCode;

use models::{admin_server::Admin, customer_services::Customer, shared::Shared};
use mongoplex_cli::App;

fn main() -> ExitCode {
    // Tenants get their databases here, so the customers' database is needed too.
    let app = App::new("insightserenity")
        .database::<Admin>()
        .database::<Customer>()
        .database::<Shared>();
    mongoplex_cli::serve(app.server(admin_server::server()))
}
