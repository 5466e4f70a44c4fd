//! Requests that a server makes itself: to the webhook and to its peers.
//!
//! One connection each, no redirect is followed, no proxy is asked, every step has a limit. Addresses may
//! hold secrets: no failure says one, and what the HTTP client would log is not heard.

use std::{error::Error, fmt, fs::File, io, io::BufReader, path::Path, sync::Arc, time::Duration};

use axum::http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Bytes, body::Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use mongoplex::{Fault, Faults};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio::time::timeout;
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

/// How long a connection may take, and the first line of an answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
pub(crate) const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A client of HTTP and HTTPS. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    limit: Duration,
}

/// Why there is no answer; it holds no part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Nobody answers there.
    Unreachable,
    /// Its certificate is not one of an authority that is trusted.
    Untrusted,
    /// The connection ended before the answer.
    Broken,
    /// It did not answer in time.
    Late,
}

impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unreachable => "it cannot be reached",
            Self::Untrusted => {
                "its certificate is not trusted; HTTPS_CA_FILE names another authority"
            }
            Self::Broken => "the connection ended before the answer",
            Self::Late => "it did not answer in time",
        })
    }
}

impl Outgoing {
    /// Returns a client that trusts the authority of a file, or else those that Mozilla trusts.
    ///
    /// # Errors
    /// The fault of `HTTPS_CA_FILE` where it holds no certificate.
    pub(crate) fn new(ca_file: Option<&Path>) -> Result<Self, Faults> {
        let fault = || {
            let mut faults = Faults::default();
            let cure = "name a file with the certificate of an authority";
            faults.push(Fault::new(
                "HTTPS_CA_FILE",
                "holds no PEM certificate",
                cure,
            ));
            faults
        };
        let roots = match ca_file {
            Some(path) => roots(path).ok_or_else(fault)?,
            None => RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            },
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| fault())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_LIMIT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        let client = Client::builder(Unheard)
            .pool_max_idle_per_host(0)
            .build(connector);
        Ok(Self {
            client,
            limit: ANSWER_LIMIT,
        })
    }

    /// Sends a request and returns the answer once its headers are there, within ten seconds.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Failed> {
        let sending = self.client.request(request);
        let sending = sending.with_subscriber(NoSubscriber::default());
        match timeout(self.limit, sending).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if is_of_tls(&error) => Err(Failed::Untrusted),
            Ok(Err(error)) if error.is_connect() => Err(Failed::Unreachable),
            Ok(Err(_)) => Err(Failed::Broken),
            Err(_) => Err(Failed::Late),
        }
    }
}

/// Runs the client's connections, which end with their request, so that nothing of them is logged.
#[derive(Debug, Clone)]
struct Unheard;

impl<F> hyper::rt::Executor<F> for Unheard
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, connection: F) {
        let connection = connection.with_subscriber(NoSubscriber::default());
        hyper::rt::Executor::execute(&TokioExecutor::new(), connection);
    }
}

fn roots(path: &Path) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let file = BufReader::new(File::open(path).ok()?);
    for certificate in CertificateDer::pem_reader_iter(file) {
        roots.add(certificate.ok()?).ok()?;
    }
    (!roots.is_empty()).then_some(roots)
}

/// Looks at the cause and its causes; those within an I/O error are not among its sources.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    error.is::<rustls::Error>()
        || inner.is_some_and(|inner| is_of_tls(inner))
        || error.source().is_some_and(is_of_tls)
}
