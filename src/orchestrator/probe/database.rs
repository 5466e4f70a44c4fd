//! What is looked at for each logical database.

use std::time::Instant;

use super::{Connection, LIMIT, write::Own};
use crate::{
    guard::Circuit,
    health::{Check, Finding, Health, Limit, Node},
};

/// A logical database's checks. Each client has monitors of its own, so each says for itself whether it
/// sees a primary.
pub(super) struct Part {
    node: Node,
    primary: Check,
    write: Check,
    pool: Check,
    circuit: Check,
    /// A failure of this client's own that still stands.
    own: Option<String>,
    /// How many of its last probes were not answered in time.
    silent: u32,
}

/// An election may take longer than a probe: one that was not answered says nothing yet.
const SILENT: u32 = 2;

impl Part {
    pub(super) fn new(
        connection: &Connection,
        health: &Health,
        limits: &[Limit],
        stale_after: std::time::Duration,
    ) -> Self {
        let name = format!("database:{}", connection.declared.name);
        Self {
            node: health.register(name, connection.need, Some(stale_after)),
            primary: Check::new("primary", limits),
            write: Check::new("write", limits),
            pool: Check::new("pool", limits),
            circuit: Check::new("circuit", limits),
            own: None,
            silent: 0,
        }
    }

    /// Takes note of a probe through its own client.
    pub(super) fn note_own(&mut self, own: Own) {
        self.silent = match own {
            Own::Silent => self.silent + 1,
            Own::Fine | Own::Failed(_) => 0,
        };
        match own {
            Own::Fine => self.own = None,
            Own::Failed(reason) => self.own = Some(reason),
            // Without a count: what is the same for many databases is shown once.
            Own::Silent if self.silent >= SILENT => {
                self.own = Some(format!(
                    "no write was answered within {LIMIT:?}, twice and more"
                ));
            }
            Own::Silent => {}
        }
    }

    /// Returns whether it must prove itself: its last probe did not go well.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.own.is_some() || self.silent > 0
    }

    /// Reports what is known without asking: heartbeats alone.
    pub(super) fn report_seen(&mut self, connection: &Connection) {
        self.primary.note(primary(connection), Instant::now());
        self.node.report([&self.primary]);
    }

    /// Reports everything. `shared` is what a write of the deployment came to, where one was tried.
    pub(super) fn report(&mut self, connection: &Connection, shared: Option<&Result<(), String>>) {
        let now = Instant::now();
        let failure = self
            .own
            .as_ref()
            .or(shared.and_then(|it| it.as_ref().err()));
        if failure.is_none() && shared.is_some() {
            connection.guard.note_probe();
        }
        let write = failure.map_or(Finding::Fine, |reason| Finding::Broken(reason.clone()));
        self.primary.note(primary(connection), now);
        self.write.note(write, now);
        self.pool.note(pool(connection), now);
        self.circuit.note(circuit(connection), now);
        self.node
            .report([&self.primary, &self.write, &self.pool, &self.circuit]);
    }
}

fn primary(connection: &Connection) -> Finding {
    match connection.topology.primary_age() {
        None => Finding::Broken("no writable primary was seen yet".into()),
        Some(age) if age > connection.silence => Finding::Broken(format!(
            "no writable primary was seen for {:.1} s",
            age.as_secs_f64()
        )),
        Some(_) => Finding::Fine,
    }
}

fn pool(connection: &Connection) -> Finding {
    let load = connection.guard.state().load;
    let share = load.in_use as f64 * 100.0 / load.limit.max(1) as f64;
    Finding::Value(share, "calls under way, of those there may be".into())
}

fn circuit(connection: &Connection) -> Finding {
    let state = connection.guard.state().circuit;
    match state.circuit {
        // Half open it lets calls through, and waits for them: a database that nobody calls stays so.
        Circuit::Closed | Circuit::HalfOpen => Finding::Fine,
        circuit => Finding::Amiss(format!("the circuit is {circuit}: {}", state.reason)),
    }
}
