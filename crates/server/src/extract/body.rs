//! A JSON body, taken strictly.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::problem::Problem;

/// A JSON body of type `T`.
///
/// Give `T` `#[serde(deny_unknown_fields)]`: a misspelt field is then a 400 instead of lost. Typed
/// fields are what keeps operators out: where a text is expected, `{"$gt": ""}` is a 400.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| Problem::of_status(rejection.status()))?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| misfit(&error))
    }
}

/// Says where and what was expected; serde's text quotes the value before `, expected`.
fn misfit(error: &serde_json::Error) -> Problem {
    let place = format!("at line {} column {}", error.line(), error.column());
    if error.classify() != Category::Data {
        let detail = format!("the body is no JSON {place}");
        return Problem::new(StatusCode::BAD_REQUEST, "malformed-json", detail);
    }
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let what = match text.rsplit_once(", expected ") {
        _ if text.starts_with("missing field") || text.starts_with("duplicate field") => {
            text.to_owned()
        }
        Some((unknown, expected)) if unknown.starts_with("unknown field") => {
            format!("a field is unknown, expected {expected}")
        }
        Some((_, expected)) => format!("expected {expected}"),
        None => "a value does not fit".into(),
    };
    Problem::new(
        StatusCode::BAD_REQUEST,
        "unfit-json",
        format!("{what} {place}"),
    )
}
