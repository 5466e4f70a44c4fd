//! The files of a set: `set` (its name and size), and per node `data/`, `port` and `mongod.log`.
//!
//! Every file is written beside its place and renamed into it: a kill at any moment leaves the old one or the new one.

use std::{
    fs::{self, DirBuilder, Permissions},
    hash::{BuildHasher, RandomState},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{Error, error::file};

/// What the folder of a set says about it.
#[derive(Debug, Clone)]
pub(crate) struct SetFile {
    pub(crate) name: String,
    pub(crate) nodes: usize,
}

impl SetFile {
    /// Returns what `directory` says, or nothing when it holds no set.
    pub(crate) fn read(directory: &Path) -> Option<Self> {
        let text = fs::read_to_string(directory.join("set")).ok()?;
        let (name, nodes) = text.trim().split_once(' ')?;
        Some(Self {
            name: name.to_owned(),
            nodes: nodes.parse().ok()?,
        })
    }

    /// Returns what `directory` says, after having named a new set of `nodes` nodes there when it held none.
    pub(crate) fn read_or_create(directory: &Path, nodes: usize) -> Result<Self, Error> {
        if let Some(found) = Self::read(directory) {
            return Ok(found);
        }
        // Data without the name of their set would be given a new one, and never elect a primary.
        if directory.join("set").exists() || NodeFolder::of(directory, 0).data().exists() {
            return Err(Error::Damaged {
                directory: directory.to_owned(),
            });
        }
        let id = RandomState::new().hash_one(directory) as u32;
        let (draft, path) = (
            directory.join(format!("set.{id:08x}")),
            directory.join("set"),
        );
        fs::write(&draft, format!("mongoplex-{id:08x} {nodes}\n"))
            .map_err(file("write", &draft))?;
        // A link does not replace: of two that start here at once, both take the first one's name.
        let linked = fs::hard_link(&draft, &path);
        let _ = fs::remove_file(&draft);
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                Err(file("write", &path)(error))
            }
            _ => Self::read(directory)
                .ok_or_else(|| file("read", &path)(ErrorKind::InvalidData.into())),
        }
    }
}

/// Makes the folder of a set for its owner only and returns its absolute path.
pub(crate) fn prepare(directory: &Path) -> Result<PathBuf, Error> {
    private(directory)?;
    directory.canonicalize().map_err(file("read", directory))
}

/// The files of one node.
#[derive(Debug, Clone)]
pub(crate) struct NodeFolder(PathBuf);

impl NodeFolder {
    /// Names the folder of node `index`; `directory` is absolute.
    pub(crate) fn of(directory: &Path, index: usize) -> Self {
        Self(directory.join(format!("node-{index}")))
    }

    /// Makes the folder and that of its data.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        private(&self.0)?;
        private(&self.data())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("mongod.log")
    }

    /// Returns the port of the last start.
    pub(crate) fn port(&self) -> Option<u16> {
        fs::read_to_string(self.0.join("port"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    /// Keeps the port for the next start.
    pub(crate) fn keep_port(&self, port: u16) -> Result<(), Error> {
        let (draft, path) = (self.0.join("port.new"), self.0.join("port"));
        fs::write(&draft, format!("{port}\n")).map_err(file("write", &draft))?;
        fs::rename(&draft, &path).map_err(file("write", &path))
    }

    /// Returns the process that mongod's own lock file names; it may have ended by a kill.
    pub(crate) fn lock_holder(&self) -> Option<u32> {
        fs::read_to_string(self.data().join("mongod.lock"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }
}

fn private(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(file("create", path))?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
        .map_err(file("change the rights of", path))
}
