//! A message to the webhook, and its signature.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use axum::http::{Error, Request, Uri, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::body::Bytes;
use mongoplex::{
    Environment,
    monitor::{AlertState, Transition},
};
use serde_json::{Value, json};
use sha2::Sha256;

/// What messages are signed with.
pub(super) struct Key(Vec<u8>);

impl Key {
    /// Takes a key that the configuration has checked: `whsec_` and base64.
    pub(super) fn new(text: &str) -> Self {
        let base64 = text.strip_prefix("whsec_").unwrap_or(text);
        Self(STANDARD.decode(base64).unwrap_or_default())
    }

    /// Returns `v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`.
    pub(super) fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            // Keys of every length are taken.
            return String::new();
        };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Who tells.
pub(super) struct Source(Value);

impl Source {
    pub(super) fn new(servers: &[&'static str], environment: Environment) -> Self {
        Self(json!({
            "servers": servers,
            "environment": environment.to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
        }))
    }
}

/// A message as it is sent, the same at each try but for its time.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The same at each try, so that the receiver can tell a repetition.
    id: String,
    body: String,
    /// For the log.
    about: String,
}

impl Message {
    #[cfg(test)]
    pub(super) fn new(id: &str, body: &str, about: &str) -> Self {
        Self {
            id: id.into(),
            body: body.into(),
            about: about.into(),
        }
    }

    /// Returns what is to be told, if anything is.
    pub(super) fn of(transition: &Transition, source: &Source) -> Option<Self> {
        let alert = transition.is_told.then_some(&transition.alert)?;
        let state = match alert.state {
            AlertState::Resolved => "resolved",
            _ => "firing",
        };
        let mut data = json!(alert);
        data["source"] = source.0.clone();
        let told = json!(transition);
        let body =
            json!({ "type": format!("alert.{state}"), "timestamp": told["at"], "data": data });
        Some(Self {
            id: format!("msg_{}_{state}", alert.id),
            body: body.to_string(),
            about: format!("alert `{}` of `{}` ({state})", alert.rule, alert.subject),
        })
    }

    /// Returns the request of a try that is made now.
    pub(super) fn request(&self, uri: &Uri, key: &Key) -> Result<Request<Full<Bytes>>, Error> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let timestamp = now.map_or(0, |now| now.as_secs());
        Request::post(uri.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(
                header::USER_AGENT,
                concat!("mongoplex/", env!("CARGO_PKG_VERSION")),
            )
            .header("webhook-id", &self.id)
            .header("webhook-timestamp", timestamp)
            .header(
                "webhook-signature",
                key.sign(&self.id, timestamp, &self.body),
            )
            .body(Full::from(self.body.clone()))
    }
}

impl fmt::Display for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.about)
    }
}
