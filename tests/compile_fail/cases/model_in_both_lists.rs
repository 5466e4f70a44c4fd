//~ errors: 1
//~ code: E0119
//~ names: Invoice

use mongoplex::Model;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub struct Invoice {}

impl Model for Invoice {
    const COLLECTION: &str = "invoices";
}

mongoplex::logical_database! {
    pub Books = "books",
    per_tenant: [Invoice],
    common: [Invoice],
}
