//! One deadline a request: the handler's databases get it, and the answer does not outlive it.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use mongoplex::{Deadline, Error};
use tokio_util::sync::CancellationToken;

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

/// Answers 503 as soon as requests are cut off.
pub(crate) async fn until_cut_off(
    State(cut_off): State<CancellationToken>,
    request: Request,
    next: Next,
) -> Response {
    match cut_off.run_until_cancelled(next.run(request)).await {
        Some(response) => response,
        None => Problem::from(Error::ShuttingDown).into_response(),
    }
}
