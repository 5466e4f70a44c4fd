//! Around every request: its id, its span, one line in the log, and a body for what went wrong.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use mongoplex::bson::oid::ObjectId;
use tower_http::request_id::{MakeRequestId, RequestId};
use tracing::Instrument;

use crate::problem::Problem;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a response may not be used for: it is data, for the one who asked.
pub(crate) const SECURITY_HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

/// Makes the id of a request that came without one: 24 hexadecimal digits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRequestId;

impl MakeRequestId for NewRequestId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        HeaderValue::from_str(&ObjectId::new().to_hex())
            .ok()
            .map(RequestId::new)
    }
}

/// Drops a request id from outside that does not look like one: it goes into logs and answers.
pub(crate) async fn check_request_id(mut request: Request, next: Next) -> Response {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let good = |id: &HeaderValue| (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain);
    if !request.headers().get(REQUEST_ID).is_some_and(good) {
        request.headers_mut().remove(REQUEST_ID);
    }
    next.run(request).await
}

/// Runs the request in a span with its id, renders problems, and logs how it ended.
pub(crate) async fn wrap(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    // The route, not the path and never the query: those hold what the user typed.
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let route = path.unwrap_or("(no route)").to_owned();
    let span = tracing::info_span!("request", request.id = %id);
    async {
        let response = rendered(next.run(request).await, &id);
        let status = response.status().as_u16();
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Whoever watches health asks every few seconds.
        if route.starts_with("/health/") {
            tracing::debug!(
                status,
                elapsed_ms,
                "{method} {route} {status} in {elapsed_ms} ms"
            );
        } else {
            tracing::info!(
                status,
                elapsed_ms,
                "{method} {route} {status} in {elapsed_ms} ms"
            );
        }
        response
    }
    .instrument(span)
    .await
}

fn request_id(request: &Request) -> String {
    let id = request.extensions().get::<RequestId>();
    let text = id.and_then(|id| id.header_value().to_str().ok());
    text.unwrap_or_default().to_owned()
}

/// Gives an error its body: a problem of ours, or what a bare status means.
fn rendered(response: Response, id: &str) -> Response {
    if let Some(problem) = response.extensions().get::<Problem>() {
        log(problem);
        return keep_headers(&response, problem.render(id));
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    // axum's own rejection of a body that cannot be read is a bad request like any other.
    let status = if status == StatusCode::UNPROCESSABLE_ENTITY {
        StatusCode::BAD_REQUEST
    } else {
        status
    };
    keep_headers(&response, Problem::of_status(status).render(id))
}

/// Logs the cause of a server's fault: a database that is away or slow is coped with, the rest is
/// somebody's to mend.
fn log(problem: &Problem) {
    let (status, Some(cause)) = (problem.status(), problem.cause()) else {
        return;
    };
    match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            tracing::warn!(status = status.as_u16(), "request failed: {cause}");
        }
        _ => tracing::error!(status = status.as_u16(), "request failed: {cause}"),
    }
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/"))
}

/// Keeps what the bare answer said in headers, such as `Allow` beside a 405.
fn keep_headers(bare: &Response, mut rendered: Response) -> Response {
    for (name, value) in bare.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            rendered.headers_mut().insert(name.clone(), value.clone());
        }
    }
    rendered
}
