//! The logical database `admin`: who runs the house, and who lives in it.

mod user;

pub use self::user::{Role, User};

mongoplex::logical_database! {
    /// The administrators' database.
    pub Admin = "admin",
    common: [mongoplex::Tenant, User],
}
