//! What an operator looks at: how each logical database's calls, pool, circuit and deployment stand.
//!
//! A [`Monitor`] reads what others keep: the meters, the guards, the heartbeats, the health snapshot.
//! It asks no database anything, so an answer takes the same time whatever MongoDB does.

mod alerts;
mod health;
mod history;
mod process;
mod slow;
mod snapshot;
mod view;
mod vitals;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use tokio::{
    sync::{broadcast, watch},
    time::{Duration, MissedTickBehavior, interval},
};

use self::{alerts::Alerts, history::History, process::Process, vitals::Vitals};
pub use self::{
    alerts::{AlertState, AlertView, Transition},
    history::Point,
    slow::SlowView,
    view::{
        BudgetView, BulkheadView, CheckView, CircuitView, CountsView, DatabaseView, DeploymentView,
        HealthView, NodeView, OperationView, Outcomes, PoolView, ProcessView, ReasonView,
        ServerView, Snapshot, TenantView, Windows,
    },
};
use crate::{
    config::{HealthConfig, Rule},
    guard::GuardState,
    health::{Health, Need},
    meter::{Measured, PoolState, Share},
    orchestrator::{Connection, Databases, WeakDatabases},
    slow::SlowCalls,
};

/// How often what was recorded becomes figures.
const SECOND: Duration = Duration::from_secs(1);

/// How many changes of alerts wait at most for whoever listens and is slow.
const TRANSITIONS: usize = 256;

/// The figures of a process, live. Clones share them.
#[derive(Debug, Clone)]
pub struct Monitor {
    databases: Databases,
}

/// What a logical database's meters hold, for formats of one's own.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Figures {
    /// The logical database.
    pub database: &'static str,
    /// Each operation on each collection, sorted by names.
    pub operations: Vec<Measured>,
    /// Its connections.
    pub pool: PoolState,
    /// How often its operations were slow, sorted by names.
    pub slow: Vec<SlowCalls>,
}

/// What the process is called among the parts of [`Health`].
const PROCESS: &str = "process";

/// What is kept besides the meters.
pub(crate) struct Watch {
    started: Instant,
    history: History,
    process: Process,
    /// Nothing with `ENABLE_HEALTH_CHECKS=false`.
    vitals: Option<Vitals>,
    ticks: watch::Sender<u64>,
    alerts: Mutex<Alerts>,
    transitions: broadcast::Sender<Transition>,
}

impl Monitor {
    pub(crate) fn new(databases: Databases) -> Self {
        Self { databases }
    }

    /// Returns everything as it stands, up to the last whole second.
    pub fn snapshot(&self) -> Snapshot {
        snapshot::snapshot(&self.databases)
    }

    /// Returns how the parts are doing.
    pub fn health(&self) -> HealthView {
        health::view(&self.databases)
    }

    /// Returns a point a second for each logical database, of 15 minutes at most, the oldest first.
    pub fn history(&self) -> Vec<(&'static str, Vec<Point>)> {
        self.watch().history.all()
    }

    /// Returns what the meters of each connected logical database hold, in the order of the registry;
    /// nothing with `ENABLE_METRICS=false`.
    pub fn figures(&self) -> Vec<Figures> {
        let metered = self.databases.connections().iter();
        let figures = metered.filter_map(|connection| {
            Some(Figures {
                database: connection.declared.name,
                operations: connection.meter()?.measured(),
                pool: connection.pool()?,
                slow: connection.slow()?.counts(),
            })
        });
        figures.collect()
    }

    /// Returns what was slow since the start, grouped by shape, those first that cost most: their p95 times
    /// how often they were slow. At most 201 for each logical database; nothing with `ENABLE_METRICS=false`.
    pub fn slow(&self) -> Vec<SlowView> {
        let connections = self.databases.connections().iter();
        slow::all(connections.map(|connection| &**connection))
    }

    /// Returns how the guards stand; see [`Databases::guards`].
    pub fn guards(&self) -> Vec<GuardState> {
        self.databases.guards()
    }

