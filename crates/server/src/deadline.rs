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

/// How much sooner than the request its databases' deadline is: the guard ends a call up to 40 ms after its
/// deadline, and the handler then still says what may have become of a write. Sooner, and not the request
/// later: whoever waits for it waits as long as `REQUEST_TIMEOUT` says.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Runs the handler within the limit; its databases get a deadline a little before it. A request that is cut
/// off is answered 503 at once.
pub(crate) async fn enforce(
    mut request: Request,
    next: Next,
    limit: Duration,
    cut_off: &CancellationToken,
) -> Response {
    let is_safe = request.method().is_safe();
    let deadline = Deadline::within(limit - LAST_WORD.min(limit / 2));
    request.extensions_mut().insert(deadline);
    // What a handler had in hand is dropped with it, so nobody sees a half of anything.
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    let dropped = match cut_off.run_until_cancelled(timeout(limit, handled)).await {
        Some(Ok(Ok(response))) => return response,
        Some(Ok(Err(_))) => {
            tracing::error!("a handler panicked");
            return Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR).into_response();
        }
        Some(Err(_)) => Problem::of_status(StatusCode::GATEWAY_TIMEOUT),
        None => Problem::from(Error::ShuttingDown),
    };
    match is_safe {
        true => dropped.into_response(),
        // The handler may have sent it already.
        false => dropped.of_a_change().into_response(),
    }
}
