//! The logical database `shared`: what all servers need to know and none owns. It may be missing.

mongoplex::logical_database! {
    /// The database that all servers share.
    pub optional Shared = "shared",
    common: [
        mongoplex::audit::Entry,
        mod token_blacklist::TokenBlacklist,
    ],
}
