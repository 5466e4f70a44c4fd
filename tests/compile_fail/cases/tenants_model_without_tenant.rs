//~ errors: 1
//~ error: `Order` is a tenant's model and was asked for without a tenant
//~ note: ask the tenant's handle: `database.tenant(&id).await?.collection::<Order>()`

use fixture::{Order, Shop};
use mongoplex::Database;

pub fn ask(shop: &Database<Shop>) {
    shop.collection::<Order>();
}
