//! Asks a server whether all is well: what lets migrations of a fleet go on behind its first tenants.

use axum::http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use mongoplex::{Config, Fault, Faults};

use crate::outgoing::Outgoing;

/// An address that answers 200 where all is well, such as `/health/ready` of a server. Clones share its
/// client.
#[derive(Debug, Clone)]
pub struct Gate {
    outgoing: Outgoing,
    address: Uri,
}

impl Gate {
    /// Returns the gate at an address.
    ///
    /// # Errors
    /// The faults of the address, which they do not repeat, and of `HTTPS_CA_FILE`.
    pub fn new(address: &str, config: &Config) -> Result<Self, Faults> {
        let outgoing = Outgoing::new(config.https_ca_file.as_deref())?;
        let known = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
        match address.parse::<Uri>().ok().filter(known) {
            Some(address) => Ok(Self { outgoing, address }),
            None => {
                let mut faults = Faults::default();
                let cure = "give it as http://127.0.0.1:3000/health/ready";
                faults.push(Fault::new(
                    "--gate-url",
                    "is no http:// or https:// address",
                    cure,
                ));
                Err(faults)
            }
        }
    }

    /// Asks, within ten seconds.
    ///
    /// # Errors
    /// Why all is not well, or why that is not known; it holds no part of the address.
    pub async fn ask(&self) -> Result<(), String> {
        let request = Request::get(self.address.clone()).body(Full::<Bytes>::default());
        let request = request.map_err(|_| "its address cannot be asked".to_owned())?;
        match self.outgoing.send(request).await {
            Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
            Ok(answer) => Err(format!("it answers {}", answer.status().as_u16())),
            Err(failed) => Err(failed.to_string()),
        }
    }
}
