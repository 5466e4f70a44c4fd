//! What every test needs: a folder of its own, a set in it, one document in and out, a bounded wait.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use mongodb::{
    Client,
    bson::{Document, doc},
};
use mongoplex_mongod::{Binary, Error, Nodes, Purpose, ReplicaSet, Search, Settings};

static BINARY: LazyLock<Binary> = LazyLock::new(|| {
    let search = Search {
        explicit: env::var_os("MONGOD").map(Into::into),
        ..Search::default()
    };
    Binary::find(&search, &|_| ()).unwrap()
});

/// A folder that is removed at the end of its test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn binary() -> &'static Binary {
    &BINARY
}

pub(crate) async fn try_start(folder: &Path, nodes: Nodes) -> Result<ReplicaSet, Error> {
    let settings = Settings {
        directory: folder.to_owned(),
        nodes,
        purpose: Purpose::Test,
    };
    ReplicaSet::start(binary(), settings).await
}

pub(crate) async fn start(folder: &Path, nodes: Nodes) -> ReplicaSet {
    try_start(folder, nodes).await.unwrap()
}

/// Inserts one document with majority write concern and returns how many there are then.
pub(crate) async fn insert(uri: &str) -> u64 {
    let client = Client::with_uri_str(uri).await.unwrap();
    let things = client
        .default_database()
        .unwrap()
        .collection::<Document>("things");
    things.insert_one(doc! {}).await.unwrap();
    let count = things.count_documents(doc! {}).await.unwrap();
    client.shutdown().immediate(true).await;
    count
}

/// Returns whether a process of this id runs; one that has ended and waits to be reaped does not.
pub(crate) fn runs(pid: u32) -> bool {
    let state = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8(state.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// Waits for something that must happen within 30 s.
pub(crate) fn wait_until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{what} did not happen"
        );
        thread::sleep(Duration::from_millis(5));
    }
}
