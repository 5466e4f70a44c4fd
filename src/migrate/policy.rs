//! What becomes of requests for tenants that are behind, from a snapshot that is refreshed every few
//! seconds: no request asks the records.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{Migrator, Status, TargetState, error::Error, list::List};
use crate::{
    config::MigrationPolicy,
    error,
    health::{Check, Finding, Health, Need},
    orchestrator::WeakDatabases,
    tenancy::TenantId,
};

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(5);

/// How long a look may take.
const LIMIT: Duration = Duration::from_secs(2);

/// A snapshot older than that says nothing any more.
const STALE: Duration = Duration::from_secs(60);

/// The tenants that are behind, as they were last seen. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Behind {
    policy: MigrationPolicy,
    tenants: Arc<RwLock<Arc<BTreeSet<String>>>>,
}

/// What a tenant's database may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    All,
    Reads,
}

impl Behind {
    pub(crate) fn new(policy: MigrationPolicy) -> Self {
        Self {
            policy,
            tenants: Arc::default(),
        }
    }

    /// Returns what a tenant's database may be used for.
    ///
    /// # Errors
    /// [`Error::TenantBehind`](error::Error::TenantBehind) for nothing.
    pub(crate) fn admit(&self, tenant: &TenantId) -> error::Result<Use> {
        if self.policy == MigrationPolicy::Serve {
            return Ok(Use::All);
        }
        let tenants = self.tenants.read();
        let tenants = tenants.unwrap_or_else(PoisonError::into_inner);
        match (tenants.contains(tenant.as_str()), self.policy) {
            (false, _) => Ok(Use::All),
            (true, MigrationPolicy::ReadOnly) => Ok(Use::Reads),
            (true, _) => Err(error::Error::TenantBehind(tenant.clone())),
        }
    }

    /// Looks every few seconds, as long as the databases are there, and tells their health.
    pub(crate) async fn watch(self, databases: WeakDatabases, health: Health) {
        let node = health.register("migrations", Need::Optional, Some(STALE));
        let mut check = Check::new("pending", &[]);
        loop {
            let Some(databases) = databases.upgrade() else {
                return;
            };
            let migrator = databases.migrator();
            drop(databases);
            let finding = match self.look(&migrator).await {
                Ok(None) => Finding::Fine,
                Ok(Some(what)) => Finding::Amiss(what),
                Err(error) => Finding::Amiss(self.blind(&error)),
            };
            check.note(finding, Instant::now());
            node.report([&check]);
            drop(migrator);
            sleep(PERIOD).await;
        }
    }

    /// Tells that the last snapshot stands, which at the start lets everything through.
    fn blind(&self, error: &Error) -> String {
        if self.policy != MigrationPolicy::Serve {
            tracing::error!(
                "MIGRATION_POLICY goes by what was last seen: the records cannot be read: {error}"
            );
        }
        format!("the records cannot be read: {error}")
    }

    /// Takes a new snapshot; returns what is amiss.
    async fn look(&self, migrator: &Migrator) -> Result<Option<String>, Error> {
        let mut amiss = Vec::new();
        let mut tenants = BTreeSet::new();
        for list in &migrator.lists {
            let scope = match migrator.open(list) {
                // An optional one without URI.
                Err(error::Error::NotConfigured(_)) => continue,
                scope => scope?.within(LIMIT),
            };
            let mut survey = scope.glance().await?;
            scope.without_empty(&mut survey).await?;
            let head = list.head();
            let is_done = |group: &&super::records::Group| {
                group.digest == head && group.state == TargetState::Ready
            };
            let lagging = survey.groups.iter().filter(|group| !is_done(group));
            let lagging: u64 = lagging.map(|group| group.count).sum();
            let mut names = match lagging {
                0 => Vec::new(),
                _ => scope.names_behind(&head).await?,
            };
            // Those of tenants that are gone are taken out by the next run.
            names.retain(|name| !survey.orphans.contains(name));
            let behind = (names.len() + survey.strangers.len()) as u64;
            amiss.extend(told(list, behind, &survey.groups));
            if behind > 0 && list.is_tenants && self.policy != MigrationPolicy::Serve {
                tenants.extend(scope.tenants_of(&names));
                let new = survey
                    .strangers
                    .iter()
                    .filter_map(|stranger| stranger.tenant.as_ref());
                tenants.extend(new.map(ToString::to_string));
            }
        }
        *self.tenants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tenants);
        Ok((!amiss.is_empty()).then(|| amiss.join("; ")))
    }
}

/// Returns what is to be said of a list's targets, if anything is.
fn told(list: &List, behind: u64, groups: &[super::records::Group]) -> Option<String> {
    if behind == 0 {
        return None;
    }
    let waits = |state| {
        let of_state = groups.iter().filter(|group| group.state == state);
        of_state.map(|group| group.count).sum::<u64>()
    };
    let states = [TargetState::Quarantined, TargetState::Interrupted];
    let states = states.map(|state| (waits(state), state.as_str()));
    let states: Vec<String> = states
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, state)| format!(", {count} {state}"))
        .collect();
    let target = list.target();
    Some(format!(
        "{target}: {behind} behind{}; `migrate status` tells which, `migrate up` applies what is pending",
        states.concat()
    ))
}

impl Status {
    /// Returns whether every target has everything.
    pub fn is_at_head(&self) -> bool {
        self.at_head == self.targets
    }
}
