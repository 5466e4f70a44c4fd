//~ errors: 1
//~ error: `Product` is common to all tenants and was asked for through one
//~ note: ask the database's handle: `database.collection::<Product>()`

use fixture::{Product, Shop};
use mongoplex::TenantDatabase;

pub fn ask(tenant: &TenantDatabase<Shop>) {
    tenant.collection::<Product>();
}
