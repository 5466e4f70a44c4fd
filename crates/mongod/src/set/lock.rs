//! One owner per folder: two that start in it at once would share its ports, its log and its set's name.
//!
//! mongod locks its data too, but only once it runs, when the other one's log has been rotated away already. The
//! system releases this lock with the process, however that ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{Error, error::file};

/// How long the owner before may take to be gone.
const WITHIN: Duration = Duration::from_secs(2);

/// The lock of a set's folder, held from its start to its stop.
#[derive(Debug)]
pub(super) struct FolderLock(File);

impl FolderLock {
    /// Takes the lock of `directory`, and writes down who holds it.
    pub(super) async fn take(directory: &Path) -> Result<Self, Error> {
        let path = directory.join("owner");
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut owner = opened.map_err(file("open", &path))?;
        let started = Instant::now();
        loop {
            match owner.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < WITHIN => {
                    sleep(WITHIN / 40).await
                }
                Err(TryLockError::WouldBlock) => {
                    let pid = holder(&mut owner);
                    return Err(Error::Locked {
                        directory: directory.to_owned(),
                        pid,
                    });
                }
                Err(TryLockError::Error(error)) => return Err(file("lock", &path)(error)),
            }
        }
        let written = owner
            .set_len(0)
            .and_then(|()| writeln!(owner, "{}", std::process::id()));
        written.map_err(file("write", &path))?;
        Ok(Self(owner))
    }

    /// Gives the folder back while the set's value lives on.
    pub(super) fn release(&self) {
        // What cannot be unlocked is so at the end of the process.
        drop(self.0.unlock());
    }
}

fn holder(owner: &mut File) -> Option<u32> {
    let mut text = String::new();
    owner.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
