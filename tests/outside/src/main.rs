//! A shop on mongoplex: each tenant has orders of its own, what was sold is counted for all.

use std::process::ExitCode;

use mongoplex::{Databases, Index, Model, Result, bson::doc, options::ReturnDocument};
use mongoplex_cli::App;
use mongoplex_cli::server::axum::{Router, http::StatusCode, routing::post};
use mongoplex_cli::server::{Db, Json, Problem, Server, TenantDb};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Order {
    number: String,
    product: String,
    quantity: i64,
}

impl Model for Order {
    const COLLECTION: &str = "orders";
    const INDEXES: &[Index] = &[Index::on(&["number"]).unique()];
}

#[derive(Serialize, Deserialize)]
struct Product {
    name: String,
    sold: i64,
}

impl Model for Product {
    const COLLECTION: &str = "products";
    const INDEXES: &[Index] = &[Index::on(&["name"]).unique()];
}

mongoplex::logical_database! {
    Sales = "sales", per_tenant: [Order], common: [mongoplex::Tenant, Product]
}

/// `POST /orders`, for the tenant in the header `X-Tenant-ID`.
async fn order(
    TenantDb(tenant): TenantDb<Sales>,
    Db(sales): Db<Sales>,
    Json(order): Json<Order>,
) -> Result<(StatusCode, Json<Option<Product>>), Problem> {
    tenant.collection::<Order>().insert_one(&order).await?;
    let products = sales.collection::<Product>();
    let sold = doc! { "$inc": { "sold": order.quantity } };
    let counted = products.find_one_and_update(doc! { "name": order.product }, sold);
    let product = counted.upsert(true).return_document(ReturnDocument::After);
    Ok((StatusCode::CREATED, Json(product.await?)))
}

fn routes(databases: &Databases) -> Result<Router> {
    let routes = Router::new().route("/orders", post(order));
    Ok(routes.with_state(databases.database::<Sales>()?))
}

fn main() -> ExitCode {
    let app = App::new("shop").database::<Sales>();
    mongoplex_cli::run(app.server(Server::new("api", 3000, routes)))
}
