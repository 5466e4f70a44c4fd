//! `/api/v1/plans`: read and list; the same for all tenants.

use axum::{Router, response::Response, routing::get};
use models::customer_services::{Customer, Plan};
use mongoplex_server::{Db, Id, Json, Page, Problem, resource};
use serde_json::Value;

use crate::State as Shared;

const PATH: &str = "/api/v1/plans";

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(PATH, get(list))
        .route(&format!("{PATH}/{{id}}"), get(read))
}

async fn read(Db(customer): Db<Customer>, Id(id): Id) -> Result<Response, Problem> {
    resource::found(&resource::read(&customer.collection::<Plan>(), id).await?)
}

async fn list(Db(customer): Db<Customer>, page: Page) -> Result<Json<Value>, Problem> {
    resource::list(&customer.collection::<Plan>(), &page).await
}
