//! One running mongod as a child process: started, signalled, waited for, never left behind.
//!
//! The kernel sends a death signal when the *thread* that spawned a child ends. So every mongod has a thread of its own
//! that spawns it and lives exactly as long; a runtime's blocking thread or a test's thread would end too early.

use std::{
    ffi::OsString,
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{
    sync::{oneshot, watch},
    time::timeout,
};

/// How long a mongod may take from SIGTERM to its end before it is killed; about 1 s is usual, 2.4 s with 3,000 tenants.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Raises the limit of open files, asks for a death signal where `setpriv` can, and becomes mongod under the same pid.
/// The second shell looks whether the parent still lives: it may have died before the death signal was asked for.
const SCRIPT: &str = r#"parent=$1; shift
ulimit -Sn "$(ulimit -Hn)" 2>/dev/null
if setpriv --pdeathsig TERM true 2>/dev/null; then
  exec setpriv --pdeathsig TERM sh -c 'test "$PPID" = "$0" && exec "$@"' "$parent" "$@"
fi
exec "$@""#;

/// Whether the pid still belongs to our child: false from the moment it is reaped.
type Ours = Arc<Mutex<bool>>;

/// A child process that never outlives its owner: SIGTERM is sent when it is dropped, SIGKILL when that
/// does not suffice, and on Linux with util-linux the kernel sends SIGTERM when the owner is killed.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    ours: Ours,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts `program` in `folder` with its output in `log`, in a process group of its own.
    ///
    /// # Errors
    ///
    /// When the shell or its thread cannot be started. A `program` that is not there ends with code 127.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped the process is ended again.
    pub async fn start(
        program: &Path,
        arguments: &[OsString],
        folder: &Path,
        log: File,
    ) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "sh", &std::process::id().to_string()]);
        command
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .process_group(0);
        command
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log);
        let (started, answer) = oneshot::channel();
        thread::Builder::new()
            .name("mongod".to_owned())
            .spawn(move || keep(command, started))?;
        answer
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the thread that starts it has ended")))
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Returns how it ended, or nothing while it runs.
    pub fn exited(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits for its end. Cancel safe.
    pub async fn wait(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        exit.wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|status| *status)
    }

    /// Sends a signal, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        signal_if_ours(&self.ours, self.pid, signal);
    }

    /// Stops all of its threads and returns when they have stopped.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        // It fails only when the process has ended and been reaped meanwhile.
        let _ = waitid(WaitId::Pid(self.pid), options);
    }

    /// Asks it to end cleanly, also when it is paused.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::CONT);
        self.signal(Signal::TERM);
    }

    /// Ends it cleanly, or by force after 20 s, and returns when it is gone.
    pub async fn stop(&self) {
        self.terminate();
        if timeout(STOP_WITHIN, self.wait()).await.is_err() {
            self.kill().await;
        }
    }

    /// Ends it by force and returns when it is gone.
    pub async fn kill(&self) {
        self.signal(Signal::KILL);
        self.wait().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.exited().is_some() {
            return;
        }
        self.terminate();
        let (pid, ours, exit) = (self.pid, self.ours.clone(), self.exit.clone());
        // Where no thread can be had the SIGTERM above has to do.
        let _ = thread::Builder::new()
            .name("mongod-stop".to_owned())
            .spawn(move || {
                for _ in 0..STOP_WITHIN.as_millis() / 100 {
                    if exit.borrow().is_some() {
                        return;
                    }
                    thread::sleep(Duration::from_millis(100));
                }
                signal_if_ours(&ours, pid, Signal::KILL);
            });
    }
}

/// Spawns the process and stays until it has ended: the body of its thread.
fn keep(mut command: Command, started: oneshot::Sender<io::Result<Process>>) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            // Nobody waits any more: nothing was started either.
            let _ = started.send(Err(error));
            return;
        }
    };
    let ours = Ours::new(Mutex::new(true));
    let (ended, exit) = watch::channel(None);
    let pid = Pid::from_child(&child);
    // When nobody waits any more the handle comes back and ends the process as it is dropped.
    let unclaimed = started
        .send(Ok(Process {
            pid,
            ours: ours.clone(),
            exit,
        }))
        .err();
    drop(unclaimed);
    // The end is seen first and reaped under the lock, so that no signal can reach a stranger with a reused pid.
    let _ = waitid(
        WaitId::Pid(pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
    );
    reap(&mut child, &ours, &ended);
}

fn reap(child: &mut Child, ours: &Ours, ended: &watch::Sender<Option<ExitStatus>>) {
    let mut ours = ours.lock().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait();
    *ours = false;
    drop(ours);
    if let Ok(status) = status {
        ended.send_replace(Some(status));
    }
}

fn signal_if_ours(ours: &Ours, pid: Pid, signal: Signal) {
    let ours = ours.lock().unwrap_or_else(PoisonError::into_inner);
    if *ours {
        // It may have ended a moment ago: then there is nothing left to signal.
        let _ = kill_process(pid, signal);
    }
}
