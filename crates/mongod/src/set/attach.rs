//! Finds a set that another process runs in a folder, and proves that it is that one.
//!
//! It starts and stops nothing.

use std::path::{Path, PathBuf};

use futures_util::future::join_all;
use mongodb::bson::doc;

use super::uri;
use crate::node::{
    admin::Admin,
    folder::{NodeFolder, SetFile},
};

/// A running set that belongs to another process.
#[derive(Debug, Clone)]
pub struct Attached {
    name: String,
    addresses: Vec<String>,
    directory: PathBuf,
}

impl Attached {
    /// Returns the set that runs in `directory`, or nothing: no set, none running, or someone else on its ports.
    pub(super) async fn find(directory: &Path) -> Option<Self> {
        let directory = directory.canonicalize().ok()?;
        let set = SetFile::read(&directory)?;
        let folders = (0..set.nodes).map(|index| NodeFolder::of(&directory, index));
        let places: Vec<_> = folders
            .map(|folder| Some((folder.port()?, folder)))
            .collect::<Option<_>>()?;
        let proofs = join_all(
            places
                .iter()
                .map(|(port, folder)| runs_there(folder, *port)),
        )
        .await;
        let proven = proofs.into_iter().filter(|proven| *proven).count();
        // A majority can elect a primary; the set's own name keeps a driver from a stranger on the last port.
        let majority = set.nodes / 2 + 1;
        let addresses = places
            .iter()
            .map(|(port, _)| format!("127.0.0.1:{port}"))
            .collect();
        (proven >= majority).then_some(Self {
            name: set.name,
            addresses,
            directory,
        })
    }

    /// Returns a URI of the whole set with `database` as default database.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        uri(&self.name, &self.addresses, database)
    }

    /// Returns the name of the replica set.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns host and port of every node.
    #[must_use]
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Returns the absolute path of the set's folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

/// Returns whether the listener on `port` is the process of the folder's lock file and keeps its data there.
async fn runs_there(folder: &NodeFolder, port: u16) -> bool {
    let Some(holder) = folder.lock_holder() else {
        return false;
    };
    let Ok(admin) = Admin::connect(port) else {
        return false;
    };
    let pid = admin.pid().await.ok().flatten();
    if pid != Some(holder) {
        admin.close().await;
        return false;
    }
    let options = admin
        .run(doc! { "getCmdLineOpts": 1 })
        .await
        .unwrap_or_default();
    admin.close().await;
    let data = || {
        options
            .get_document("parsed")
            .ok()?
            .get_document("storage")
            .ok()?
            .get_str("dbPath")
            .ok()
    };
    data().is_some_and(|data| Path::new(data) == folder.data())
}
