//! Migrations of each tenant's own database.

mongoplex::migrations! {
    mongoplex::migrate::Tenants<crate::Sales>: [
        mod m20261122090000_orders_by_product,
    ]
}
