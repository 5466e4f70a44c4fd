//~ errors: 1
//~ error: `Invoice` is listed in a logical database but is no `Model`
//~ note: write `impl mongoplex::Model for Invoice` beside the struct: its collection, indexes and validator

pub struct Invoice {}

mongoplex::logical_database! { pub Books = "books", common: [Invoice] }
