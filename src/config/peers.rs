//! The other servers that the dashboard shows.

use super::{alerts, reader::Reader};
use crate::fault::Fault;

const VARIABLE: &str = "MONITOR_PEERS";

/// More of them are a fleet that wants Prometheus.
const MOST: usize = 32;

/// Another server, whose figures are shown beside one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// What it is called on the dashboard: at most 64 of a-z, 0-9 and `-`.
    pub name: String,
    /// Where it listens, such as `http://127.0.0.1:3001`: scheme, host and port, and nothing behind them.
    pub url: String,
}

/// Returns the peers; those that are at fault are told and left out.
pub(super) fn read(reader: &mut Reader) -> Vec<Peer> {
    let Some(found) = reader.text(VARIABLE) else {
        return Vec::new();
    };
    let mut peers: Vec<Peer> = Vec::new();
    let mut faults = Vec::new();
    for (position, entry) in found.value.split(',').enumerate() {
        match parse(entry.trim(), &peers) {
            Ok(peer) => peers.push(peer),
            Err((problem, cure)) => {
                faults.push((format!("entry {} {problem}", position + 1), cure))
            }
        }
    }
    if peers.len() > MOST {
        let problem = format!("has more than {MOST} entries");
        faults.push((problem, "show so many servers with Prometheus"));
    }
    reader.saw(VARIABLE, &found, faults.is_empty());
    for (problem, cure) in faults {
        reader.fault(Fault::new(VARIABLE, problem, cure).set_in(&found.origin));
    }
    peers
}

/// Returns a peer, or what is wrong and its cure.
fn parse(entry: &str, others: &[Peer]) -> Result<Peer, (&'static str, &'static str)> {
    let Some((name, url)) = entry.split_once('=') else {
        let cure = "write `name=http://127.0.0.1:3001`, with commas between them";
        return Err(("is not `name=address`", cure));
    };
    let (name, url) = (name.trim(), url.trim().trim_end_matches('/'));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        return Err((
            "has no usable name",
            "name it with at most 64 of a-z, 0-9 and `-`",
        ));
    }
    if others.iter().any(|other| other.name == name) {
        return Err((
            "has a name that stands there already",
            "give each another name",
        ));
    }
    if url.contains('@') {
        return Err((
            "holds a user or a password",
            "remove it: there is no sign-in yet",
        ));
    }
    let has_more = url.splitn(4, '/').nth(3).is_some() || url.contains('?');
    if !alerts::is_url(url) || has_more {
        let cure = "write http:// or https://, a host and perhaps a port, and nothing behind them";
        return Err(("has no usable address", cure));
    }
    Ok(Peer {
        name: name.into(),
        url: url.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Sources, fault::Faults, registry::Registry};

    crate::logical_database! { Shop = "shop" }

    fn load(peers: &str) -> Result<Vec<Peer>, Faults> {
        let sources = Sources::default()
            .variable("MONGOPLEX_ENV", "test")
            .variable("DATABASE_SHOP_URI", "mongodb://h/shop")
            .variable("MONITOR_PEERS", peers);
        let registry = Registry::new().with::<Shop>();
        Config::load(&registry, &[], &sources).map(|config| config.server.peers)
    }

    #[test]
    fn peers_are_names_with_addresses() {
        let peers = load("one=http://127.0.0.1:3001/, two = https://localhost").unwrap();

        let pairs: Vec<_> = peers.iter().map(|peer| (&*peer.name, &*peer.url)).collect();
        let expected = [
            ("one", "http://127.0.0.1:3001"),
            ("two", "https://localhost"),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn each_entry_that_is_at_fault_is_told_by_its_place() {
        let text = "canary,Canary=http://h,a=http://h,a=http://h,b=http://canary:x@h,\
            c=ftp://canary,d=http://h/canary,e=http://h?canary,,f=http://canary:0";

        let faults = load(text).unwrap_err();

        let told: Vec<_> = faults.iter().map(|fault| fault.problem.clone()).collect();
        assert_eq!(
            told,
            [
                "entry 1 is not `name=address`",
                "entry 2 has no usable name",
                "entry 4 has a name that stands there already",
                "entry 5 holds a user or a password",
                "entry 6 has no usable address",
                "entry 7 has no usable address",
                "entry 8 has no usable address",
                "entry 9 is not `name=address`",
                "entry 10 has no usable address",
            ]
        );
        assert!(!faults.to_string().contains("canary"), "{faults}");
    }
}
