//~ errors: 1
//~ error: `Member` lives in `Staff`, not in `Shop`
//~ note: ask the handle of its own database: `databases.database::<Staff>()`

use fixture::{Member, Shop};
use mongoplex::{Database, Result};

pub async fn ask(shop: Database<Shop>) -> Result<()> {
    let transaction = shop.transaction();
    transaction.run(async move |shop| -> Result<()> {
        shop.collection::<Member>();
        Ok(())
    })
    .await
}
