//~ errors: 1
//~ error: `Invoice` belongs to no logical database
//~ note: add `Invoice` to the list of its module, under `per_tenant` or `common`

use fixture::Shop;
use mongoplex::Database;

pub struct Invoice {}

pub fn ask(shop: &Database<Shop>) {
    shop.collection::<Invoice>();
}
