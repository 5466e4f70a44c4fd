//~ errors: 0

use fixture::{Member, Order, Product, Shop, Staff};
use mongoplex::{Databases, Result, Tenant, TenantDatabase};

pub fn ask(databases: &Databases, tenant: &TenantDatabase<Shop>) -> Result<()> {
    let shop = databases.database::<Shop>()?;
    let staff = databases.database::<Staff>()?;
    shop.collection::<Product>();
    shop.collection::<Tenant>();
    shop.unguarded();
    staff.collection::<Member>();
    tenant.collection::<Order>();
    Ok(())
}

// The lists may stand in either order, or be left out.
pub mod books {
    use mongoplex::Model;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub struct Invoice {}

    impl Model for Invoice {
        const COLLECTION: &str = "invoices";
    }

    mongoplex::logical_database! { pub Books = "books", common: [], per_tenant: [Invoice] }
    mongoplex::logical_database! { pub optional Archive = "archive" }
}
