//! What the servers of a process are told.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use super::{Peer, misfit, parse, peers, reader::Reader, settings};
use crate::fault::Fault;

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What the servers of a process were told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Each server's address.
    pub addresses: BTreeMap<&'static str, SocketAddr>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// How long requests and calls in flight may take to end.
    pub shutdown_grace: Duration,
    /// How long a required database that is down is tried at the start.
    pub startup_timeout: Duration,
    /// How many processes with this configuration run at once.
    pub instances: u32,
    /// What is logged, in the filter syntax of `tracing`.
    pub log_level: String,
    /// How a line of the log looks.
    pub log_format: LogFormat,
    /// The other servers that the dashboard shows.
    pub peers: Vec<Peer>,
    /// `MONGOD`, where it is set.
    pub mongod: Option<PathBuf>,
}

/// Returns `None` after a fault.
pub(super) fn read(reader: &mut Reader, servers: &[(&'static str, u16)]) -> Option<ServerConfig> {
    let addresses: Vec<_> = servers
        .iter()
        .map(|&(name, port)| address(reader, name, port))
        .collect();
    let request_timeout = reader.process("REQUEST_TIMEOUT", parse::duration);
    let body_limit = reader.process("BODY_LIMIT", parse::body_limit);
    let shutdown_grace = reader.process("SHUTDOWN_GRACE", parse::duration);
    let startup_timeout = reader.process("STARTUP_TIMEOUT", parse::duration);
    let instances = reader.process("INSTANCES", parse::instances);
    let log_level = reader.process("LOG_LEVEL", parse::log_level);
    let log_format = reader.process("LOG_FORMAT", log_format);
    let peers = peers::read(reader);
    let mongod = reader
        .path("MONGOD")
        .map(|found| PathBuf::from(found.value.trim()));
    Some(ServerConfig {
        addresses: addresses.into_iter().collect::<Option<_>>()?,
        request_timeout: request_timeout?.value,
        body_limit: body_limit?.value,
        shutdown_grace: shutdown_grace?.value,
        startup_timeout: startup_timeout?.value,
        instances: instances?.value,
        log_level: log_level?.value,
        log_format: log_format?.value,
        peers,
        mongod,
    })
}

/// Returns a server's address. Until there is sign-in it must be on loopback.
fn address(
    reader: &mut Reader,
    server: &'static str,
    port: u16,
) -> Option<(&'static str, SocketAddr)> {
    let name = format!("{}ADDRESS", settings::server_prefix(server));
    let Some(found) = reader.text(&name) else {
        return Some((server, SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
    };
    let expected = settings::find(&[settings::Applies::Server], "ADDRESS").expected;
    let address = parse::address(found.value.trim());
    let fits = address.is_some_and(|address| address.ip().is_loopback());
    reader.saw(&name, &found, fits);
    let Some(address) = address else {
        reader.fault(misfit(&name, &found.origin, expected, "correct it"));
        return None;
    };
    if !address.ip().is_loopback() {
        reader.fault(
            Fault::new(
                name,
                "is no loopback address",
                "use 127.0.0.1: servers have no sign-in yet and listen on loopback only",
            )
            .set_in(found.origin),
        );
        return None;
    }
    Some((server, address))
}

fn log_format(text: &str) -> Option<LogFormat> {
    match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}
