//! Where test sets keep their data: one folder per test process under `target/`, cleared by a later process.
//!
//! libtest never drops statics, so a process cannot clear its own. A lock that the system frees at its end tells
//! which folders nobody owns any more.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use rustix::process::{Pid, test_kill_process};

/// The folder of this process, with the lock that says so.
static OURS: OnceLock<(PathBuf, File)> = OnceLock::new();

/// Returns a folder for one more set of this process; it does not exist yet.
pub(crate) fn next() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (ours, _) = OURS.get_or_init(claim);
    ours.join(format!("set-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
}

fn claim() -> (PathBuf, File) {
    let base = base();
    clear(&base);
    let ours = base.join(std::process::id().to_string());
    let claimed = fs::create_dir_all(&ours).and_then(|()| {
        let lock = File::create(ours.join("lock"))?;
        lock.lock()?;
        Ok(lock)
    });
    let lock = claimed
        .unwrap_or_else(|error| panic!("cannot use `{}` for test data: {error}", ours.display()));
    (ours, lock)
}

/// Returns `target/mongoplex-testing` beside the running test program, or the same in the temporary folder.
fn base() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target
        .map_or_else(env::temp_dir, Path::to_owned)
        .join("mongoplex-testing")
}

/// Removes the folders of processes that have ended, and whose mongods have too.
fn clear(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for folder in entries.flatten().map(|entry| entry.path()) {
        let owned = File::open(folder.join("lock")).is_ok_and(|lock| lock.try_lock().is_err());
        if !owned && !has_mongod(&folder) {
            // What cannot be removed now is tried again by the next process.
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Returns whether a mongod still runs in one of the sets: it takes a second to end after its owner.
fn has_mongod(folder: &Path) -> bool {
    let below = |folder: PathBuf| {
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    below(folder.to_owned()).flat_map(below).any(|node| {
        let holder = fs::read_to_string(node.join("data").join("mongod.lock")).unwrap_or_default();
        let holder = holder.trim().parse().ok().and_then(Pid::from_raw);
        holder.is_some_and(|pid| test_kill_process(pid).is_ok())
    })
}
