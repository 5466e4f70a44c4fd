//! The program in a folder of its own, so that its data is thrown away with the test.

use std::{
    fs,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::http;

/// No wait is longer, however busy the machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What the developer's own shell may have set, and no test wants.
const SETTINGS: [&str; 4] = [
    "MONGOPLEX_ENV",
    "DATABASE_SALES_URI",
    "API_ADDRESS",
    "REQUEST_TIMEOUT",
];

/// A project's folder: to the program, the one that holds a `Cargo.lock`.
pub struct Folder(PathBuf);

/// How a command ended.
pub struct Outcome {
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("shop")
            .join(name);
        // What a run left that was killed.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        File::create(path.join("Cargo.lock")).unwrap();
        Self(path)
    }

    /// Runs a command that ends by itself.
    pub fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
        let mut program = Program(self.command(arguments, variables).spawn().unwrap());
        let code = program.wait();
        let mut output = String::new();
        let stdout = program.0.stdout.as_mut().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        let errors = self.errors();
        Outcome {
            code,
            output,
            errors,
        }
    }

    /// Runs `up` and returns once it is ready.
    pub fn up(&self, variables: &[(&str, &str)]) -> Up {
        let arguments = ["up", "--json", "--sync", "--set", "API_ADDRESS=127.0.0.1:0"];
        let mut program = Program(self.command(&arguments, variables).spawn().unwrap());
        let mut stdout = BufReader::new(program.0.stdout.take().unwrap());
        let (ready, told) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            stdout.read_line(&mut line).map(|_| ready.send(line))
        });
        let line = told.recv_timeout(LIMIT).unwrap_or_default();
        let told = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("it was not up: {}", self.errors()));
        Up { program, told }
    }

    /// Returns the mongod that runs on the data in this folder, if one does.
    pub fn mongod(&self) -> Option<Pid> {
        let nodes = fs::read_dir(self.0.join(".mongoplex")).ok()?;
        let locks = nodes.map(|node| node.unwrap().path().join("data/mongod.lock"));
        let held = locks.filter_map(|lock| fs::read_to_string(lock).ok());
        let mut pids = held.filter_map(|pid| Pid::from_raw(pid.trim().parse().ok()?));
        pids.find(|&pid| runs(pid))
    }

    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shop"));
        for name in SETTINGS {
            command.env_remove(name);
        }
        let errors = File::create(self.0.join("errors")).unwrap();
        command
            .args(arguments)
            .envs(variables.iter().copied())
            .current_dir(&self.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors);
        command
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.0.join("errors")).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// `up`, ready.
pub struct Up {
    program: Program,
    /// What it said of itself.
    pub told: Value,
}

impl Up {
    pub fn post(&self, path: &str, tenant: Option<&str>, body: &Value) -> (u16, Value) {
        self.send(&format!("POST {path}"), tenant, &body.to_string())
    }

    pub fn send(&self, line: &str, tenant: Option<&str>, body: &str) -> (u16, Value) {
        let url = self.told["servers"][0]["url"].as_str().unwrap();
        http::send(url.strip_prefix("http://").unwrap(), line, tenant, body)
    }

    /// Returns the address of its MongoDB.
    pub fn host(&self) -> &str {
        self.told["databases"][0]["hosts"][0].as_str().unwrap()
    }

    /// Ends it as a supervisor would, and returns its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.program.terminate();
        self.program.wait()
    }
}

/// A process of ours, ended with the test that began it.
struct Program(Child);

impl Program {
    fn terminate(&self) {
        let _ = kill_process(Pid::from_child(&self.0), Signal::TERM);
    }

    fn wait(&mut self) -> Option<i32> {
        let end = Instant::now() + LIMIT;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "it did not end within {LIMIT:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(None)) {
            return;
        }
        // Its mongod ends with it.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns whether a process runs.
pub fn runs(pid: Pid) -> bool {
    test_kill_process(pid).is_ok()
}
