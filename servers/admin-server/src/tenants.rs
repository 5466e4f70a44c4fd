//! `/api/v1/admin/tenants`: create, read, list.

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use mongoplex::{Deadline, Tenancy, Tenant, TenantId, tenancy::Created};
use mongoplex_server::{Actor, Json, List, Page, Problem, Shown, shown};
use serde::Deserialize;

use crate::State as Shared;

const PATH: &str = "/api/v1/admin/tenants";

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(list).post(create))
        .route(&format!("{PATH}/{{id}}"), get(read))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTenant {
    id: String,
    name: String,
}

/// 201 for a new tenant; 200 when it is there already, its databases completed.
async fn create(
    State(tenancy): State<Tenancy>,
    Extension(deadline): Extension<Deadline>,
    Actor(actor): Actor,
    Json(new): Json<NewTenant>,
) -> Result<Response, Problem> {
    let id = parse(&new.id)?;
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::bad_request("name: 1–200 characters").with_fields(vec!["name".into()]));
    }
    let tenancy = tenancy.within(Some(deadline)).acting_as(actor);
    let (status, tenant) = match tenancy.create(&id, name).await? {
        Created::New(tenant) => (StatusCode::CREATED, tenant),
        Created::Existing(tenant) => (StatusCode::OK, tenant),
    };
    let location = [(header::LOCATION, format!("{PATH}/{id}"))];
    Ok((status, location, Json(shown(&tenant, &[])?)).into_response())
}

async fn read(
    State(tenancy): State<Tenancy>,
    Extension(deadline): Extension<Deadline>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let tenant = tenancy.within(Some(deadline)).get(&parse(&id)?).await?;
    Ok(Json(shown(&tenant.ok_or_else(Problem::not_found)?, &[])?))
}

async fn list(
    State(tenancy): State<Tenancy>,
    Extension(deadline): Extension<Deadline>,
    page: Page,
) -> Result<Json<List>, Problem> {
    let after: Option<TenantId> = page.after_as()?;
    let limit = page.limit as usize;
    let mut tenants = tenancy
        .within(Some(deadline))
        .list(after.as_ref(), page.limit + 1)
        .await?;
    let more = tenants.len() > limit;
    tenants.truncate(limit);
    let last: Option<&Tenant> = tenants.last().filter(|_| more);
    let items = tenants.iter().map(|tenant| shown(tenant, &[]));
    Ok(Json(List {
        items: items.collect::<Result<_, _>>()?,
        next_cursor: last.map(|last| last.id.to_string()),
        total: None,
    }))
}

fn parse(id: &str) -> Result<TenantId, Problem> {
    id.parse()
        .map_err(|invalid: mongoplex::tenancy::InvalidTenantId| {
            Problem::bad_request(invalid.to_string()).with_fields(vec!["id".into()])
        })
}
