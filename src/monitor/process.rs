//! The process itself: memory, processor time, open files.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::view::ProcessView;

/// Looked at every so many seconds: it reads a few files of the system.
const EVERY: u32 = 5;

#[derive(Default)]
pub(super) struct Process {
    seconds: AtomicU32,
    system: Mutex<Option<System>>,
    last: Mutex<ProcessView>,
}

impl Process {
    /// To be called once a second.
    pub(super) fn tick(&self) {
        if !self
            .seconds
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(EVERY)
        {
            return;
        }
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        if system.is_none() {
            *system = System::new().ok();
        }
        let Some(system) = system.as_mut() else {
            return;
        };
        let pid = Pid::from_u32(std::process::id());
        let what = ProcessRefreshKind::nothing().with_memory().with_cpu();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, what);
        let Some(process) = system.process(pid) else {
            return;
        };
        let view = ProcessView {
            resident_bytes: Some(process.memory()),
            cpu: Some(f64::from(process.cpu_usage()) / 100.0),
            open_files: process.open_files().map(|files| files as u64),
            open_files_limit: process.open_files_limit().map(|limit| limit as u64),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = view;
    }

    pub(super) fn last(&self) -> ProcessView {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
