//! What the administrators' database begins with.

mongoplex::seeds! {
    models::admin_server::Admin: [
        mod permissions,
        mod roles,
        mod first_administrator,
    ]
}
