//! Health, answered from a snapshot: nobody who asks ever waits for a database.
//!
//! It knows nothing of databases: whoever watches one registers a [`Node`] here and reports to it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
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

/// One part as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeSnapshot {
    /// Its name, such as `database:customer`.
    pub name: String,
    /// Whether the process needs it.
    pub need: Need,
    /// How it is doing.
    pub status: Status,
    /// Why, unless it is up.
    pub reason: Option<String>,
    /// How long it has had this status.
    pub since: Duration,
}

/// All parts at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
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

    /// Returns whether requests should be sent here: not draining, and all that is required is up.
    pub fn is_ready(&self) -> bool {
        let fine = |node: &NodeSnapshot| node.need == Need::Optional || node.status == Status::Up;
        !self.draining && self.nodes.iter().all(fine)
    }
}

/// The health of a process. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    draining: AtomicBool,
    nodes: Mutex<Vec<State>>,
}

#[derive(Debug)]
struct State {
    name: String,
    need: Need,
    status: Status,
    reason: Option<String>,
    since: Instant,
    reported: Instant,
    stale_after: Option<Duration>,
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
        let now = Instant::now();
        let mut nodes = self.nodes();
        nodes.push(State {
            name: name.into(),
            need,
            status: Status::Unknown,
            reason: Some("not looked at yet".into()),
            since: now,
            reported: now,
            stale_after,
        });
        Node {
            health: self.clone(),
            position: nodes.len() - 1,
        }
    }

    /// Says that the process is going down: from here on it is not ready.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Returns all parts as they were last seen. It waits for nothing.
    pub fn snapshot(&self) -> Snapshot {
        let nodes = self.nodes().iter().map(State::snapshot).collect();
        Snapshot {
            draining: self.0.draining.load(Ordering::SeqCst),
            nodes,
        }
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<State>> {
        // Every critical section leaves the list whole, so a poisoned lock is as good as any.
        self.0.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn snapshot(&self) -> NodeSnapshot {
        let stale = self
            .stale_after
            .filter(|limit| self.reported.elapsed() > *limit);
        let (status, reason) = match stale {
            Some(limit) => (
                Status::Unknown,
                Some(format!("not looked at for more than {limit:?}")),
            ),
            None => (self.status, self.reason.clone()),
        };
        let since = self.since.elapsed();
        NodeSnapshot {
            name: self.name.clone(),
            need: self.need,
            status,
            reason,
            since,
        }
    }
}

/// Where one part reports how it is doing.
#[derive(Debug, Clone)]
pub struct Node {
    health: Health,
    position: usize,
}

impl Node {
    /// Reports that the part does what it is for.
    pub fn up(&self) {
        self.report(Status::Up, None);
    }

    /// Reports that it does not, and why; the reason must hold no secret and no document.
    pub fn down(&self, reason: impl Into<String>) {
        self.report(Status::Down, Some(reason.into()));
    }

    fn report(&self, status: Status, reason: Option<String>) {
        let mut nodes = self.health.nodes();
        let Some(state) = nodes.get_mut(self.position) else {
            return;
        };
        state.reported = Instant::now();
        state.reason = reason;
        if state.status != status {
            state.since = state.reported;
            state.status = status;
            log(state);
        }
    }
}

fn log(state: &State) {
    let (name, reason) = (&state.name, state.reason.as_deref().unwrap_or_default());
    match state.status {
        Status::Up => tracing::info!(node = %name, "`{name}` is up"),
        _ => tracing::warn!(node = %name, "`{name}` is {}: {reason}", state.status.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_that_all_that_is_required_was_seen_up() {
        let health = Health::default();
        let admin = health.register("database:admin", Need::Required, None);
        let reports = health.register("database:reports", Need::Optional, None);
        assert!(!health.snapshot().is_ready(), "unknown is not up");

        admin.up();
        reports.down("gone");
        assert!(health.snapshot().is_ready());

        admin.down("gone");
        assert!(!health.snapshot().is_ready());

        admin.up();
        health.drain();
        assert!(!health.snapshot().is_ready());
    }

    #[test]
    fn what_has_not_reported_lately_is_unknown() {
        let health = Health::default();
        let node = health.register("x", Need::Required, Some(Duration::ZERO));

        node.up();

        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(health.snapshot().nodes[0].status, Status::Unknown);
    }
}
