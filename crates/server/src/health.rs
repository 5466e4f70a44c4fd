//! Health routes, answered from what was last seen: nobody who asks waits for a database.
//!
//! 200 where it works, degraded too; 503 where it does not, or where nobody knows.

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use mongoplex::{
    Databases,
    monitor::{HealthView, NodeView},
};
use serde_json::{Value, json};

use crate::problem::Problem;

/// `/health/live`: the process runs. `/health/startup`: all that is required has been up once.
/// `/health/ready`: it should be sent requests. `/health`: everything. `/health/{database}`: one of them.
pub(crate) fn routes(databases: Databases) -> Router {
    Router::new()
        .route("/health", get(whole))
        .route("/health/live", get(live))
        .route("/health/startup", get(startup))
        .route("/health/ready", get(ready))
        .route("/health/{database}", get(one))
        .with_state(databases)
}

pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "up" }))
}

async fn startup(State(databases): State<Databases>) -> Response {
    let started = databases.health().snapshot().started;
    let status = if started { "started" } else { "starting" };
    answer(started, json!({ "status": status }))
}

/// As briefly as it can be told: whoever asks each second wants no tree.
async fn ready(State(databases): State<Databases>) -> Response {
    let snapshot = databases.health().snapshot();
    let is_ready = snapshot.is_ready();
    let status = if is_ready { "ready" } else { "not ready" };
    let component = |node: &mongoplex::health::NodeSnapshot| {
        let reasons: Vec<_> = node.reasons.iter().map(|one| &*one.message).collect();
        json!({
            "name": node.name,
            "required": node.need == mongoplex::health::Need::Required,
            "status": node.status.as_str(),
            "reason": (!reasons.is_empty()).then(|| reasons.join("; ")),
            "sinceSeconds": node.since.as_secs(),
        })
    };
    let components: Vec<Value> = snapshot.nodes.iter().map(component).collect();
    answer(
        is_ready,
        json!({ "status": status, "draining": snapshot.draining, "components": components }),
    )
}

async fn whole(State(databases): State<Databases>) -> Response {
    let health: HealthView = databases.monitor().health();
    answer(works(health.status), json!(health))
}

async fn one(
    State(databases): State<Databases>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let health = databases.monitor().health();
    let found = health.components.into_iter().find_map(|mut deployment| {
        let is_it = |node: &NodeView| node.kind == "database" && node.name == name;
        let at = deployment.components.iter().position(is_it)?;
        let own = deployment.components.swap_remove(at);
        deployment.components.clear();
        Some((own, deployment))
    });
    let Some((database, deployment)) = found else {
        let known: Vec<_> = databases.guards().iter().map(|own| own.database).collect();
        let detail = format!(
            "there is no such logical database here: {}",
            known.join(", ")
        );
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-database",
            detail,
        ));
    };
    Ok(answer(
        works(database.status),
        json!({ "database": database, "deployment": deployment }),
    ))
}

fn works(status: &str) -> bool {
    ["up", "degraded"].contains(&status)
}

fn answer(works: bool, body: Value) -> Response {
    let code = match works {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, Json(body)).into_response()
}