    /// Returns what each of the 50 busiest tenants had of the last five minutes, the busiest first, and
    /// the rest as one.
    pub fn tenants(&self) -> Vec<Share> {
        let connections = self.databases.connections().iter();
        let meters = connections.filter_map(|connection| connection.meter());
        crate::meter::merged(meters.map(|meter| meter.tenants()))
    }

    /// Returns the alerts: those that fire, those that are pending, and those that were resolved within
    /// the last hour, at most 200, the newest first in each; none with `ENABLE_METRICS=false`.
    pub fn alerts(&self) -> Vec<AlertView> {
        self.watch().alerts()
    }

    /// Returns what somebody is to be told now, the alerts that fire already, and every change of an
    /// alert from here on. Who takes these slowly misses the oldest beyond 256 and hears how many; nothing
    /// waits for it.
    pub fn transitions(&self) -> (Vec<Transition>, broadcast::Receiver<Transition>) {
        let watch = self.watch();
        // Changes are sent under the same lock: none is in both, and none in neither.
        let rules = watch.rules();
        (rules.told(Instant::now()), watch.transitions.subscribe())
    }

    /// Returns what changes once a second, when there are new figures. It never ends while the databases
    /// are not shut down.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.watch().ticks.subscribe()
    }

    /// Returns whether anything is counted: not with `ENABLE_METRICS=false`.
    pub fn is_on(&self) -> bool {
        let mut connections = self.databases.connections().iter();
        connections.any(|connection| connection.meter().is_some())
    }

    fn watch(&self) -> &Watch {
        self.databases.watch()
    }
}

impl Watch {
    pub(crate) fn new(health: &Health, config: &HealthConfig, rules: Vec<Rule>) -> Self {
        let vitals = || {
            Vitals::new(
                health.register(PROCESS, Need::Optional, Some(SECOND * 15)),
                &config.limits,
            )
        };
        Self {
            vitals: config.checks.then(vitals),
            alerts: Mutex::new(Alerts::new(rules)),
            transitions: broadcast::Sender::new(TRANSITIONS),
            started: Instant::now(),
            history: History::default(),
            process: Process::default(),
            ticks: watch::Sender::new(0),
        }
    }

    /// Turns what was recorded into figures, once a second, until it is stopped.
    pub(crate) async fn run(
        self: Arc<Self>,
        connections: Vec<Arc<Connection>>,
        databases: WeakDatabases,
    ) {
        let mut ticks = interval(SECOND);
        // The windows count ticks as seconds: what was missed is made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        ticks.tick().await;
        let mut woken = Instant::now();
        loop {
            let due = ticks.tick().await;
            // Ticks that were missed are made up for at once: they tell of the same delay.
            let late = (due.into_std() > woken).then(|| due.elapsed());
            woken = Instant::now();
            for connection in &connections {
                let Some(meter) = connection.meter() else {
                    continue;
                };
                meter.tick();
                self.history.note(connection, &meter.second());
            }
            self.process.tick();
            if let Some(vitals) = &self.vitals {
                vitals.note(&self.process.last(), late);
            }
            // Whoever holds the last handle of all may drop it at any time: this task holds none.
            if let Some(databases) = databases.upgrade() {
                self.watch_rules(&databases.monitor());
            }
            self.ticks.send_modify(|ticks| *ticks += 1);
        }
    }

    /// Holds what is known now against the rules, and tells of what has changed. Nobody is waited for.
    fn watch_rules(&self, monitor: &Monitor) {
        if !monitor.is_on() || self.rules().is_empty() {
            return;
        }
        // The snapshot shows the alerts as they were: it looks at the rules too.
        let snapshot = monitor.snapshot();
        let mut rules = self.rules();
        for change in rules.evaluate(Instant::now(), &snapshot) {
            alerts::log::line(&change);
            // Without a listener there is nobody to tell.
            let _ = self.transitions.send(change);
        }
    }

    fn alerts(&self) -> Vec<AlertView> {
        self.rules().views(Instant::now())
    }

    fn rules(&self) -> MutexGuard<'_, Alerts> {
        self.alerts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
