//! Other servers on the same page: their routes, asked for by this one, so that the page talks to one origin.
//!
//! It is no open proxy: who may be asked stands in `MONITOR_PEERS`, and for what stands here. Nothing of a
//! reader's request is passed on, and only what is expected comes back, up to a size and a time.

mod events;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{Method, Request, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use mongoplex::{Config, Fault, Faults};
use tokio::{sync::Semaphore, time::timeout};

pub(super) use self::events::stream;
use super::stream::Live;
use crate::{
    extract::{NoParameters, Since},
    outgoing::{ANSWER_LIMIT, Failed, Outgoing},
    problem::Problem,
};

/// What can be asked for at once, besides the history.
const ROUTES: [&str; 3] = ["snapshot", "slow", "alerts"];

/// The largest answer, and the largest event, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;

/// Streams to one peer at once: each reader has its own.
const STREAMS: usize = 16;

/// The servers of `MONITOR_PEERS`, but for this one.
#[derive(Debug, Default)]
pub(super) struct Peers(Vec<Peer>);

/// Another server.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    name: String,
    url: String,
    outgoing: Outgoing,
    streams: Arc<Semaphore>,
}

impl Peers {
    /// Takes those of the configuration but for the server that is itself one of them.
    ///
    /// # Errors
    /// Faults that only a client finds.
    pub(super) fn new(config: &Config, server: &str) -> Result<Self, Faults> {
        let others = config
            .server
            .peers
            .iter()
            .filter(|peer| peer.name != server);
        let others: Vec<_> = others.collect();
        if others.is_empty() {
            return Ok(Self::default());
        }
        let outgoing = Outgoing::new(config.https_ca_file.as_deref())?;
        let peer = |peer: &&mongoplex::config::Peer| Peer {
            name: peer.name.clone(),
            url: peer.url.clone(),
            outgoing: outgoing.clone(),
            streams: Arc::new(Semaphore::new(STREAMS)),
        };
        let peers: Vec<Peer> = others.iter().map(peer).collect();
        match peers.iter().find(|peer| peer.uri("snapshot").is_none()) {
            None => Ok(Self(peers)),
            Some(peer) => {
                let mut faults = Faults::default();
                let problem = format!("`{}` has no address that can be asked", peer.name);
                faults.push(Fault::new("MONITOR_PEERS", problem, "correct it"));
                Err(faults)
            }
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|peer| peer.name.as_str())
    }

    fn find(&self, name: &str) -> Result<&Peer, Problem> {
        let found = self.0.iter().find(|peer| peer.name == name);
        found.ok_or_else(|| {
            let detail = "no server of this name stands in MONITOR_PEERS";
            Problem::new(StatusCode::NOT_FOUND, "unknown-peer", detail)
        })
    }
}

/// Why a peer has no answer.
struct Silent {
    status: StatusCode,
    message: String,
}

impl From<Silent> for Problem {
    fn from(silent: Silent) -> Self {
        Self::new(silent.status, "peer", silent.message)
    }
}

impl Peer {
    fn uri(&self, route: &str) -> Option<Uri> {
        format!("{}/monitor/{route}", self.url).parse().ok()
    }

    fn silent(&self, reason: impl std::fmt::Display) -> Silent {
        Silent {
            status: StatusCode::BAD_GATEWAY,
            message: format!("`{}`: {reason}", self.name),
        }
    }

    fn failed(&self, failed: Failed) -> Silent {
        let status = match failed {
            Failed::Late => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        };
        Silent {
            status,
            ..self.silent(failed)
        }
    }

    /// Asks for a route and returns the answer once its headers are there and good.
    async fn ask(&self, route: &str, accept: &'static str) -> Result<Incoming, Silent> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(self.uri(route).unwrap_or_default())
            .header(header::ACCEPT, accept)
            .body(Full::default())
            .map_err(|_| self.silent("it cannot be asked"))?;
        let sent = self.outgoing.send(request).await;
        let response = sent.map_err(|failed| self.failed(failed))?;
        match response.status() {
            StatusCode::OK => Ok(response.into_body()),
            status => Err(self.silent(format!("it answered {}", status.as_u16()))),
        }
    }

    /// Returns a route's answer, whole.
    async fn get(&self, route: &str) -> Result<Bytes, Silent> {
        let body = self.ask(route, "application/json").await?;
        let whole = Limited::new(body, LARGEST).collect();
        match timeout(ANSWER_LIMIT, whole).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(_)) => Err(self.silent("its answer broke off, or is larger than 8 MB")),
            Err(_) => Err(self.failed(Failed::Late)),
        }
    }
}

/// `/monitor/peers/{name}/{route}` for everything but history and stream.
pub(super) async fn relay(
    State(live): State<Arc<Live>>,
    Path((name, route)): Path<(String, String)>,
    _: NoParameters,
) -> Result<Response, Problem> {
    let peer = live.peers().find(&name)?;
    if !ROUTES.contains(&route.as_str()) {
        return Err(Problem::not_found());
    }
    Ok(json(peer.get(&route).await?))
}

/// `/monitor/peers/{name}/history`, which alone takes a parameter: it goes on as it was understood here.
pub(super) async fn history(
    State(live): State<Arc<Live>>,
    Path(name): Path<String>,
    Since(since): Since,
) -> Result<Response, Problem> {
    let peer = live.peers().find(&name)?;
    let since = since.and_then(|since| since.try_to_rfc3339_string().ok());
    let route = since.map_or_else(
        || "history".into(),
        |since| format!("history?since={since}"),
    );
    Ok(json(peer.get(&route).await?))
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The pause before the next try of a stream: 1 s, and twice as long each time, up to 10 s.
fn pause(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(4)).min(Duration::from_secs(10))
}
