//! What callers were told, in a file that another process writes: a crash of the bench loses none of it.
//!
//! A line each: what was said, of what. It is in the pipe before the caller goes on, and the other process
//! reads the pipe to its end whatever becomes of this one.

use std::{
    env, fmt,
    fs::File,
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use super::Failure;

/// What makes this program the other process; the file follows.
pub(crate) const FLAG: &str = "--ledger";

/// What a caller was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is acknowledged.
    Done,
    /// Nobody knows.
    Unknown,
    /// It was not done.
    Failed,
}

impl Said {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        let all = [Self::Done, Self::Unknown, Self::Failed];
        all.into_iter().find(|said| said.as_str() == word)
    }
}

/// The pipe to the other process.
pub(crate) struct Ledger {
    child: Child,
    pipe: Mutex<(ChildStdin, u64)>,
}

impl Ledger {
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let mut child = Command::new(env::current_exe()?)
            .arg(FLAG)
            .arg(path)
            .stdin(Stdio::piped())
            // A Ctrl-C is for the bench: this one ends with the pipe.
            .process_group(0)
            .spawn()?;
        let pipe = child.stdin.take().ok_or("the ledger has no pipe")?;
        Ok(Self {
            child,
            pipe: Mutex::new((pipe, 0)),
        })
    }

    /// Writes down what a caller was told. It blocks where the other process is far behind.
    pub(crate) fn note(&self, said: Said, what: fmt::Arguments<'_>) -> io::Result<()> {
        let line = format!("{} {what}\n", said.as_str());
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.0.write_all(line.as_bytes())?;
        pipe.1 += 1;
        Ok(())
    }

    /// Returns how many entries were sent, once the other process has written them and ended.
    pub(crate) fn close(mut self) -> Result<u64, Failure> {
        let pipe = self.pipe.into_inner();
        let (pipe, entries) = pipe.unwrap_or_else(PoisonError::into_inner);
        drop(pipe);
        let status = self.child.wait()?;
        match status.success() {
            true => Ok(entries),
            false => Err(format!("the ledger's process ended with {status}").into()),
        }
    }
}

/// Is the other process: appends each line to the file as soon as it is there.
pub(crate) fn keep(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut lines = BufReader::new(io::stdin().lock());
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // Without a buffer: what is written is the kernel's, whatever becomes of this process.
        file.write_all(&line)?;
        line.clear();
    }
    file.sync_all()
}
