//~ errors: 1
//~ error: `Staff` does not list the library's record `Tenant`
//~ note: add it to the list of `Staff`, under `common`, with its path: `mongoplex::Tenant`

use fixture::Staff;
use mongoplex::{Database, Tenant};

pub fn ask(staff: &Database<Staff>) {
    staff.collection::<Tenant>();
}
