//~ errors: 1
//~ error: `Order` is no logical database
//~ note: declare it with `mongoplex::logical_database!` in its module

use fixture::Order;
use mongoplex::{Databases, Result};

pub fn ask(databases: &Databases) -> Result<()> {
    databases.database::<Order>()?;
    Ok(())
}
