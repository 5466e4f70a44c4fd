//! The id at the end of a path.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use mongoplex::bson::oid::ObjectId;

use crate::problem::Problem;

/// The one parameter of a path such as `/clients/{id}`.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub ObjectId);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id = path
            .ok()
            .and_then(|Path(text)| ObjectId::parse_str(text).ok());
        id.map(Self)
            .ok_or_else(|| Problem::bad_request("an id is 24 hexadecimal digits"))
    }
}
