//! TLS: whether it is used, and what a handshake that failed means.

use std::io;

use mongodb::{
    error::{Error, ErrorKind},
    options::{ClientOptions, ServerAddress, Tls},
};

use super::{Check, Finding, Standing, Status, live::is_loopback};
use crate::config::DatabaseConfig;

/// How a client encrypts, taken from its options.
pub(super) struct Wire {
    is_on: bool,
    is_lax: bool,
    has_authority: bool,
    is_here: bool,
    authority: String,
    certificate: String,
}

impl Wire {
    pub(super) fn of(options: &ClientOptions, config: &DatabaseConfig) -> Self {
        let tls = match &options.tls {
            Some(Tls::Enabled(tls)) => Some(tls),
            _ => None,
        };
        let hosts: &[ServerAddress] = &options.hosts;
        Self {
            is_on: tls.is_some(),
            is_lax: tls.is_some_and(|tls| tls.allow_invalid_certificates == Some(true)),
            has_authority: tls.is_some_and(|tls| tls.ca_file_path.is_some()),
            is_here: hosts.iter().all(is_loopback),
            authority: config.variable("TLS_CA_FILE"),
            certificate: config.variable("TLS_CERT_FILE"),
        }
    }

    /// Says how the way is encrypted, a server having answered on it.
    pub(super) fn works(&self, standing: Standing) -> Finding {
        if self.is_lax {
            let found = "encrypted, and every certificate is taken, a stranger's too";
            let cure = "remove tlsInsecure and tlsAllowInvalidCertificates from the URI";
            return Finding::new(Check::Tls, standing.open_door(), found).cure(cure);
        }
        match (self.is_on, self.is_here) {
            (true, _) => Finding::ok(
                Check::Tls,
                "encrypted, the server's certificate is accepted",
            ),
            (false, true) => Finding::ok(Check::Tls, "not used: the server is on this machine"),
            (false, false) => {
                let found = "not used: passwords' proofs and documents travel in the clear";
                let cure = format!("set {}, or tls=true in the URI", self.authority);
                Finding::new(Check::Tls, standing.open_door(), found).cure(cure)
            }
        }
    }

    /// Says what is wrong with the files that the client was given.
    pub(super) fn unusable(&self) -> Finding {
        let found = "the files for TLS cannot be used";
        Finding::failure(Check::Tls, found).cure(format!(
            "check {} and {}: PEM, the second with certificate and key",
            self.authority, self.certificate
        ))
    }

    /// Says what a heartbeat's failure tells of TLS; nothing where it is about something else.
    pub(super) fn failed(&self, failure: &Error) -> Option<Finding> {
        let ErrorKind::Io(error) = &*failure.kind else {
            return None;
        };
        let (found, cure) = match self.is_on {
            true => self.handshake(error)?,
            false if is_cut(error) => (
                "the server closes the connection without an answer, as one does that requires TLS",
                format!("set {}, or tls=true in the URI", self.authority),
            ),
            false => return None,
        };
        Some(Finding::new(Check::Tls, Status::Failure, found).cure(cure))
    }

    fn handshake(&self, error: &io::Error) -> Option<(&'static str, String)> {
        let text = error.to_string();
        let has = |part: &str| text.contains(part);
        let authority = &self.authority;
        Some(if has("UnknownIssuer") || has("BadSignature") {
            let found = match self.has_authority {
                true => {
                    "the server's certificate was signed by another authority than the one given"
                }
                false => "the server's certificate was signed by no public authority",
            };
            let cure = format!("set {authority} to the PEM file of the authority that signed it");
            (found, cure)
        } else if has("NotValidForName") {
            let found = "the server's certificate is not made for the host name of the URI";
            (
                found,
                "use a name that it holds, or have it made for this one".into(),
            )
        } else if has("Expired") || has("NotValidYet") {
            let found = "the server's certificate has expired, or is not valid yet";
            (found, "renew it, or correct this machine's clock".into())
        } else if has("invalid peer certificate") {
            let found = "the server's certificate is not acceptable";
            (found, format!("renew it, and check {authority}"))
        } else if has("fatal alert") {
            let found = "the server broke off the handshake: it may ask for a client certificate";
            let cure = format!("set {} to a certificate that it accepts", self.certificate);
            (found, cure)
        } else if is_cut(error) || error.kind() == io::ErrorKind::InvalidData {
            let found = "the server does not speak TLS, or asks for a client certificate";
            let cure = format!(
                "switch TLS on in the server or set {}; else remove {authority} and tls=true",
                self.certificate
            );
            (found, cure)
        } else {
            return None;
        })
    }
}

fn is_cut(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [
        BrokenPipe,
        ConnectionAborted,
        ConnectionReset,
        UnexpectedEof,
    ]
    .contains(&error.kind())
}
