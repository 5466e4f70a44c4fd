//! The logical database `customer`: what the tenants work with.

mongoplex::logical_database! {
    /// The customers' database; each tenant has one of its own beside it.
    pub Customer = "customer",
    per_tenant: [
        mod client::Client,
        mod client_contact::ClientContact,
        mod client_note::ClientNote,
        mod consultant::Consultant,
        mod consultation::Consultation,
        mod member::Member,
        mod product::Product,
        mod project::Project,
    ],
    common: [
        mongoplex::audit::Entry,
        mod plan::Plan,
        mod subscription::Subscription,
    ],
}
