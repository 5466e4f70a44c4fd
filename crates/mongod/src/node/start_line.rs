//! The options a private mongod is started with. The reasons are in the crate's README.

use std::{ffi::OsString, path::Path};

use crate::Purpose;

/// A small journal that is not preallocated, and files that are closed soon after their last use.
const STORAGE: &str = "log=(enabled=true,prealloc=false,file_max=8MB),\
     file_manager=(close_idle_time=5,close_scan_interval=1,close_handle_minimum=100)";

/// The fail point that keeps a mongod from asking every address of its stored configuration whether it is itself.
pub(crate) const SELF_CHECK: &str = "failIsSelfCheck";

/// Where a node listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the port of its last start, or for the first time.
    Home(u16),
    /// On another port, because a stranger has the old one.
    ///
    /// mongod asks its old address whether that is itself, and waits 30 s for a stranger that says nothing.
    /// So it starts with that question switched off, until it is told its new address.
    Moved(u16),
}

impl Place {
    pub(crate) fn port(self) -> u16 {
        let (Self::Home(port) | Self::Moved(port)) = self;
        port
    }
}

/// Returns the arguments of one node.
pub(crate) fn arguments(data: &Path, place: Place, set: &str, purpose: Purpose) -> Vec<OsString> {
    let (port, self_check) = (
        place.port().to_string(),
        format!("failpoint.{SELF_CHECK}={{mode:'alwaysOn'}}"),
    );
    let mut line = vec!["--port", &port, "--bind_ip", "127.0.0.1", "--replSet", set];
    line.extend(["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]);
    line.extend(["--setParameter", "diagnosticDataCollectionEnabled=false"]);
    line.extend([
        "--setParameter",
        "shutdownTimeoutMillisForSignaledShutdown=0",
    ]);
    line.extend(["--wiredTigerEngineConfigString", STORAGE]);
    line.extend(match purpose {
        Purpose::Development => ["--oplogSize", "990"].as_slice(),
        Purpose::Test => &["--oplogSize", "64", "--journalCommitInterval", "5"],
    });
    if purpose == Purpose::Test || matches!(place, Place::Moved(_)) {
        line.extend(["--setParameter", "enableTestCommands=1"]);
    }
    if matches!(place, Place::Moved(_)) {
        line.extend(["--setParameter", &self_check]);
    }
    let place = [OsString::from("--dbpath"), data.into()];
    place
        .into_iter()
        .chain(line.into_iter().map(OsString::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, path::Path};

    use super::{Place, Purpose, arguments};

    #[test]
    fn a_development_set_takes_test_commands_only_to_move() {
        let line = |place, purpose| {
            let words = arguments(Path::new("/data"), place, "set", purpose);
            words.join(OsStr::new(" ")).into_string().unwrap()
        };
        let (home, moved) = (Place::Home(1), Place::Moved(1));

        assert!(!line(home, Purpose::Development).contains("enableTestCommands"));
        assert!(line(moved, Purpose::Development).contains("failIsSelfCheck"));
        for place in [home, moved] {
            assert_eq!(
                line(place, Purpose::Test)
                    .matches("enableTestCommands=1")
                    .count(),
                1
            );
            assert_eq!(line(place, Purpose::Test).matches("--oplogSize").count(), 1);
        }
    }
}
