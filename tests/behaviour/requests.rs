//! What is counted of HTTP requests: each once, by route and never by path, and no stream as a long one.

use axum::{Router, body::Body, http::Request};
use futures_util::{FutureExt, StreamExt};
use mongoplex::bson::oid::ObjectId;
use tower::ServiceExt;

use crate::house::{House, send};

const ACME: (&str, &str) = ("x-tenant-id", "acme");

/// Returns `/metrics` in the format that `accept` asks for, with its content type.
async fn scrape(server: &Router, accept: Option<&str>) -> (String, String) {
    let mut request = Request::get("/metrics").header("host", "localhost");
    if let Some(accept) = accept {
        request = request.header("accept", accept);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = server.clone().oneshot(request).await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap();
    let kind = kind.to_owned();
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    (kind, String::from_utf8(bytes.unwrap().to_vec()).unwrap())
}

/// Returns how many requests of a method, route and status have ended.
async fn ended(server: &Router, method: &str, route: &str, status: &str) -> Option<u64> {
    let (_, text) = scrape(server, None).await;
    let labels = format!(
        r#"{{server="customer-services",http_request_method="{method}",http_route="{route}",http_response_status_code="{status}"}} "#
    );
    let start = format!("http_server_request_duration_seconds_count{labels}");
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix(&start))?;
    Some(count.parse().unwrap())
}

async fn active(server: &Router, method: &str) -> u64 {
    let (_, text) = scrape(server, None).await;
    let start = format!(
        r#"http_server_active_requests{{server="customer-services",http_request_method="{method}"}} "#
    );
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix(&start)).unwrap();
    count.parse::<f64>().unwrap() as u64
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_status() {
    let house = House::new("requests_counts").await;
    house.tenant("acme").await;
    let server = house.clients_server();

    for _ in 0..3 {
        let answer = send(&server, "GET /api/v1/clients", &[ACME], "").await;
        assert_eq!(answer.status, 200);
    }
    let unknown = ObjectId::new().to_hex();
    for id in [&unknown, &ObjectId::new().to_hex()] {
        let line = format!("GET /api/v1/clients/{id}");
        assert_eq!(send(&server, &line, &[ACME], "").await.status, 404);
    }
    for number in 0..4 {
        let line = format!("GET /nowhere/{number}");
        assert_eq!(send(&server, &line, &[], "").await.status, 404);
    }
    for method in ["BREW", "WHEN"] {
        let line = format!("{method} /api/v1/clients");
        assert_eq!(send(&server, &line, &[ACME], "").await.status, 405);
    }

    let list = "/api/v1/clients";
    assert_eq!(ended(&server, "GET", list, "200").await, Some(3));
    let one = "/api/v1/clients/{id}";
    assert_eq!(ended(&server, "GET", one, "404").await, Some(2));
    assert_eq!(ended(&server, "GET", "_unmatched", "404").await, Some(4));
    assert_eq!(ended(&server, "_OTHER", list, "405").await, Some(2));
    assert_eq!(ended(&server, "POST", list, "201").await, None);
    let (_, text) = scrape(&server, None).await;
    assert!(!text.contains("nowhere") && !text.contains(&unknown));
    house.close().await;
}

#[tokio::test]
async fn a_stream_is_a_request_up_to_its_head() {
    let house = House::new("requests_stream").await;
    let server = house.clients_server();
    let request = Request::get("/monitor/stream").header("host", "localhost");
    let request = request.body(Body::empty()).unwrap();

    let response = server.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    body.next().await.unwrap().unwrap();

    let counted = ended(&server, "GET", "/monitor/stream", "200").await;
    assert_eq!(counted, Some(1));
    // The one that asks.
    assert_eq!(active(&server, "GET").await, 1);
    house.close().await;
}

#[tokio::test]
async fn a_request_whose_client_goes_away_is_counted_and_is_over() {
    let house = House::new("requests_gone").await;
    house.tenant("acme").await;
    let server = house.clients_server();

    // Its handler waits for the database, and nobody polls it again.
    let gone = send(&server, "GET /api/v1/clients", &[ACME], "").now_or_never();

    assert!(gone.is_none());
    let counted = ended(&server, "GET", "/api/v1/clients", "_abandoned").await;
    assert_eq!(counted, Some(1));
    assert_eq!(active(&server, "GET").await, 1);
    house.close().await;
}

#[tokio::test]
async fn the_format_of_the_figures_is_the_one_that_is_asked_for() {
    let house = House::new("requests_format").await;
    let server = house.clients_server();
    let prometheus = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

    let (kind, open) = scrape(&server, Some(prometheus)).await;
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert!(open.ends_with("# EOF\n"));
    assert!(open.contains("# TYPE mongoplex_calls counter\n"));

    for accept in [None, Some("*/*"), Some("text/plain")] {
        let (kind, classic) = scrape(&server, accept).await;
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        assert!(!classic.contains("# EOF"));
        assert!(classic.contains("# TYPE mongoplex_calls_total counter\n"));
        assert!(classic.contains("# HELP mongoplex_calls_total "));
    }
    house.close().await;
}
