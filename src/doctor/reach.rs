//! The way to the servers: names, addresses, sockets.

use std::{net::SocketAddr, time::Duration};

use futures_util::future::join_all;
use mongodb::options::ServerAddress;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::{Check, Finding, Status, names};

/// How long a name may take to be found, and a socket to open.
const LOOKUP: Duration = Duration::from_secs(2);

/// A host of the URI and where its name leads.
pub(super) struct Resolved {
    name: String,
    addresses: Vec<SocketAddr>,
}

/// Looks up all hosts at once. A Unix socket has no name to look up and is left out.
pub(super) async fn resolve(hosts: &[ServerAddress]) -> Vec<Resolved> {
    let tcp = hosts.iter().filter_map(|host| match host {
        ServerAddress::Tcp { host: name, port } => Some((host, name, port.unwrap_or(27017))),
        _ => None,
    });
    let looked_up = tcp.map(|(host, name, port)| async move {
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let found = timeout(LOOKUP, lookup_host((name, port))).await;
        let addresses = found.ok().and_then(Result::ok);
        Resolved {
            name: host.to_string(),
            addresses: addresses.into_iter().flatten().collect(),
        }
    });
    join_all(looked_up).await
}

/// Says whether all names lead somewhere. One that does not is a failure once none does: a set is
/// found through any of its members.
pub(super) fn names_found(resolved: &[Resolved], variable: &str) -> Finding {
    let is_lost = |host: &&Resolved| host.addresses.is_empty();
    let lost: Vec<&str> = resolved.iter().filter(is_lost).map(name).collect();
    if lost.is_empty() {
        let all = names(resolved.iter().map(name));
        return Finding::ok(Check::Dns, format!("found {all}"));
    }
    let status = worst_if(lost.len() == resolved.len());
    Finding::new(Check::Dns, status, format!("{} not found", names(lost))).cure(format!(
        "correct the host names of {variable}, or the DNS of this machine"
    ))
}

/// Opens a socket to each host that was found, and says who takes it.
pub(super) async fn sockets(resolved: &[Resolved], variable: &str) -> Finding {
    let tried = resolved.iter().filter(|host| !host.addresses.is_empty());
    let tried = join_all(tried.map(|host| async move {
        let opened = timeout(LOOKUP, TcpStream::connect(&host.addresses[..])).await;
        (
            host,
            opened
                .map_err(|_| "no answer")
                .and_then(|opened| opened.map_err(why)),
        )
    }));
    let tried = tried.await;
    let refused = tried
        .iter()
        .filter_map(|(host, opened)| Some((host, opened.as_ref().err()?)));
    let refused: Vec<String> = refused
        .map(|(host, why)| format!("`{}`: {why}", host.name))
        .collect();
    if refused.is_empty() {
        let all = names(tried.iter().map(|(host, _)| name(host)));
        return Finding::ok(Check::Connection, format!("connected to {all}"));
    }
    let status = worst_if(refused.len() == tried.len());
    Finding::new(Check::Connection, status, refused.join(", ")).cure(format!(
        "start the server, open the way to it, or correct host and port in {variable}"
    ))
}

fn worst_if(all: bool) -> Status {
    match all {
        true => Status::Failure,
        false => Status::Warning,
    }
}

fn why(error: std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused",
        std::io::ErrorKind::TimedOut => "no answer",
        _ => "not reachable",
    }
}

fn name(host: &Resolved) -> &str {
    &host.name
}
