//! The page at `/dashboard`, with its script and style: built files of crates/server/dashboard, held in the
//! program, so that it needs nothing from outside.

use axum::{
    Router,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

/// What the page may do: read its own origin, run its own script, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
);

const PAGE: &str = include_str!("../../dashboard/dist/index.html");
const SCRIPT: &str = include_str!("../../dashboard/dist/dashboard.js");
const STYLE: &str = include_str!("../../dashboard/dist/dashboard.css");

/// The page and what it loads. They are the same for everybody.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/dashboard", get(page))
        .route(
            "/dashboard/",
            get(|| async { Redirect::permanent("/dashboard") }),
        )
        .route("/dashboard/dashboard.js", get(script))
        .route("/dashboard/dashboard.css", get(style))
}

async fn page() -> Response {
    let policy: (HeaderName, HeaderValue) = (header::CONTENT_SECURITY_POLICY, POLICY);
    ([policy], file("text/html; charset=utf-8", PAGE)).into_response()
}

async fn script() -> Response {
    file("text/javascript; charset=utf-8", SCRIPT)
}

async fn style() -> Response {
    file("text/css; charset=utf-8", STYLE)
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
