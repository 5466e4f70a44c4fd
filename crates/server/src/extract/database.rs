//! Databases under the request's deadline, with or without a tenant.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderName, request::Parts},
};
use mongoplex::{Database, Deadline, LogicalDatabase, TenantDatabase, TenantId};

use crate::problem::Problem;

const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");

/// A logical database whose calls end with the request.
#[derive(Debug)]
pub struct Db<D>(pub Database<D>);

impl<S, D> FromRequestParts<S> for Db<D>
where
    S: Send + Sync,
    D: LogicalDatabase,
    Database<D>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let database = Database::<D>::from_ref(state);
        let deadline = parts.extensions.get::<Deadline>().copied();
        Ok(Self(match deadline {
            Some(deadline) => database.within(deadline),
            None => database,
        }))
    }
}

/// The database of the tenant that the request names, in `X-Tenant-ID` until there is sign-in.
///
/// No or a misshapen tenant is 400, one without an active row 404; neither reaches a database.
#[derive(Debug)]
pub struct TenantDb<D>(pub TenantDatabase<D>);

impl<S, D> FromRequestParts<S> for TenantDb<D>
where
    S: Send + Sync,
    D: LogicalDatabase,
    Database<D>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = tenant_id(parts)?;
        let Db(database) = Db::<D>::from_request_parts(parts, state).await?;
        Ok(Self(database.tenant(&id).await?))
    }
}

fn tenant_id(parts: &Parts) -> Result<TenantId, Problem> {
    let mut values = parts.headers.get_all(TENANT).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::bad_request(
            "name the tenant once, in the header X-Tenant-ID",
        ));
    };
    let text = value.to_str().unwrap_or_default();
    text.parse()
        .map_err(|invalid: mongoplex::tenancy::InvalidTenantId| {
            Problem::bad_request(format!("X-Tenant-ID: {invalid}"))
        })
}
