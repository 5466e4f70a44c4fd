//! The logical database `admin`: who runs the house, and who lives in it.

mongoplex::logical_database! {
    /// The administrators' database.
    pub Admin = "admin",
    common: [
        mongoplex::Tenant,
        mongoplex::audit::Entry,
        mod permission::Permission,
        mod role::Role,
        mod setting::Setting,
        mod user::User,
    ],
}
