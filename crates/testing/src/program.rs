//! A program under test: its own folder, its output line by line, its end.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of one test, with an empty `Cargo.lock`, so that a program takes it for a project.
///
/// It goes when it is dropped.
#[derive(Debug)]
pub struct Project(PathBuf);

impl Project {
    /// Makes a folder below `parent`, such as `env!("CARGO_TARGET_TMPDIR")`.
    ///
    /// # Panics
    ///
    /// When the folder cannot be made.
    #[must_use]
    pub fn new(parent: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(parent).join(format!("project-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("no folder: {error}"));
        fs::write(folder.join("Cargo.lock"), "").unwrap_or_else(|error| panic!("no file: {error}"));
        Self(folder)
    }

    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns a command of `program` in this folder, with none of our settings in its environment
    /// and the mongod of the tests.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.0)
            .env("MONGOD", crate::binary().path());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if ["DATABASE_", "DB_", "MONGOPLEX_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                command.env_remove(&*name);
            }
        }
        command
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A running program. Dropped, it is killed.
#[derive(Debug)]
pub struct Program {
    child: Child,
    output: Arc<Mutex<String>>,
    readers: Vec<thread::JoinHandle<()>>,
}

impl Program {
    /// Starts a program and gathers what it prints.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = Arc::default();
        let mut readers = Vec::new();
        readers.extend(child.stdout.take().map(|pipe| gather(pipe, &output)));
        readers.extend(child.stderr.take().map(|pipe| gather(pipe, &output)));
        Self {
            child,
            output,
            readers,
        }
    }

    /// Returns its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns all that it has printed so far, to both outputs.
    #[must_use]
    pub fn output(&self) -> String {
        self.output
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits for a line that holds `text` and returns it.
    ///
    /// # Panics
    ///
    /// When the program ends before, or prints none within a minute.
    pub fn line(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let output = self.output();
            if let Some(line) = output.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            let ended = matches!(self.child.try_wait(), Ok(Some(_)));
            assert!(
                !ended && started.elapsed() < PATIENCE,
                "no line with `{text}` in:\n{output}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it is gone already.
    pub fn signal(&self, signal: Signal) {
        send_signal(i32::try_from(self.id()).unwrap_or_default(), signal);
    }

    /// Waits for its end and returns how it ended and all that it printed.
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn end(&mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        let status = loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                break status;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "it does not end:\n{}",
                self.output()
            );
            thread::sleep(Duration::from_millis(10));
        };
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        (status, self.output())
    }

    /// Starts a program, waits for its end, and returns exit code and output.
    ///
    /// # Panics
    ///
    /// When it cannot be started or does not end within a minute.
    #[must_use]
    pub fn run(command: &mut Command) -> (Option<i32>, String) {
        let (status, output) = Self::start(command).end();
        (status.code(), output)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a signal to a process that the test, or a program of its, has started.
///
/// # Panics
///
/// When it is gone already.
pub fn send_signal(pid: i32, signal: Signal) {
    let sent = Pid::from_raw(pid).map(|pid| kill_process(pid, signal));
    assert!(matches!(sent, Some(Ok(()))), "no signal sent: {sent:?}");
}

fn gather(pipe: impl Read + Send + 'static, output: &Arc<Mutex<String>>) -> thread::JoinHandle<()> {
    let output = output.clone();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_str(&String::from_utf8_lossy(&line));
            output.push('\n');
        }
    })
}
