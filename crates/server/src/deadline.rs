//! One deadline a request: the handler's databases get it, and the answer does not outlive it.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use mongoplex::Deadline;

use crate::problem::Problem;

pub(crate) async fn enforce(
    State(limit): State<Duration>,
    mut request: Request,
    next: Next,
) -> Response {
    request.extensions_mut().insert(Deadline::within(limit));
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::of_status(StatusCode::GATEWAY_TIMEOUT).into_response(),
    }
}
