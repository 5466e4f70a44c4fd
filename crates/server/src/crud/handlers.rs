//! The handlers that need nothing of a resource but its model and its place.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use mongoplex::Resource;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    answer, broken,
    change::Change,
    find,
    list::{Asked, List},
    place::Place,
};
use crate::{
    extract::{Actor, Id, IfMatch, Json},
    problem::Problem,
};

/// Lists documents as `T`: the model, or all that is stored.
pub(super) async fn list<P, M, T>(place: P, asked: Asked<M>) -> Result<Json<List>, Problem>
where
    P: Place<M>,
    M: Resource,
    T: DeserializeOwned + Serialize,
{
    asked.run::<T>(&place.collection()).await
}

pub(super) async fn read<P: Place<M>, M: Resource>(
    place: P,
    Id(id): Id,
) -> Result<Response, Problem> {
    answer(StatusCode::OK, &find(&place.collection(), id).await?, None)
}

pub(super) async fn delete<P: Place<M>, M: Resource>(
    place: P,
    actor: Actor,
    Id(id): Id,
    version: Option<IfMatch>,
    Deletion { purge }: Deletion,
) -> Result<StatusCode, Problem> {
    let change = match purge {
        true => Change::Purge { id, version },
        false => {
            let before = find(&place.collection(), id).await?;
            if version.is_some_and(|IfMatch(version)| version != before.version) {
                return Err(Problem::stale());
            }
            before.check_deletion().map_err(broken)?;
            // What was checked is what goes.
            let version = Some(IfMatch(before.version));
            Change::Delete { id, version }
        }
    };
    place.change(actor, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore<P: Place<M>, M: Resource>(
    place: P,
    actor: Actor,
    Id(id): Id,
    version: Option<IfMatch>,
) -> Result<Response, Problem> {
    let change = Change::Restore { id, version };
    answer(StatusCode::OK, &place.change(actor, change).await?, None)
}

/// `?purge=true` of a deletion.
pub(super) struct Deletion {
    purge: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Deletion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.uri.query() {
            None | Some("" | "purge=false") => Ok(Self { purge: false }),
            Some("purge=true") => Ok(Self { purge: true }),
            Some(_) => Err(Problem::bad_request(
                "a deletion takes `purge=true` and nothing else",
            )),
        }
    }
}
