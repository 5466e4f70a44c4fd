//! What each tenant's database has in development and test: a small house to look at, and as many documents as
//! somebody asks for.

mongoplex::seeds! {
    mongoplex::migrate::Tenants<models::customer_services::Customer>: [
        mod members,
        mod clients,
        mod projects,
        mod products,
        mod many_clients,
        mod many_projects,
        mod many_products,
    ]
}
