//! What stands behind the `?` of an operator's address: nothing that it does not know. A misspelt parameter
//! that is passed over would answer another question than was asked.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use mongoplex::bson::DateTime;
use serde::Deserialize;

use crate::problem::Problem;

/// That there is nothing; else a 400.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("") => Ok(Self),
            Some(_) => Err(Problem::bad_request("this address takes no parameters")),
        }
    }
}

/// `?since=2026-01-01T00:00:00Z`, or nothing; else a 400.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Since(pub(crate) Option<DateTime>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    since: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Since {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let detail = "this address takes `since` alone, a time such as 2026-01-01T00:00:00Z";
        let bad = || Problem::bad_request(detail);
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let Query(Asked { since }) = asked.map_err(|_| bad())?;
        let since = since.map(DateTime::parse_rfc3339_str).transpose();
        Ok(Self(since.map_err(|_| bad())?))
    }
}
