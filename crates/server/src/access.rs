//! Who may ask, until there is sign-in.
//!
//! Servers listen on loopback only. That does not keep out a web page open in a browser on the
//! same machine (DNS rebinding, cross-site requests), nor a proxy somebody put in front; so a
//! foreign `Host` or `Origin` and any forwarding header are refused. Outside development and test
//! only health and metrics are served: there a header would be all that stands between tenants.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, uri::Authority},
};
use mongoplex::Environment;

use crate::problem::Problem;

/// Refuses what must not be served.
pub(crate) fn enforce(request: &Request, environment: Environment) -> Result<(), Problem> {
    let path = request.uri().path();
    let open = path == "/health" || path == "/metrics" || path.starts_with("/health/");
    check(request).and_then(|()| served(environment, open))
}

/// Refuses a body that says itself to be too large, before it is waited for.
pub(crate) fn limit_body(request: &Request, limit: usize) -> Result<(), Problem> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length {
        Some(length) if length > limit as u64 => {
            Err(Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE))
        }
        _ => Ok(()),
    }
}

fn served(environment: Environment, open: bool) -> Result<(), Problem> {
    if open || environment.is_harmless() {
        return Ok(());
    }
    let detail =
        format!("there is no sign-in yet, so in {environment} only health and metrics are served");
    Err(Problem::new(StatusCode::FORBIDDEN, "no-sign-in", detail))
}

fn check(request: &Request) -> Result<(), Problem> {
    let headers = request.headers();
    let forbidden = |detail| Err(Problem::new(StatusCode::FORBIDDEN, "foreign", detail));
    // The header, and in an absolute request line the authority too, which would win over it.
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return forbidden("one Host is needed: localhost, 127.0.0.1 or [::1]");
    };
    let line = request.uri().authority().is_none_or(is_local);
    if !line || !is_local_text(host.to_str().unwrap_or_default()) {
        return forbidden("the Host must be localhost, 127.0.0.1 or [::1]");
    }
    if headers
        .get_all(header::ORIGIN)
        .iter()
        .any(|origin| !is_local_origin(origin))
    {
        return forbidden("the Origin must be on localhost, 127.0.0.1 or [::1]");
    }
    const PROXIES: [&str; 5] = [
        "forwarded",
        "via",
        "x-real-ip",
        "cf-connecting-ip",
        "true-client-ip",
    ];
    let forwarded = |name: &str| PROXIES.contains(&name) || name.starts_with("x-forwarded-");
    if headers.keys().any(|name| forwarded(name.as_str())) {
        return forbidden("requests through a proxy are refused until there is sign-in");
    }
    if has_body(request.method(), headers) && !is_json(headers) {
        let detail = "a body must be sent as application/json";
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json",
            detail,
        ));
    }
    Ok(())
}

fn is_local(authority: &Authority) -> bool {
    let host = authority.host();
    let local = host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]";
    local && !authority.as_str().contains('@') && has_plain_port(authority)
}

/// Returns whether nothing but a port's number follows the host.
fn has_plain_port(authority: &Authority) -> bool {
    let rest = authority.as_str().get(authority.host().len()..);
    rest == Some("") || authority.port_u16().is_some()
}

fn is_local_text(host: &str) -> bool {
    host.parse()
        .is_ok_and(|authority: Authority| is_local(&authority))
}

fn is_local_origin(origin: &HeaderValue) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let host = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(is_local_text)
}

fn has_body(method: &Method, headers: &HeaderMap) -> bool {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok());
    let some = length.is_some_and(|length| length != "0")
        || headers.contains_key(header::TRANSFER_ENCODING);
    some && *method != Method::GET && *method != Method::HEAD
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let essence = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn ask(pairs: &[(&str, &str)]) -> Result<(), Problem> {
        let mut request = axum::http::Request::post("/x");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        check(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn only_local_hosts_and_origins_may_ask() {
        for host in [
            "localhost",
            "localhost:3000",
            "127.0.0.1:1",
            "[::1]:3000",
            "[::1]",
            "LocalHost",
        ] {
            assert!(ask(&[("host", host)]).is_ok(), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.nip.io",
            "[::2]",
            "10.0.0.1",
            "localhost:x@evil.example",
            "[::1].evil.example",
            "localhost:evil",
            "localhost@evil.example",
        ] {
            assert!(ask(&[("host", host)]).is_err(), "{host}");
        }
        assert!(ask(&[("host", "localhost"), ("origin", "http://localhost:5173")]).is_ok());
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost.evil.example",
        ] {
            assert!(
                ask(&[("host", "localhost"), ("origin", origin)]).is_err(),
                "{origin}"
            );
        }
    }

    #[test]
    fn a_proxy_in_front_is_refused() {
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto"] {
            assert!(
                ask(&[("host", "localhost"), (name, "x")]).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_body_must_be_json() {
        let sized = [("host", "localhost"), ("content-length", "2")];
        let with = |kind| [sized[0], sized[1], ("content-type", kind)];
        assert!(ask(&with("application/json; charset=utf-8")).is_ok());
        assert!(ask(&with("text/plain")).is_err());
        assert!(ask(&sized).is_err());
    }

    #[test]
    fn outside_development_and_test_only_health_is_served() {
        assert!(served(Environment::Production, true).is_ok());
        assert!(served(Environment::Production, false).is_err());
        assert!(served(Environment::Staging, false).is_err());
        assert!(served(Environment::Development, false).is_ok());
    }
}
