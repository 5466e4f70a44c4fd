//! Who may ask until there is sign-in, and what every answer carries.

use mongoplex::Environment;

use crate::house::{Answer, House, send};

#[tokio::test]
async fn foreign_hosts_origins_and_proxies_are_refused() {
    let house = House::new("access").await;
    let server = house.admin_server();
    let path = "GET /api/v1/admin/tenants";

    for header in [
        ("host", "evil.example"),
        ("host", "127.0.0.1.nip.io"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("forwarded", "for=1.2.3.4"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-host", "localhost"),
    ] {
        let answer = send(&server, path, &[header], "").await;
        assert_eq!(answer.status, 403, "{header:?}");
        assert_eq!(answer.body["type"], "urn:mongoplex:foreign");
    }
    for header in [("host", "[::1]:3000"), ("origin", "http://localhost:5173")] {
        assert_eq!(
            send(&server, path, &[header], "").await.status,
            200,
            "{header:?}"
        );
    }
    house.close().await;
}

#[tokio::test]
async fn outside_development_and_test_only_health_is_served() {
    let mut house = House::new("access_production").await;
    house.config.environment = Environment::Production;
    let server = house.admin_server();

    let refused = send(&server, "GET /api/v1/admin/tenants", &[], "").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.body["detail"]
            .as_str()
            .unwrap()
            .contains("no sign-in"),
        "{refused:?}"
    );
    assert_eq!(send(&server, "GET /health/live", &[], "").await.status, 200);
    house.close().await;
}

#[tokio::test]
async fn every_answer_carries_its_request_id_and_the_security_headers() {
    let house = House::new("access_headers").await;
    let server = house.admin_server();

    for path in [
        "GET /health/live",
        "GET /nothing",
        "PUT /health/live",
        "GET /api/v1/admin/users/x",
    ] {
        let own = send(&server, path, &[], "").await;
        assert_eq!(own.header("x-request-id").len(), 24, "{path}: {own:?}");
        assert_eq!(own.header("x-content-type-options"), "nosniff");
        assert_eq!(own.header("x-frame-options"), "DENY");
        assert_eq!(own.header("cache-control"), "no-store");
        let given = send(&server, path, &[("x-request-id", "from-outside.1")], "").await;
        assert_eq!(given.header("x-request-id"), "from-outside.1");
        let bad = send(&server, path, &[("x-request-id", "a b\tc")], "").await;
        assert_eq!(bad.header("x-request-id").len(), 24);
    }
    assert_eq!(
        send(&server, "PUT /health/live", &[], "")
            .await
            .header("allow"),
        "GET,HEAD"
    );
    house.close().await;
}

/// Returns a server whose one route never answers.
fn slow() -> mongoplex_server::Server {
    mongoplex_server::Server::new("admin-server", 3000, |_| {
        let never = axum::routing::any(std::future::pending::<()>);
        Ok(axum::Router::new().route("/slow", never))
    })
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_a_504() {
    let names = [("REQUEST_TIMEOUT", "200ms")];
    let house = House::on(mongoplex_testing::shared(), "access_timeout", &names).await;
    let server = slow().router(&house.databases, &house.config).unwrap();

    let read = send(&server, "GET /slow", &[], "").await;
    let change = send(&server, "POST /slow", &[], "").await;

    for answer in [&read, &change] {
        assert_eq!(answer.status, 504);
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let may_be = |answer: &Answer| answer.body["detail"].to_string().contains("may have been");
    assert_eq!((may_be(&read), may_be(&change)), (false, true));
    house.close().await;
}

#[tokio::test]
async fn a_panic_is_a_500_with_a_problem() {
    let house = House::new("access_panic").await;
    let broken = mongoplex_server::Server::new("admin-server", 3000, |_| {
        let handler = axum::routing::get(|| async { panic!("on purpose") as () });
        Ok(axum::Router::new().route("/broken", handler))
    });
    let server = broken.router(&house.databases, &house.config).unwrap();

    let answer = send(&server, "GET /broken", &[], "").await;

    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (500, "application/problem+json")
    );
    house.close().await;
}

#[tokio::test]
async fn requests_that_outlast_the_grace_are_answered_503() {
    let variables = [
        ("SHUTDOWN_GRACE", "300ms"),
        ("ADMIN_SERVER_ADDRESS", "127.0.0.1:0"),
    ];
    let house = House::on(mongoplex_testing::shared(), "access_cut_off", &variables).await;
    let bound = mongoplex_server::bind(&[slow()], &house.config)
        .await
        .unwrap();
    let address = bound[0].address();
    let ask =
        |line| tokio::task::spawn_blocking(move || mongoplex_testing::http(address, line, &[], ""));
    let (read, change) = (ask("GET /slow"), ask("POST /slow"));

    let stop = tokio::time::sleep(std::time::Duration::from_millis(500));
    let drained = mongoplex_server::run(bound, &house.databases, &house.config, stop)
        .await
        .unwrap();

    assert_eq!(drained, mongoplex_server::Drained::CutOff);
    let (read, change) = (read.await.unwrap().unwrap(), change.await.unwrap().unwrap());
    for answer in [&read, &change] {
        assert_eq!(answer.status, 503);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(answer.header("x-request-id").map(str::len), Some(24));
    }
    assert!(read.body.contains("urn:mongoplex:draining"), "{read:?}");
    assert_eq!(read.header("retry-after"), Some("1"));
    let unknown = change.body.contains("urn:mongoplex:outcome-unknown");
    assert!(unknown, "{change:?}");
    assert_eq!(change.header("retry-after"), None);
    house.close().await;
}
