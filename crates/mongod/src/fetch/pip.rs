//! Downloads one wheel with whatever pip there is, and tells its failures apart.
//!
//! It only downloads (`--no-deps`, wheels only): no code of the package runs.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::wheel::Wheel;
use crate::{Error, Progress, binary::on_path, error::file};

/// pip is ended when nothing has arrived for so long; its own time-outs are shorter by default.
const STALLED: Duration = Duration::from_secs(300);

/// How often the arriving bytes are counted.
const TICK: Duration = Duration::from_millis(100);

/// What pip prints when it cannot reach an index; its last line then only says that no version was found.
const NETWORK: [&str; 6] = [
    "NewConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "SSLError",
    "ConnectionError",
];

/// A pip that answers `--version`.
#[derive(Debug)]
pub(crate) struct Pip {
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Pip {
    /// Returns the first pip that runs among `pip`, `pip3` and `python3 -m pip` of `path`.
    pub(crate) fn find(path: &OsStr) -> Option<Self> {
        let candidates: [(&str, &'static [&'static str]); 3] =
            [("pip", &[]), ("pip3", &[]), ("python3", &["-m", "pip"])];
        candidates.into_iter().find_map(|(name, arguments)| {
            let pip = Self {
                program: on_path(name, path)?,
                arguments,
            };
            let answer = pip
                .command()
                .arg("--version")
                .stdin(Stdio::null())
                .output()
                .ok()?;
            answer.status.success().then_some(pip)
        })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments);
        command
    }

    /// Downloads `wheel` into `directory` and returns the file.
    ///
    /// # Errors
    ///
    /// `NoNetwork` or `PipFailed` with pip's own words, `File` when the folder cannot be used.
    pub(crate) fn download(
        &self,
        wheel: &Wheel,
        directory: &Path,
        progress: &dyn Fn(Progress<'_>),
    ) -> Result<PathBuf, Error> {
        let output = directory.join("pip.log");
        let log = File::create(&output).map_err(file("create", &output))?;
        let errors = log.try_clone().map_err(file("write", &output))?;
        let mut child = self
            .command()
            .args([
                "download",
                "--no-deps",
                "--only-binary",
                ":all:",
                "--no-cache-dir",
                "--no-input",
            ])
            .args(["--disable-pip-version-check", "--progress-bar", "off", "-d"])
            .arg(directory)
            .arg(wheel.requirement())
            // pip writes to its temporary folder first: here it can be seen growing, and is cleared with the rest.
            .env("TMPDIR", directory)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(file("run", &self.program))?;
        let ended = watch(&mut child, wheel, directory, progress);
        let said = std::fs::read(&output).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        if !ended {
            return Err(failure(wheel, &said));
        }
        downloaded(directory).ok_or_else(|| failure(wheel, &said))
    }
}

/// Waits for pip while reporting what has arrived; false when it failed or was ended because nothing came.
fn watch(
    child: &mut Child,
    wheel: &Wheel,
    directory: &Path,
    progress: &dyn Fn(Progress<'_>),
) -> bool {
    let (mut seen, mut last) = (0, Instant::now());
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => {}
            Err(_) => return false,
        }
        let bytes = wheel_bytes(directory).min(wheel.bytes);
        if bytes > seen {
            (seen, last) = (bytes, Instant::now());
            progress(Progress::Downloaded {
                bytes,
                total: wheel.bytes,
            });
        }
        if last.elapsed() > STALLED {
            // Both fail only when it has ended by itself, which is as good.
            let _ = child.kill();
            let _ = child.wait();
            return false;
        }
        thread::sleep(TICK);
    }
}

/// Returns the size of the largest wheel under `directory`, wherever pip keeps it while it arrives.
fn wheel_bytes(directory: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(directory) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => wheel_bytes(&entry.path()),
        Ok(kind) if kind.is_file() && is_wheel(&entry.path()) => {
            entry.metadata().map_or(0, |found| found.len())
        }
        _ => 0,
    });
    sizes.max().unwrap_or(0)
}

fn downloaded(directory: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?;
    entries
        .flatten()
        .map(|entry| entry.path())
        .find(|path| is_wheel(path))
}

fn is_wheel(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "whl")
}

fn failure(wheel: &Wheel, said: &str) -> Error {
    let package = wheel.requirement();
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    if let Some(line) = lines().find(|line| NETWORK.iter().any(|word| line.contains(word))) {
        return Error::NoNetwork {
            package,
            line: line.to_owned(),
        };
    }
    let line = lines()
        .rfind(|line| line.starts_with("ERROR"))
        .or_else(|| lines().next_back());
    let line = line
        .unwrap_or("it was ended because nothing had arrived for five minutes, or said nothing");
    Error::PipFailed {
        package,
        line: line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Error, Wheel, failure};

    #[test]
    fn an_unreachable_index_is_told_from_a_missing_package() {
        let wheel = Wheel::of("linux", "x86_64").unwrap();
        let last = "ERROR: No matching distribution found for x\n";
        let unreachable = format!("WARNING: Retrying after NewConnectionError('refused')\n{last}");

        assert!(matches!(
            failure(&wheel, &unreachable),
            Error::NoNetwork { .. }
        ));
        assert!(matches!(failure(&wheel, last), Error::PipFailed { .. }));
    }
}
