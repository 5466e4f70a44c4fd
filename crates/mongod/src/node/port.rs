//! Chooses the port of a node: the stored one when it is free, otherwise any free one.
//!
//! Between the choice and mongod's own binding another process may take it: the caller tries again then.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// Below the ports that systems lend to outgoing connections, so that a client that looks for a stopped node
/// does not take the node's port itself; and without 27017 and its neighbours, which belong to the user's own mongod.
const FIRST: u16 = 21_000;
const COUNT: u16 = 5_900;

/// Returns `preferred` when it is free, otherwise another free port.
pub(crate) fn choose(preferred: Option<u16>) -> u16 {
    let start = u16::try_from(RandomState::new().hash_one(FIRST) % u64::from(COUNT)).unwrap_or(0);
    let others = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    // With every port taken the first is as good as any: mongod will say that it is taken.
    preferred
        .into_iter()
        .chain(others)
        .find(|port| is_free(*port))
        .unwrap_or(FIRST)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::choose;

    #[test]
    fn a_taken_port_is_not_chosen_again() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();

        assert_ne!(choose(Some(port)), port);
    }
}
