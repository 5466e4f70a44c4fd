//! What operators look at: `/dashboard`, `/metrics` for Prometheus, `/monitor/…` as JSON and as a live
//! stream.
//!
//! Nobody who asks waits for a database: all of it is read from what the process knows anyway.

mod dashboard;
mod format;
mod metrics;
mod peers;
mod stream;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use mongoplex::{
    Config, Databases, Environment, Result,
    bson::DateTime,
    monitor::{Monitor, Point},
};
use serde_json::{Map, Value, json};

use self::{format::Format, peers::Peers, stream::Live};
use crate::{
    extract::{NoParameters, Since},
    problem::Problem,
    run::Life,
};

/// The routes; with `ENABLE_METRICS=false` they say so. Streams end when the servers drain.
///
/// # Errors
/// Faults of `MONITOR_PEERS` that only a client finds.
pub(crate) fn routes(
    databases: &Databases,
    config: &Config,
    about: About,
    life: &Life,
) -> Result<Router> {
    let monitor = databases.monitor();
    if !monitor.is_on() {
        return Ok(switched_off());
    }
    let peers = Peers::new(config, about.server)?;
    let live = Arc::new(Live::new(monitor, about, life, peers));
    let routes = Router::new()
        .route("/metrics", get(scrape))
        .route("/monitor/snapshot", get(snapshot))
        .route("/monitor/history", get(history))
        .route("/monitor/alerts", get(alerts))
        .route("/monitor/servers", get(servers))
        .route("/monitor/slow", get(slow))
        .route("/monitor/stream", get(stream::stream))
        .route("/monitor/peers/{name}/stream", get(peers::stream))
        .route("/monitor/peers/{name}/history", get(peers::history))
        .route("/monitor/peers/{name}/{route}", get(peers::relay))
        .merge(dashboard::routes());
    Ok(routes.with_state(live))
}

/// Whose figures they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    server: &'static str,
    environment: Environment,
}

impl About {
    pub(crate) fn new(server: &'static str, config: &Config) -> Self {
        Self {
            server,
            environment: config.environment,
        }
    }

    fn json(self, uptime_seconds: f64) -> Value {
        json!({
            "name": self.server,
            "environment": self.environment.to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
            "uptimeSeconds": uptime_seconds,
        })
    }
}

/// The same addresses, for whoever looks for what is not counted.
fn switched_off() -> Router {
    let paths = [
        "/metrics",
        "/dashboard",
        "/dashboard/{*file}",
        "/monitor/{*route}",
    ];
    let say = async || {
        let detail = "nothing is counted here: ENABLE_METRICS=false";
        Problem::new(StatusCode::NOT_FOUND, "switched-off", detail)
    };
    let routes = paths.into_iter();
    routes.fold(Router::new(), |router, path| router.route(path, get(say)))
}

async fn scrape(State(live): State<Arc<Live>>, headers: HeaderMap) -> Result<Response, Problem> {
    let text =
        metrics::text(&live).map_err(|_| Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR))?;
    let format = Format::wanted(&headers);
    let kind = [(header::CONTENT_TYPE, format.content_type())];
    Ok((kind, format.of(text)).into_response())
}

async fn snapshot(State(live): State<Arc<Live>>, _: NoParameters) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, live.snapshot().to_string()).into_response()
}

/// A point a second; those after `?since=…` alone where that is there.
async fn history(State(live): State<Arc<Live>>, Since(since): Since) -> Json<Value> {
    let databases: Map<String, Value> = live
        .monitor()
        .history()
        .into_iter()
        .map(|(name, mut points)| {
            // In milliseconds, as they are told.
            let at = |point: &Point| DateTime::from_system_time(point.at);
            points.retain(|point| since.is_none_or(|since| at(point) > since));
            (name.to_owned(), json!(points))
        })
        .collect();
    Json(json!({ "databases": databases }))
}

async fn slow(State(live): State<Arc<Live>>, _: NoParameters) -> Json<Value> {
    Json(json!({ "slow": live.monitor().slow() }))
}

async fn alerts(State(live): State<Arc<Live>>, _: NoParameters) -> Json<Value> {
    Json(json!({ "alerts": live.monitor().alerts() }))
}

async fn servers(State(live): State<Arc<Live>>, _: NoParameters) -> Json<Value> {
    let entry = |name: &str, path: String| json!({ "name": name, "path": path });
    let mut servers = vec![entry(live.about().server, "/monitor".into())];
    let peers = live.peers().names();
    servers.extend(peers.map(|name| entry(name, format!("/monitor/peers/{name}"))));
    Json(json!({ "servers": servers }))
}

/// Returns a snapshot as JSON, with the server that gives it.
fn rendered(monitor: &Monitor, about: About) -> Value {
    let snapshot = monitor.snapshot();
    let mut value = json!(snapshot);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("server".into(), about.json(snapshot.uptime_seconds));
        fields.remove("uptimeSeconds");
    }
    value
}
