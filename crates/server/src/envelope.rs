//! Around every request: its id, its span, one line in the log, its count, and a body for what went wrong.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use mongoplex::{Config, Environment, bson::oid::ObjectId};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{access, deadline, problem::Problem, requests::Counted};

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

/// What stands around a server's routes.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) environment: Environment,
    pub(crate) request_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) cut_off: CancellationToken,
    /// Nothing with `ENABLE_METRICS=false`.
    pub(crate) counted: Option<Arc<Counted>>,
}

impl Around {
    /// Requests are answered 503 once `cut_off` is cancelled.
    pub(crate) fn new(config: &Config, cut_off: CancellationToken) -> Self {
        Self {
            environment: config.environment,
            request_timeout: config.server.request_timeout,
            body_limit: config.server.body_limit,
            cut_off,
            counted: None,
        }
    }
}

/// Runs the request in a span with its id, renders problems, logs and counts how it ended, and sets the
/// headers that every answer has.
///
/// All that stands around the routes is one layer: axum boxes each of them, and clones for every
/// request what is within it.
pub(crate) async fn wrap(
    State(around): State<Arc<Around>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let text = id.to_str().unwrap_or_default();
    let method = request.method().clone();
    // The route, not the path and never the query: those hold what the user typed.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let counted = around.counted.as_ref();
    let active = counted.map(|counted| counted.begin(&method, route.clone(), started));
    let span = tracing::info_span!("request", request.id = text);
    let answered = async {
        let response = rendered(answer(&around, request, next).await, text);
        let route = route.as_ref().map_or("(no route)", MatchedPath::as_str);
        log_end(&method, route, response.status(), started.elapsed());
        response
    };
    let mut response = answered.instrument(span).await;
    if let Some(active) = active {
        active.end(response.status());
    }
    let headers = response.headers_mut();
    headers.reserve(SECURITY_HEADERS.len() + 1);
    for (name, value) in SECURITY_HEADERS {
        // The dashboard's page has a policy of its own.
        headers.entry(name).or_insert(value);
    }
    headers.insert(REQUEST_ID, id);
    response
}

async fn answer(around: &Around, request: Request, next: Next) -> Response {
    let allowed = access::enforce(&request, around.environment);
    match allowed.and_then(|()| access::limit_body(&request, around.body_limit)) {
        Ok(()) => deadline::enforce(request, next, around.request_timeout, &around.cut_off).await,
        Err(problem) => problem.into_response(),
    }
}

/// Returns the id that the request brought, or a new one of 24 hexadecimal digits where it brought
/// none, or one that does not look like one: it goes into logs and answers.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let good = |id: &&HeaderValue| (1..=64).contains(&id.len()) && id.as_bytes().iter().all(plain);
    let made = || HeaderValue::from_str(&ObjectId::new().to_hex()).ok();
    let given = headers.get(REQUEST_ID).filter(good).cloned();
    given
        .or_else(made)
        .unwrap_or(HeaderValue::from_static("none"))
}

fn log_end(method: &Method, route: &str, status: StatusCode, elapsed: Duration) {
    let (status, elapsed_ms) = (status.as_u16(), elapsed.as_millis() as u64);
    // Whoever watches asks every few seconds.
    let watched = ["/health", "/metrics", "/monitor/"];
    if watched.iter().any(|prefix| route.starts_with(prefix)) {
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
