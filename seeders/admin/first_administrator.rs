//! The first administrator, who adds the others. There is no default password: it is the one that was set, or
//! one that nobody chose.

use argon2::{
    Argon2, PasswordHasher,
    password_hash::{SaltString, rand_core::OsRng},
};
use models::admin_server::{User, user::UserRole};
use mongoplex::{
    bson::Bson,
    seed::{Context, Row, Seed, SeedError},
};

pub(super) fn seed() -> Seed<User> {
    Seed::once("first-administrator")
        .key(&["email"])
        .after("roles")
        .rows(rows)
}

fn rows(context: &Context) -> Result<Vec<Row>, SeedError> {
    let Some(email) = context.super_admin_email() else {
        return Err(SeedError::skip(
            "SUPER_ADMIN_EMAIL is not set: nobody is made the first administrator",
        ));
    };
    let user = User {
        email: email.to_owned(),
        first_name: "Super".into(),
        last_name: "Administrator".into(),
        role: UserRole::Superadmin,
        is_active: true,
        password_hash: None,
    };
    Ok(vec![Row::new(&user).at_insert("passwordHash", hash)])
}

/// Hashes as admin-server does. It takes some 20 ms, once.
fn hash(context: &Context) -> Result<Bson, SeedError> {
    let password = context.super_admin_password()?;
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.expose().as_bytes(), &salt);
    let hash = hash.map_err(|_| SeedError::refused("the password could not be hashed"))?;
    Ok(hash.to_string().into())
}
