//! Who holds a lock: a process, told so that another process can see that it is gone.

use std::fs;

use mongodb::bson::{Document, doc, oid::ObjectId};
use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

/// A process at one of its runs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owner {
    /// The run.
    pub run: String,
    /// The host's name, empty where it cannot be told.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// Which start of which machine, and which of its spaces of process ids: two containers have equal
    /// ids for different processes. Empty where it cannot be told, and then nobody is known to be gone.
    pub(crate) space: String,
    /// When the process began, in the machine's ticks: ids are used again.
    pub(crate) began: String,
}

impl Owner {
    /// Returns this process at a new run.
    pub(crate) fn new() -> Self {
        let pid = std::process::id();
        Self {
            run: ObjectId::new().to_hex(),
            host: sysinfo::System::host_name().unwrap_or_default(),
            pid,
            space: space().unwrap_or_default(),
            began: began(pid).unwrap_or_default(),
        }
    }

    pub(crate) fn to_document(&self) -> Document {
        let Self {
            run,
            host,
            pid,
            space,
            began,
        } = self;
        doc! { "run": run, "host": host, "pid": i64::from(*pid), "space": space, "began": began }
    }

    pub(crate) fn read(document: &Document) -> Self {
        let text = |key| document.get_str(key).unwrap_or_default().to_owned();
        let pid = document.get_i64("pid").unwrap_or_default();
        Self {
            run: text("run"),
            host: text("host"),
            pid: u32::try_from(pid).unwrap_or_default(),
            space: text("space"),
            began: text("began"),
        }
    }

    /// Returns whether it is known that the process has ended: it was one of this machine since it
    /// started, of the same space of process ids, and no process has its id and its beginning.
    pub(crate) fn is_gone(&self) -> bool {
        let here = space().is_some_and(|space| space == self.space);
        if !here || self.began.is_empty() {
            return false;
        }
        match began(self.pid) {
            Some(began) => began != self.began,
            // Not to be seen is not gone: others' processes may be hidden.
            None => has_no_process(self.pid),
        }
    }
}

/// Returns whether no process has this id, or one has it that has ended and was not asked for yet.
fn has_no_process(pid: u32) -> bool {
    let Some(pid) = Pid::from_raw(pid.cast_signed()) else {
        return false;
    };
    match test_kill_process(pid) {
        Err(error) => error == Errno::SRCH,
        // It may be signalled, so its state may be seen: it has ended.
        Ok(()) => fs::metadata(format!("/proc/{}", pid.as_raw_nonzero())).is_ok(),
    }
}

/// Returns which start of the machine this is, and which space of process ids.
fn space() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let ids = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), ids.display()))
}

/// Returns when a process began: the 22nd field of its `stat`, counted behind its name, which may hold
/// blanks. One that has ended and that its parent has not asked for yet is none.
fn began(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    let began = fields.nth(18)?;
    (state != "Z" && state != "X").then(|| began.to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_is_gone_once_it_has_ended_and_not_before() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let owner = Owner {
            pid: child.id(),
            began: began(child.id()).unwrap(),
            ..Owner::new()
        };
        assert!(!owner.is_gone());

        child.kill().unwrap();
        // Not waited for: it is still in the table of processes.
        let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !owner.is_gone() {
            assert!(std::time::Instant::now() < until, "it never reads as gone");
            std::thread::yield_now();
        }
        child.wait().unwrap();

        assert!(owner.is_gone());
    }

    #[test]
    fn of_another_machine_or_space_nothing_is_known() {
        let mut owner = Owner {
            began: "1".into(),
            ..Owner::new()
        };
        assert!(owner.is_gone(), "this process began later");

        owner.space = "another boot pid:[1]".into();

        assert!(!owner.is_gone());
        assert_eq!(Owner::read(&owner.to_document()), owner);
    }
}
