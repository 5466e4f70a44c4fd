//! What is special about users: an address in lower case, and a password that becomes a hash.

use argon2::{
    Argon2, PasswordHasher,
    password_hash::{SaltString, rand_core::OsRng},
};
use axum::http::StatusCode;
use mongoplex::bson::{Document, doc};
use mongoplex_server::{Prepared, Problem};
use serde_json::{Map, Value};

/// How long a password may be, in bytes. Short ones are guessed; long ones are a way to keep us busy.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// Puts the hash of `password` in its place.
pub(crate) async fn prepare(mut fields: Map<String, Value>) -> Prepared {
    if let Some(Value::String(email)) = fields.get_mut("email") {
        *email = email.to_lowercase();
    }
    let hidden = match fields.remove("password") {
        None => Document::new(),
        Some(Value::String(password)) if LENGTH.contains(&password.len()) => {
            doc! { "passwordHash": hash(password).await? }
        }
        Some(_) => return Err(refused()),
    };
    Ok((fields, hidden))
}

/// Hashes on a thread for work that takes long: some 20 ms of a core, on purpose.
async fn hash(password: String) -> Result<String, Problem> {
    let failed = || {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "hash",
            "the password was not hashed",
        )
    };
    let hashing = tokio::task::spawn_blocking(move || {
        let salt = SaltString::generate(&mut OsRng);
        let hash = Argon2::default().hash_password(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
    });
    hashing.await.map_err(|_| failed())?.map_err(|_| failed())
}

fn refused() -> Problem {
    let detail = format!(
        "expected a text of {} to {} bytes",
        LENGTH.start(),
        LENGTH.end()
    );
    Problem::new(StatusCode::BAD_REQUEST, "unfit-json", detail).with_fields(vec!["password".into()])
}
