//~ errors: 1
//~ code: E0599
//~ names: unguarded

use fixture::Shop;
use mongoplex::TenantDatabase;

pub fn ask(tenant: &TenantDatabase<Shop>) {
    tenant.unguarded();
}
