//! `/api/v1/admin/users`: create, read, change, delete, list.

use axum::{Router, http::StatusCode, response::Response, routing::get};
use models::admin_server::{Admin, Role, User};
use mongoplex::bson::{DateTime, oid::ObjectId};
use mongoplex_server::{
    Db, Id, IfMatch, Json, Page, Problem,
    resource::{self, given},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::State as Shared;

const PATH: &str = "/api/v1/admin/users";

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(PATH, get(list).post(create)).route(
        &format!("{PATH}/{{id}}"),
        get(read).patch(change).delete(delete),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewUser {
    email: String,
    first_name: String,
    last_name: String,
    role: Role,
    #[serde(default = "active")]
    is_active: bool,
}

fn active() -> bool {
    true
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Changes {
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    email: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    first_name: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    last_name: Option<String>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    role: Option<Role>,
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    is_active: Option<bool>,
}

async fn create(Db(admin): Db<Admin>, Json(new): Json<NewUser>) -> Result<Response, Problem> {
    let now = DateTime::now();
    let user = User {
        id: ObjectId::new(),
        email: new.email.to_lowercase(),
        first_name: new.first_name,
        last_name: new.last_name,
        role: new.role,
        is_active: new.is_active,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    admin.collection::<User>().insert_one(&user).await?;
    resource::created(PATH, &user)
}

async fn read(Db(admin): Db<Admin>, Id(id): Id) -> Result<Response, Problem> {
    resource::found(&resource::read(&admin.collection::<User>(), id).await?)
}

async fn change(
    Db(admin): Db<Admin>,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Json(mut changes): Json<Changes>,
) -> Result<Response, Problem> {
    changes.email = changes.email.map(|email| email.to_lowercase());
    let set = resource::fields(&changes)?;
    let user = resource::change(&admin.collection::<User>(), id, version, set, &[]).await?;
    resource::found(&user)
}

async fn delete(
    Db(admin): Db<Admin>,
    Id(id): Id,
    version: Option<IfMatch>,
) -> Result<StatusCode, Problem> {
    resource::delete(&admin.collection::<User>(), id, version).await
}

async fn list(Db(admin): Db<Admin>, page: Page) -> Result<Json<Value>, Problem> {
    resource::list(&admin.collection::<User>(), &page).await
}
