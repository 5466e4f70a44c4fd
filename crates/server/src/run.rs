//! A server's life: take the port, serve, drain.

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn_with_state};
use mongoplex::{Config, Databases, Result};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;

use crate::{
    envelope::{self, Around},
    health,
    monitor::{self, About},
    ops,
    requests::Requests,
    webhook::{Deliveries, Webhook},
};

type Routes = Arc<dyn Fn(&Databases) -> Result<Router> + Send + Sync>;

/// A server of an application: its name, its port, its routes.
#[derive(Clone)]
pub struct Server {
    name: &'static str,
    port: u16,
    routes: Routes,
}

impl Server {
    /// Returns a server. `<NAME>_ADDRESS` sets where it listens, else it is `port` on 127.0.0.1.
    pub fn new(
        name: &'static str,
        port: u16,
        routes: impl Fn(&Databases) -> Result<Router> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            port,
            routes: Arc::new(routes),
        }
    }

    /// Returns its name, such as `admin-server`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns its default port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns its routes within everything that stands around them.
    ///
    /// # Errors
    /// Those of the routes, such as a logical database that is not registered.
    pub fn router(&self, databases: &Databases, config: &Config) -> Result<Router> {
        self.router_until(databases, config, &Life::default())
    }

    /// Returns the same for a life that ends.
    fn router_until(&self, databases: &Databases, config: &Config, life: &Life) -> Result<Router> {
        let own = (self.routes)(databases)?;
        let health = health::routes(databases.clone());
        let about = About::new(self.name, config);
        let monitor = monitor::routes(databases, config, about, life)?;
        let routes = own.merge(health).merge(monitor);
        let routes = routes.merge(ops::routes(databases.clone()));
        let is_counted = databases.monitor().is_on();
        let around = Around {
            counted: is_counted.then(|| life.requests.of(self.name)),
            ..Around::new(config, life.cut_off.clone())
        };
        let around = ServiceBuilder::new()
            .layer(from_fn_with_state(Arc::new(around), envelope::wrap))
            .layer(DefaultBodyLimit::max(config.server.body_limit));
        Ok(routes.layer(around))
    }
}

/// What the servers of a process have in common.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    /// The beginning of its end: no more connections are taken, and streams end.
    pub(crate) draining: CancellationToken,
    /// Then requests are answered 503 at once.
    cut_off: CancellationToken,
    /// Their requests.
    pub(crate) requests: Requests,
    /// What became of messages to the webhook.
    pub(crate) deliveries: Arc<Deliveries>,
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Server({})", self.name)
    }
}

/// A server that has its port.
#[derive(Debug)]
pub struct Bound {
    server: Server,
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Returns the server's name.
    pub fn name(&self) -> &'static str {
        self.server.name
    }

    pub(crate) fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Returns where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A server's port could not be taken.
#[derive(Debug, thiserror::Error)]
#[error("{server} cannot listen on {address}: {reason}; stop what listens there, or set {variable}", reason = source.kind())]
pub struct BindError {
    /// The server.
    pub server: &'static str,
    /// Where it should listen.
    pub address: SocketAddr,
    /// The variable that sets it.
    pub variable: String,
    source: io::Error,
}

/// Takes the ports of all servers, before anything else is started; none is kept if one fails.
///
/// # Errors
/// [`BindError`] for the first port that cannot be taken.
pub async fn bind(servers: &[Server], config: &Config) -> Result<Vec<Bound>, BindError> {
    let mut bound = Vec::with_capacity(servers.len());
    for server in servers {
        let loopback = SocketAddr::from(([127, 0, 0, 1], server.port));
        let wanted = config
            .server
            .addresses
            .get(server.name)
            .copied()
            .unwrap_or(loopback);
        let fail = |source| BindError {
            server: server.name,
            address: wanted,
            variable: format!("{}_ADDRESS", server.name.to_uppercase().replace('-', "_")),
            source,
        };
        let listener = TcpListener::bind(wanted).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        bound.push(Bound {
            server: server.clone(),
            listener,
            address,
        });
    }
    Ok(bound)
}

/// How the servers went down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// All requests were answered.
    Complete,
    /// The grace ran out and requests were cut off.
    CutOff,
}

/// How long requests that are cut off may take to notice.
const CUT_OFF_LIMIT: Duration = Duration::from_secs(1);

/// Serves until `stop` ends, then drains: not ready first, no new connections, requests in flight
/// are answered within `SHUTDOWN_GRACE`, the rest with 503 at once. Meanwhile the webhook is told of alerts,
/// where there is one; what waits for it at the end has five seconds. The databases stay open.
///
/// # Errors
/// Those of building the routes, before anything is served.
pub async fn run(
    servers: Vec<Bound>,
    databases: &Databases,
    config: &Config,
    stop: impl Future<Output = ()>,
) -> Result<Drained> {
    let life = Life::default();
    let mut ready = Vec::with_capacity(servers.len());
    for Bound {
        server, listener, ..
    } in servers
    {
        let router = server.router_until(databases, config, &life)?;
        ready.push((server.name, listener, router));
    }
    let names: Vec<_> = ready.iter().map(|(name, ..)| *name).collect();
    let webhook = Webhook::start(databases, config, &names, life.deliveries.clone())?;
    let drained = serve(ready, databases, config, &life, stop).await;
    if let Some(webhook) = webhook {
        webhook.finish().await;
    }
    Ok(drained)
}

/// Serves until `stop` ends, and drains.
async fn serve(
    ready: Vec<(&'static str, TcpListener, Router)>,
    databases: &Databases,
    config: &Config,
    life: &Life,
    stop: impl Future<Output = ()>,
) -> Drained {
    let mut serving = JoinSet::new();
    for (name, listener, router) in ready {
        let stopped = life.draining.clone().cancelled_owned();
        serving.spawn(async move {
            let served = axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await;
            if let Err(error) = served {
                tracing::error!("{name} stopped serving: {error}");
            }
        });
    }
    stop.await;
    databases.health().drain();
    tracing::info!("draining");
    life.draining.cancel();
    let mut all = async || while serving.join_next().await.is_some() {};
    if timeout(config.server.shutdown_grace, all()).await.is_ok() {
        return Drained::Complete;
    }
    // Connections are tasks of axum's own: only their requests can be told to end.
    life.cut_off.cancel();
    drop(timeout(CUT_OFF_LIMIT, all()).await);
    serving.shutdown().await;
    tracing::warn!(
        "requests were cut off after {:?}",
        config.server.shutdown_grace
    );
    Drained::CutOff
}
