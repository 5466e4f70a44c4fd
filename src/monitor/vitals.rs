//! What is looked at of the process itself: memory, processors, open files, and whether its tasks run in time.

use std::{
    num::NonZero,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use sysinfo::{MemoryRefreshKind, System};

use super::view::ProcessView;
use crate::health::{Check, Finding, Limit, Node};

/// The process's checks.
pub(super) struct Vitals {
    node: Node,
    /// What the process may use: of its control group, else of the machine.
    memory: Option<u64>,
    processors: f64,
    checks: Mutex<Checks>,
}

struct Checks {
    memory: Check,
    cpu: Check,
    files: Check,
    lag: Check,
}

impl Vitals {
    pub(super) fn new(node: Node, limits: &[Limit]) -> Self {
        let check = |name| Check::new(name, limits);
        Self {
            node,
            memory: memory(),
            processors: thread::available_parallelism().map_or(1, NonZero::get) as f64,
            checks: Mutex::new(Checks {
                memory: check("memory"),
                cpu: check("cpu"),
                files: check("files"),
                lag: check("runtime-lag"),
            }),
        }
    }

    /// Takes note of a second, whose tick was `late` unless it only made up for another one.
    pub(super) fn note(&self, process: &ProcessView, late: Option<Duration>) {
        let now = Instant::now();
        let as_number = |count: Option<u64>| count.map(|count| count as f64);
        let mut checks = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let resident = as_number(process.resident_bytes);
        let memory = share(
            resident,
            as_number(self.memory),
            "memory in use, of what there is",
        );
        checks.memory.note(memory, now);
        let cpu = share(process.cpu, Some(self.processors), "processors in use");
        checks.cpu.note(cpu, now);
        let (open, most) = (process.open_files, process.open_files_limit);
        let files = share(as_number(open), as_number(most), "open files and sockets");
        checks.files.note(files, now);
        if let Some(late) = late {
            let late = late.as_secs_f64() * 1_000.0;
            let late = Finding::Value(late, "95 % of the last tasks ran late by at most".into());
            checks.lag.note(late, now);
        }
        let Checks {
            memory,
            cpu,
            files,
            lag,
        } = &*checks;
        self.node.report([memory, cpu, files, lag]);
    }
}

fn share(part: Option<f64>, whole: Option<f64>, of: &str) -> Finding {
    match part.zip(whole.filter(|whole| *whole > 0.0)) {
        Some((part, whole)) => Finding::Value(part * 100.0 / whole, of.into()),
        None => Finding::Unsupported("the system does not tell".into()),
    }
}

fn memory() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    let own = system.cgroup_limits().map(|limits| limits.total_memory);
    own.or_else(|| Some(system.total_memory()))
        .filter(|most| *most > 0)
}
