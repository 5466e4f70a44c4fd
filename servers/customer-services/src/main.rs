//! customer-services as a program of its own.

use std::process::ExitCode;

use models::{admin_server::Admin, customer_services::Customer};
use mongoplex_cli::App;

fn main() -> ExitCode {
    // Which tenants there are stands in the administrators' database.
    let app = App::new("insightserenity")
        .database::<Admin>()
        .database::<Customer>();
    mongoplex_cli::serve(app.server(customer_services::server()))
}
