//! `/api/v1/clients`: create, read, change, delete, list, each for the tenant of the request.

use axum::{Router, http::StatusCode, response::Response, routing::get};
use models::customer_services::{Client, ClientStatus, Contact, Customer, Tier};
use mongoplex::{
    Collection,
    bson::{DateTime, oid::ObjectId},
};
use mongoplex_server::{
    Id, IfMatch, Json, Page, Problem, TenantDb,
    resource::{self, given},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::State as Shared;

const PATH: &str = "/api/v1/clients";

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(list).post(create)).route(
        &format!("{PATH}/{{id}}"),
        get(read).put(replace).patch(change).delete(delete),
    )
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewClient {
    client_code: String,
    company_name: String,
    #[serde(default)]
    status: ClientStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<Tier>,
    #[serde(default)]
    contacts: Vec<Contact>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    client_code: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    company_name: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    status: Option<ClientStatus>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    tier: Option<Tier>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    contacts: Option<Vec<Contact>>,
}

type Tenant = TenantDb<Customer>;

fn clients(TenantDb(tenant): &Tenant) -> Collection<Client> {
    tenant.collection()
}

async fn create(tenant: Tenant, Json(new): Json<NewClient>) -> Result<Response, Problem> {
    let now = DateTime::now();
    let client = Client {
        id: ObjectId::new(),
        client_code: new.client_code,
        company_name: new.company_name,
        status: new.status,
        tier: new.tier,
        contacts: new.contacts,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    clients(&tenant).insert_one(&client).await?;
    resource::created(PATH, &client)
}

async fn read(tenant: Tenant, Id(id): Id) -> Result<Response, Problem> {
    resource::found(&resource::read(&clients(&tenant), id).await?)
}

/// All of a client's own fields at once; one that is left out takes its default.
async fn replace(
    tenant: Tenant,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Json(new): Json<NewClient>,
) -> Result<Response, Problem> {
    let unset: &[&str] = if new.tier.is_none() { &["tier"] } else { &[] };
    let set = resource::fields(&new)?;
    resource::found(&resource::change(&clients(&tenant), id, version, set, unset).await?)
}

/// The fields that are given; the others stay.
async fn change(
    tenant: Tenant,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Json(changes): Json<Changes>,
) -> Result<Response, Problem> {
    let set = resource::fields(&changes)?;
    resource::found(&resource::change(&clients(&tenant), id, version, set, &[]).await?)
}

async fn delete(
    tenant: Tenant,
    Id(id): Id,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    resource::delete(&clients(&tenant), id, version).await
}

async fn list(tenant: Tenant, page: Page) -> Result<Json<Value>, Problem> {
    resource::list(&clients(&tenant), &page).await
}
