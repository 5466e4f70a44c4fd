//~ errors: 1
//~ error: `Invoice` is listed by its path, as only the library's own records are
//~ note: import it and list its name alone: that routes it to the database of the list

pub mod invoice {
    use mongoplex::Model;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub struct Invoice {}

    impl Model for Invoice {
        const COLLECTION: &str = "invoices";
    }
}

mongoplex::logical_database! { pub Books = "books", common: [invoice::Invoice] }
