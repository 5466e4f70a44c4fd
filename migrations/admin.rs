//! Migrations of the administrators' database.

use models::admin_server::Admin;

mongoplex::migrations! {
    Admin: [
        mod m20260901090000_users_and_tenants,
        mod m20260908090000_permissions_and_settings,
        mod m20260915090000_unique_emails,
        mod m20260922090000_one_name_for_superadmins,
        mod m20260929090000_retire_sessions,
        mod m20261006090000_drop_sessions,
        mod m20261013090000_strict_users,
    ]
}
