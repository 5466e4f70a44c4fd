//! The logical database `customer`: what the tenants work with.

mongoplex::logical_database! {
    /// The customers' database; each tenant has one of its own beside it.
    pub Customer = "customer",
    per_tenant: [
        mod client::Client,
    ],
    common: [
        mod plan::Plan,
    ],
}
