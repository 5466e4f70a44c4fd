//! Health, answered from a snapshot: nobody who asks ever waits for a database.
//!
//! It knows nothing of databases: whoever watches one registers a [`Node`] here and reports to it.

mod check;
mod flapping;
mod limit;
mod state;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use self::state::State;
pub(crate) use self::{
    check::{Check, Finding},
    limit::LIMITS,
};
pub use self::{
    check::{CheckSnapshot, CheckStatus},
    limit::{Limit, Side},
};

/// How a part is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// It does what it is for.
    Up,
    /// It does, but something is amiss.
    Degraded,
    /// It does not.
    Down,
    /// Nobody has looked, or not lately. Unknown is not up.
    Unknown,
}

impl Status {
    /// Returns the word for it: `up`, `degraded`, `down` or `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// What is needed for the process to be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Without it the process is not ready.
    Required,
    /// Without it the process is ready, with less to offer.
    Optional,
}

/// Why a part is not up.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reason {
    /// The check that found it, `reported` where the part said so itself, `flapping`, or `stale`.
    pub code: &'static str,
    /// In words.
    pub message: String,
    /// What was found, where it is a number.
    pub observed: Option<f64>,
    /// What it should not go past.
    pub threshold: Option<f64>,
    /// The unit of both; empty for a count.
    pub unit: &'static str,
}

/// One part as it was last seen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NodeSnapshot {
    /// Its name, such as `database:customer`.
    pub name: String,
    /// Whether the process needs it.
    pub need: Need,
    /// How it is doing.
    pub status: Status,
    /// Why, unless it is up.
    pub reasons: Vec<Reason>,
    /// What was looked at.
    pub checks: Vec<CheckSnapshot>,
    /// How long it has had this status.
    pub since: Duration,
    /// How long ago it last reported.
    pub age: Duration,
}

/// All parts at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Whether all that is required has been up once.
    pub started: bool,
    /// Whether the process is going down and takes no more work.
    pub draining: bool,
    /// The parts, in the order in which they were registered.
    pub nodes: Vec<NodeSnapshot>,
}

impl Snapshot {
    /// Returns how it all is: down where something required is, else degraded where anything is not up.
    pub fn status(&self) -> Status {
        let all = || self.nodes.iter();
        let required =
            |status| all().any(|node| node.need == Need::Required && node.status == status);
        match () {
            () if required(Status::Down) => Status::Down,
            () if required(Status::Unknown) => Status::Unknown,
            () if all().any(|node| node.status != Status::Up) => Status::Degraded,
            () => Status::Up,
        }
    }

    /// Returns whether requests should be sent here: not draining, and all that is required works.
    /// What is degraded works.
    pub fn is_ready(&self) -> bool {
        !self.draining && self.nodes.iter().all(works)
    }
}

fn works(node: &NodeSnapshot) -> bool {
    let working = [Status::Up, Status::Degraded].contains(&node.status);
    node.need == Need::Optional || working
}

/// The health of a process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    started: AtomicBool,
    draining: AtomicBool,
    /// By the number of its registration.
    nodes: Mutex<BTreeMap<u64, State>>,
    next: AtomicU64,
}

impl Health {
    /// Registers a part, unknown until it reports. With `stale_after` it is unknown again when it
    /// has not reported for that long.
    pub fn register(
        &self,
        name: impl Into<String>,
        need: Need,
        stale_after: Option<Duration>,
    ) -> Node {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let state = State::new(name.into(), need, stale_after, Instant::now());
        self.nodes().insert(number, state);
        Node {
            health: self.clone(),
            number,
        }
    }

    /// Says that the process is going down: from here on it is not ready.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Returns all parts as they were last seen. It waits for nothing.
    pub fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        let nodes = self.nodes();
        let nodes = nodes.values().map(|state| state.snapshot(now)).collect();
        Snapshot {
            started: self.0.started.load(Ordering::SeqCst),
            draining: self.0.draining.load(Ordering::SeqCst),
            nodes,
        }
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<u64, State>> {
        // Every critical section leaves the map whole, so a poisoned lock is as good as any.
        self.0.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one part reports how it is doing.
#[derive(Debug, Clone)]
pub struct Node {
    health: Health,
    number: u64,
}

impl Node {
    /// Reports that the part does what it is for.
    pub fn up(&self) {
        self.found(Finding::Fine);
    }

    /// Reports that it does not, and why; the reason must hold no secret and no document.
    pub fn down(&self, reason: impl Into<String>) {
        self.found(Finding::Broken(reason.into()));
    }

    fn found(&self, finding: Finding) {
        let mut check = Check::new("reported", &[]);
        check.note(finding, Instant::now());
        self.report([&check]);
    }

    /// Reports what was looked at: the part is as the worst of it.
    pub(crate) fn report<'a>(&self, checks: impl IntoIterator<Item = &'a Check>) {
        let checks = checks.into_iter().cloned().collect();
        let mut nodes = self.health.nodes();
        let now = Instant::now();
        if let Some(state) = nodes.get_mut(&self.number) {
            state.report(checks, now);
        }
        if nodes.values().all(|state| works(&state.snapshot(now))) {
            self.health.0.started.store(true, Ordering::SeqCst);
        }
    }

    /// Takes the part away.
    pub(crate) fn retire(self) {
        self.health.nodes().remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
