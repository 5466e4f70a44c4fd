//! Two logical databases for the cases: `Shop` with its tenants, `Staff` beside it.

use mongoplex::Model;
use serde::{Deserialize, Serialize};

/// A tenant's model of `Shop`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {}

impl Model for Order {
    const COLLECTION: &str = "orders";
}

/// A common model of `Shop`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Product {}

impl Model for Product {
    const COLLECTION: &str = "products";
}

/// A common model of `Staff`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Member {}

impl Model for Member {
    const COLLECTION: &str = "members";
}

mongoplex::logical_database! {
    /// Has tenants, and says who they are.
    pub Shop = "shop",
    per_tenant: [Order],
    common: [mongoplex::Tenant, Product],
}

mongoplex::logical_database! {
    /// Has no tenants and lists no record of the library.
    pub Staff = "staff",
    common: [Member],
}
