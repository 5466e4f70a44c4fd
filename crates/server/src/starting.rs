//! What a server answers before it can serve: that it lives, and that it has not started.
//!
//! Whoever starts processes asks from their first moment on; without an answer a slow start, of an
//! index build or of a database that comes up late, would look like a dead process.

use std::{io, net, os::fd::AsFd, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use mongoplex::Config;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    envelope::{self, Around},
    health,
    problem::Problem,
    run::Bound,
};

/// How long requests may take that came in last.
const LIMIT: Duration = Duration::from_secs(1);

/// Servers that are starting. Dropped, they answer nothing more; their ports stay taken.
#[derive(Debug)]
pub struct Starting {
    serving: JoinSet<io::Result<()>>,
    ended: CancellationToken,
}

impl Starting {
    /// Answers on the ports of `servers` until it is ended: `/health/live` 200, everything else 503.
    ///
    /// # Errors
    /// That of the system, where it gives no second handle of a port.
    pub fn serve(servers: &[Bound], config: &Config) -> io::Result<Self> {
        let (mut serving, ended) = (JoinSet::new(), CancellationToken::new());
        for server in servers {
            // A second handle of the same port: what comes in between the two is kept by the system.
            let port = server.listener().as_fd().try_clone_to_owned()?;
            let listener = TcpListener::from_std(net::TcpListener::from(port))?;
            let stop = ended.clone().cancelled_owned();
            let serve = axum::serve(listener, router(config)).with_graceful_shutdown(stop);
            serving.spawn(serve.into_future());
        }
        Ok(Self { serving, ended })
    }

    /// Answers nothing more, once the last requests are answered.
    ///
    /// # Cancel safety
    /// Dropped midway, the last requests are cut off.
    pub async fn end(mut self) {
        self.ended.cancel();
        let all = async { while self.serving.join_next().await.is_some() {} };
        drop(timeout(LIMIT, all).await);
    }
}

fn router(config: &Config) -> Router {
    let around = Around::new(config, CancellationToken::new());
    Router::new()
        .route("/health/live", get(health::live))
        .route("/health/startup", get(not_yet))
        .route("/health/ready", get(not_yet))
        .route("/health", get(not_yet))
        .fallback(refuse)
        .layer(from_fn_with_state(Arc::new(around), envelope::wrap))
}

async fn not_yet() -> Response {
    let body = Json(json!({ "status": "starting" }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

async fn refuse() -> Problem {
    let detail = "the server is starting; try again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail)
}
