//~ errors: 1
//~ code: E0119
//~ names: Invoice

pub mod books {
    use mongoplex::Model;
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    pub struct Invoice {}

    impl Model for Invoice {
        const COLLECTION: &str = "invoices";
    }

    mongoplex::logical_database! { pub Books = "books", common: [Invoice] }
}

pub mod archive {
    use super::books::Invoice;

    mongoplex::logical_database! { pub Archive = "archive", common: [Invoice] }
}
