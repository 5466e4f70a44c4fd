//~ errors: 1
//~ error: `Invoice` belongs to no logical database
//~ note: add `Invoice` to the list of its module, under `per_tenant` or `common`

use fixture::Shop;
use mongoplex::{Model, TenantDatabase};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Invoice {}

impl Model for Invoice {
    const COLLECTION: &str = "invoices";
}

pub fn ask(tenant: &TenantDatabase<Shop>) {
    tenant.collection::<Invoice>();
}
