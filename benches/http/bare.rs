//! The least that a server can do for the same answer: axum, the driver, two calls.

use std::{future::IntoFuture, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::get,
};
use futures_util::future::BoxFuture;
use models::{admin_server::Admin, customer_services::Customer};
use mongoplex::{
    Databases,
    bson::{DateTime, Document, doc, oid::ObjectId},
    mongodb,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::Failure;

/// What the library sends along too, within its default deadline of a read.
const MAX_TIME: Duration = Duration::from_millis(1_990);

/// A server that runs while its future is polled.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    pub(crate) running: BoxFuture<'static, std::io::Result<()>>,
}

#[derive(Clone)]
struct Shared {
    admin: mongodb::Database,
    customer: mongodb::Database,
}

#[derive(Deserialize)]
struct Tenant {
    status: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Client {
    #[serde(rename = "_id")]
    id: ObjectId,
    client_code: String,
    company_name: String,
    status: String,
    addresses: Vec<Document>,
    version: i64,
    created_at: DateTime,
    updated_at: DateTime,
}

/// Takes a port. The driver's handles are those of the library's clients: two clients differ.
pub(crate) async fn serve(databases: &Databases) -> Result<Bare, Failure> {
    let shared = Shared {
        admin: databases.database::<Admin>()?.unguarded(),
        customer: databases.database::<Customer>()?.unguarded(),
    };
    let router = Router::new()
        .route("/api/v1/clients/{id}", get(read))
        .with_state(shared);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let running = Box::pin(axum::serve(listener, router).into_future());
    Ok(Bare { address, running })
}

async fn read(
    State(shared): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Client>, StatusCode> {
    let failed = |_: mongodb::error::Error| StatusCode::INTERNAL_SERVER_ERROR;
    let id = ObjectId::parse_str(id).map_err(|_| StatusCode::NOT_FOUND)?;
    let header = headers
        .get("x-tenant-id")
        .and_then(|value| value.to_str().ok());
    let tenant = header.ok_or(StatusCode::BAD_REQUEST)?;
    let rows = shared.admin.collection::<Tenant>("tenants");
    let row = rows.find_one(doc! { "_id": tenant }).max_time(MAX_TIME);
    let row = row.await.map_err(failed)?;
    row.filter(|row| row.status == "active")
        .ok_or(StatusCode::NOT_FOUND)?;
    let name = format!("{}__{tenant}", shared.customer.name());
    let clients = shared
        .customer
        .client()
        .database(&name)
        .collection::<Client>("clients");
    let found = clients.find_one(doc! { "_id": id }).max_time(MAX_TIME);
    let found = found.await.map_err(failed)?;
    found.map(Json).ok_or(StatusCode::NOT_FOUND)
}
