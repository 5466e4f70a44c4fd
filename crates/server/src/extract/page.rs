//! Which part of a list is asked for.

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::Deserialize;

use crate::problem::Problem;

/// `?limit=50&after=<nextCursor>`: how many, and behind which.
///
/// `limit` is 50 where it is left out; more than [`Page::MAX`] counts as that, and the answer's
/// `nextCursor` goes on from there. Other parameters are a 400.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many, 1 to [`Page::MAX`].
    pub limit: u32,
    /// The `nextCursor` of the page before, as it was given.
    pub after: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    limit: Option<u64>,
    after: Option<String>,
}

impl Page {
    /// The largest page.
    pub const MAX: u32 = 100;

    /// Returns the cursor as whatever the list is ordered by.
    ///
    /// # Errors
    /// A 400 when it is none.
    pub fn after_as<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        self.after
            .as_ref()
            .map(|text| text.parse().map_err(|_| cursor()))
            .transpose()
    }
}

fn cursor() -> Problem {
    Problem::bad_request("after: use the `nextCursor` of the page before")
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let bad =
            || Problem::bad_request("a list takes `limit`, a whole number from 1, and `after`");
        let Query(Asked { limit, after }) = asked.map_err(|_| bad())?;
        match limit.unwrap_or(50) {
            0 => Err(bad()),
            limit => Ok(Self {
                limit: u32::try_from(limit).map_or(Self::MAX, |limit| limit.min(Self::MAX)),
                after,
            }),
        }
    }
}
