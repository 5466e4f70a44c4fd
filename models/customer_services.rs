//! The logical database `customer`: what the tenants work with.

mod client;
mod plan;

pub use self::{
    client::{Client, ClientStatus, Contact, Tier},
    plan::Plan,
};

mongoplex::logical_database! {
    /// The customers' database; each tenant has one of its own beside it.
    pub Customer = "customer",
    per_tenant: [Client],
    common: [Plan],
}
