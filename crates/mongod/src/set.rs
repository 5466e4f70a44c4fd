//! A private replica set: started in a folder of its own, stopped with its owner.
//!
//! It listens on 127.0.0.1 only and has no users: it is for development and tests.

mod attach;
mod lock;
mod members;
mod settings;

use std::path::{Path, PathBuf};

use futures_util::future::{join_all, try_join_all};
use tokio::time::timeout;

use self::lock::FolderLock;
pub use self::{
    attach::Attached,
    settings::{Nodes, Purpose, Settings},
};
use crate::{
    Binary, Error, Node, READY_WITHIN,
    node::{
        Plan,
        folder::{self, NodeFolder, SetFile},
    },
};

/// A running replica set of one or three nodes.
///
/// Dropping it sends SIGTERM to its own mongods and does not wait: prefer [`stop`](Self::stop).
#[derive(Debug)]
pub struct ReplicaSet {
    name: String,
    directory: PathBuf,
    nodes: Vec<Node>,
    lock: FolderLock,
}

impl ReplicaSet {
    /// Starts the set of a folder, new or with the data it has, and returns when it has a writable primary.
    ///
    /// Its ports are those of the last start where they are free. It takes about 0.3 s with one node and 2 s with three;
    /// after a kill with thousands of collections it takes up to half a minute. It needs a tokio runtime, and the set
    /// may outlive that runtime.
    ///
    /// # Errors
    ///
    /// `OtherSize`, `Locked`, `NoPort`, `Spawn`, `Exited`, `Timeout` (after 60 s), `Command` or `File`.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, what was started is stopped as by dropping the set.
    pub async fn start(binary: &Binary, settings: Settings) -> Result<Self, Error> {
        let directory = folder::prepare(&settings.directory)?;
        let lock = FolderLock::take(&directory).await?;
        let asked = settings.nodes.count();
        let file = SetFile::read_or_create(&directory, asked)?;
        if file.nodes != asked {
            return Err(Error::OtherSize {
                directory,
                found: file.nodes,
                asked,
            });
        }
        let plan = |index| Plan {
            binary: binary.path().to_owned(),
            set: file.name.clone(),
            purpose: settings.purpose,
            folder: NodeFolder::of(&directory, index),
        };
        let nodes = try_join_all((0..asked).map(plan).map(Node::start)).await?;
        let set = Self {
            name: file.name,
            directory,
            nodes,
            lock,
        };
        set.within(
            "the first writable primary",
            members::join(&set.name, &set.nodes),
        )
        .await?;
        Ok(set)
    }

    /// Returns the set that another process runs in `directory`, or nothing when none of this folder's runs.
    ///
    /// A listener on a stored port counts only when it is the process that holds the folder and keeps its data there.
    /// It takes 2 s at most where nothing answers.
    pub async fn attach(directory: impl AsRef<Path>) -> Option<Attached> {
        Attached::find(directory.as_ref()).await
    }

    /// Returns a URI of the whole set with `database` as default database.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        let addresses: Vec<String> = self.nodes.iter().map(Node::address).collect();
        uri(&self.name, &addresses, database)
    }

    /// Returns the name of the replica set: `mongoplex-` and eight hex digits that belong to the folder.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the absolute path of the set's folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the nodes, one or three.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the node that is a writable primary, waiting for one when there is none now.
    ///
    /// # Errors
    ///
    /// `Timeout` after 60 s.
    pub async fn primary(&self) -> Result<&Node, Error> {
        let found = async { Ok(members::primary(&self.nodes).await) };
        let index = self.within("a writable primary", found).await?;
        Ok(&self.nodes[index])
    }

    /// Returns when every node that runs is primary or secondary, and one is a writable primary.
    ///
    /// # Errors
    ///
    /// `Timeout` after 60 s, so also when a node is paused.
    pub async fn ready(&self) -> Result<(), Error> {
        self.within(
            "a writable primary and sound nodes",
            members::settled(&self.nodes),
        )
        .await
    }

    /// Ends all nodes at once and returns when they are gone, after about 1 s.
    ///
    /// One that does not end within 20 s is killed. It does nothing when they have ended.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped the nodes end all the same; the set only stops waiting.
    pub async fn stop(&self) {
        join_all(self.nodes.iter().map(Node::stop)).await;
        self.lock.release();
    }

    async fn within<T>(
        &self,
        what: &str,
        done: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let log = || self.nodes.first().map(Node::log).unwrap_or_default();
        let late = |_| Error::Timeout {
            what: what.to_owned(),
            limit: READY_WITHIN,
            log: log(),
        };
        timeout(READY_WITHIN, done).await.map_err(late)?
    }
}

fn uri(name: &str, addresses: &[String], database: &str) -> String {
    format!(
        "mongodb://{}/{database}?replicaSet={name}",
        addresses.join(",")
    )
}
