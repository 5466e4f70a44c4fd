//! Health routes, answered from the snapshot: nobody who asks waits for a database.

use axum::{Json, Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use mongoplex::health::{Health, Need, NodeSnapshot};
use serde_json::{Value, json};

/// `/health/live`: the process runs. `/health/ready`: it should be sent requests, else 503.
pub(crate) fn routes(health: Health) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(health)
}

async fn live() -> Json<Value> {
    Json(json!({ "status": "up" }))
}

async fn ready(State(health): State<Health>) -> impl IntoResponse {
    let snapshot = health.snapshot();
    let (code, status) = match snapshot.is_ready() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    };
    let components: Vec<Value> = snapshot.nodes.iter().map(component).collect();
    (
        code,
        Json(json!({ "status": status, "draining": snapshot.draining, "components": components })),
    )
}

fn component(node: &NodeSnapshot) -> Value {
    json!({
        "name": node.name,
        "required": node.need == Need::Required,
        "status": node.status.as_str(),
        "reason": node.reason,
        "sinceSeconds": node.since.as_secs(),
    })
}
