//~ errors: 3
//~ code: E0599
//~ names: unguarded
//~ names: start_session
//~ names: transaction

use fixture::{Order, Shop};
use mongoplex::{Joined, TenantDatabase};

pub fn ask(tenant: Joined<TenantDatabase<Shop>>) {
    tenant.collection::<Order>();
    tenant.unguarded();
    tenant.start_session();
    tenant.transaction();
}
