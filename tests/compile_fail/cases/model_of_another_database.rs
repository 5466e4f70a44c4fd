//~ errors: 1
//~ error: `Member` lives in `Staff`, not in `Shop`
//~ note: ask the handle of its own database: `databases.database::<Staff>()`

use fixture::{Member, Shop};
use mongoplex::Database;

pub fn ask(shop: &Database<Shop>) {
    shop.collection::<Member>();
}
