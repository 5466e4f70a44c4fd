//~ errors: 1
//~ error: a transaction takes at most four handles

use fixture::{Shop, Staff};
use mongoplex::{Database, TenantDatabase};

pub fn ask(shop: Database<Shop>, staff: Database<Staff>, one: TenantDatabase<Shop>) {
    let _ = shop.transaction().with(&staff).with(&one).with(&one).with(&one);
}
