//! What is looked at for each deployment, through one of its clients.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::{Connection, LIMIT, look};
use crate::health::{Check, Finding, Health, Limit, Need, Node};

/// A deployment's checks.
pub(super) struct Deployment {
    /// The positions of its connections, and its name: what it is known by.
    pub(super) group: Vec<usize>,
    pub(super) name: String,
    node: Node,
    members: Check,
    lag: Check,
    asked: Vec<Asked>,
}

/// A check that asks the primary something.
struct Asked {
    check: Check,
    every: Duration,
    due: Instant,
    ask: fn(&Connection) -> BoxFuture<'_, Option<Finding>>,
}

impl Asked {
    fn new(
        name: &'static str,
        seconds: u64,
        limits: &[Limit],
        ask: fn(&Connection) -> BoxFuture<'_, Option<Finding>>,
    ) -> Self {
        let every = Duration::from_secs(seconds);
        let stale = every * 3 + LIMIT * 2;
        Self {
            check: Check::new(name, limits).stale_after(stale),
            every,
            due: Instant::now(),
            ask,
        }
    }
}

impl Deployment {
    pub(super) fn new(
        group: Vec<usize>,
        name: String,
        health: &Health,
        limits: &[Limit],
        stale_after: Duration,
    ) -> Self {
        Self {
            // Whether the process is of use without it is said by the databases on it.
            node: health.register(
                format!("deployment:{name}"),
                Need::Optional,
                Some(stale_after),
            ),
            group,
            name,
            members: Check::new("members", limits),
            lag: Check::new("replication-lag", limits),
            asked: vec![
                Asked::new("ping", 5, limits, look::ping),
                Asked::new("connections", 15, limits, look::connections),
                Asked::new("disk", 60, limits, look::disk),
                Asked::new("oplog-window", 60, limits, look::oplog),
            ],
        }
    }

    /// Looks at what is due and reports: heartbeats through `seen`, and questions through `asked`, one
    /// after another, where a client is known to reach the primary.
    pub(super) async fn look(&mut self, seen: &Connection, asked: Option<&Connection>) {
        self.members.note(look::members(seen), Instant::now());
        self.lag.note(look::lag(seen), Instant::now());
        for one in &mut self.asked {
            let Some(connection) = asked.filter(|_| one.due <= Instant::now()) else {
                continue;
            };
            one.due = Instant::now() + one.every;
            if let Some(finding) = (one.ask)(connection).await {
                one.check.note(finding, Instant::now());
            }
        }
        let asked = self.asked.iter().map(|one| &one.check);
        self.node
            .report([&self.members, &self.lag].into_iter().chain(asked));
    }

    pub(super) fn retire(self) {
        self.node.retire();
    }
}
