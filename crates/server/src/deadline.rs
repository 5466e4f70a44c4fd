//! Every request ends: at its deadline, when it is cut off, or by a panic that is caught.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::Request,
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use mongoplex::{Deadline, Error};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::problem::Problem;

/// Runs the handler; its databases get the deadline, and the answer does not outlive it. A request
/// that is cut off is answered 503 at once.
pub(crate) async fn enforce(
    mut request: Request,
    next: Next,
    limit: Duration,
    cut_off: &CancellationToken,
) -> Response {
    request.extensions_mut().insert(Deadline::within(limit));
    // What a handler had in hand is dropped with it, so nobody sees a half of anything.
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    match cut_off.run_until_cancelled(timeout(limit, handled)).await {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(_))) => {
            tracing::error!("a handler panicked");
            Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Some(Err(_)) => Problem::of_status(StatusCode::GATEWAY_TIMEOUT).into_response(),
        None => Problem::from(Error::ShuttingDown).into_response(),
    }
}
