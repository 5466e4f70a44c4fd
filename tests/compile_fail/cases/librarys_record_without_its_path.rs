//~ errors: 1
//~ code: E0117

use mongoplex::Tenant;

mongoplex::logical_database! { pub Books = "books", common: [Tenant] }
