//~ errors: 1
//~ error: `Order` lives in `Shop`, not in `Staff`
//~ note: ask the handle of its own database: `databases.database::<Shop>()`

use fixture::{Order, Staff};
use mongoplex::TenantDatabase;

pub fn ask(tenant: &TenantDatabase<Staff>) {
    tenant.collection::<Order>();
}
