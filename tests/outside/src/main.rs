//! A shop on mongoplex: each tenant has orders of its own, what was sold is counted for all.
mod migrations;
use mongoplex::{Index, Model, Resource, Upkeep, bson::doc};
use mongoplex_cli::server::axum::{Router, http::StatusCode, routing::post};
use mongoplex_cli::server::{Audited, Crud, Db, Json, Problem, Server, TenantDb};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Order {
    number: String,
    product: String,
    quantity: i64,
}

impl Model for Order {
    const COLLECTION: &str = "orders";
    const INDEXES: &[Index] = &[Index::on(&["number"]).unique(), Index::on(&["product"])];
}

#[derive(Clone, Serialize, Deserialize)]
struct Product {
    name: String,
    sold: i64,
}

impl Model for Product {
    const COLLECTION: &str = "products";
    const INDEXES: &[Index] = &[Index::on(&["name"]).unique()];
    const UPKEEP: Upkeep = Upkeep::SoftDelete; // version, createdAt, updatedAt, deletedAt
}
impl Resource for Product {}
mongoplex::logical_database! {
    Sales = "sales", per_tenant: [Order], common: [mongoplex::Tenant, mongoplex::audit::Entry, Product]
}

async fn order(
    TenantDb(tenant): TenantDb<Sales>,
    Db(sales): Db<Sales>,
    Json(order): Json<Order>,
) -> Result<StatusCode, Problem> {
    let both = tenant.transaction().with(&sales);
    let placed = both.run(async move |(tenant, sales)| -> mongoplex::Result<()> {
        tenant.collection::<Order>().insert_one(&order).await?;
        let products = sales.collection::<Product>();
        let name = doc! { "name": &order.product };
        let sold = doc! { "$inc": { "sold": order.quantity } };
        products.update_one(name, sold).upsert(true).await.map(drop)
    });
    Ok(placed.await.map(|()| StatusCode::CREATED)?)
}

fn main() -> std::process::ExitCode {
    let server = Server::new("api", 3000, |databases| {
        let products = Crud::<Audited<Sales>, Product>::at("/products").routes();
        let routes = Router::new().route("/orders", post(order)).merge(products);
        Ok(routes.with_state(databases.database::<Sales>()?))
    });
    let shop = mongoplex_cli::App::new("shop").database::<Sales>();
    mongoplex_cli::run(shop.server(server).migrations(migrations::tenant::list()))
}
