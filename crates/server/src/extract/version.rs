//! The version that a change is made to.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{StatusCode, header, request::Parts},
};

use crate::problem::Problem;

/// The version in `If-Match`, as the answer's `ETag` gave it: `"3"`.
///
/// Missing it is a 428, so that nobody overwrites what they have not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub i64);

/// For methods that may go without: `None` where there is no `If-Match`.
impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(Some)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let detail = "send the version that you read as If-Match: the ETag of the answer";
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "version-required",
                detail,
            ));
        };
        let quoted = value.to_str().unwrap_or_default().trim();
        let version = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        let version = version.and_then(|version| version.parse().ok());
        version.map(Self).ok_or_else(|| {
            Problem::bad_request("If-Match must be an ETag as it was answered, such as \"3\"")
        })
    }
}
