//! The logical database `admin`: who runs the house, and who lives in it.

mongoplex::logical_database! {
    /// The administrators' database.
    pub Admin = "admin",
    common: [
        mongoplex::Tenant,
        mongoplex::audit::Entry,
        mod user::User,
    ],
}
