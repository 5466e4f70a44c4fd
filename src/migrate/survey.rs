//! Looks at all targets of a list without touching their databases, and writes nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use mongodb::bson::{Document, doc};

use super::{
    body::Place,
    error::Blocked,
    list::{Direction, List},
    records::{Group, Records},
    row::TargetState,
    work::{Goal, Obstacle, todo},
};
use crate::{
    control::Control,
    error::Result,
    orchestrator::{Connection, Databases},
    tenancy::TenantId,
};

/// One list, and where its targets and their records are.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) databases: Databases,
    pub(super) connection: Arc<Connection>,
    pub(super) records: Records,
    pub(super) list: Arc<List>,
}

/// A database that has no record yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stranger {
    pub(super) database: String,
    pub(super) tenant: Option<TenantId>,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Survey {
    pub(super) groups: Vec<Group>,
    pub(super) strangers: Vec<Stranger>,
    /// Databases of tenants that are gone.
    pub(super) orphans: Vec<String>,
}

impl Scope {
    pub(super) fn new(databases: &Databases, control: &Control, list: Arc<List>) -> Self {
        Self {
            databases: databases.clone(),
            connection: control.connection().clone(),
            records: Records::new(control, &list),
            list,
        }
    }

    /// Returns the same whose questions to the records may take so long.
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.records.control = self.records.control.within(limit);
        self
    }

    /// Leaves out a logical database that holds nothing: it is not behind, it is not there yet.
    pub(super) async fn without_empty(&self, survey: &mut Survey) -> Result<()> {
        if self.list.is_tenants || survey.strangers.is_empty() {
            return Ok(());
        }
        let place = Place::of(&self.connection, &self.connection.name, false);
        if place.collections().await?.is_empty() {
            survey.strangers.clear();
        }
        Ok(())
    }

    /// Looks at all records, and for databases that have none.
    pub(super) async fn survey(&self) -> Result<Survey> {
        let groups = self.records.groups().await?;
        let known = match groups.is_empty() {
            true => Vec::new(),
            false => self.records.known().await?,
        };
        let all = self.all().await?;
        let (mut strangers, orphans) = (all.clone(), differ(&known, &all));
        let known: BTreeSet<String> = known.into_iter().collect();
        strangers.retain(|stranger| !known.contains(&stranger.database));
        Ok(Survey {
            groups,
            strangers,
            orphans,
        })
    }

    /// The same for who looks often: databases are compared by name only where their number tells that some
    /// have no record, or are gone.
    pub(super) async fn glance(&self) -> Result<Survey> {
        let groups = self.records.groups().await?;
        let known: u64 = groups.iter().map(|group| group.count).sum();
        let all = match self.list.is_tenants {
            true => self.databases.tenancy()?.count().await?,
            false => 1,
        };
        if known != all {
            return self.survey().await;
        }
        Ok(Survey {
            groups,
            strangers: Vec::new(),
            orphans: Vec::new(),
        })
    }

    /// Looks at these tenants' records only: each is a group of its own.
    ///
    /// # Errors
    /// [`Error::UnknownTenant`](crate::Error::UnknownTenant): its database must not come to be.
    pub(super) async fn survey_of(&self, tenants: &[TenantId]) -> Result<Survey> {
        self.databases.tenancy()?.all_active(tenants).await?;
        let meant = tenants.iter().map(|id| Stranger {
            database: self.connection.tenant_name(id).to_string(),
            tenant: Some(id.clone()),
        });
        let mut strangers: Vec<Stranger> = meant.collect();
        let names: Vec<String> = strangers.iter().map(|one| one.database.clone()).collect();
        let rows = self.records.rows(&names).await?;
        strangers.retain(|one| rows.iter().all(|row| row.database != one.database));
        let groups = rows.into_iter().map(|row| Group {
            digest: row.digest,
            state: row.state,
            count: 1,
            sample: row.database,
        });
        Ok(Survey {
            groups: groups.collect(),
            strangers,
            orphans: Vec::new(),
        })
    }

    /// Returns every database that is to be a target.
    async fn all(&self) -> Result<Vec<Stranger>> {
        match self.list.is_tenants {
            true => self.tenants().await,
            false => Ok(vec![Stranger {
                database: self.connection.name.to_string(),
                tenant: None,
            }]),
        }
    }

    async fn tenants(&self) -> Result<Vec<Stranger>> {
        let ids = self.databases.tenancy()?.ids().await?;
        let stranger = |id: TenantId| Stranger {
            database: self.connection.tenant_name(&id).to_string(),
            tenant: Some(id),
        };
        Ok(ids.into_iter().map(stranger).collect())
    }

    /// Returns the databases that do not have everything, or where something has failed.
    pub(super) async fn names_behind(&self, head: &str) -> Result<Vec<String>> {
        self.records.behind(head, &[]).await
    }

    /// Returns whose these databases are.
    pub(super) fn tenants_of(&self, names: &[String]) -> Vec<String> {
        let prefix = format!("{}__", self.connection.name);
        let tenant = |name: &String| name.strip_prefix(&prefix).map(str::to_owned);
        names.iter().filter_map(tenant).collect()
    }

    /// Returns what keeps any target from being worked on, by one of each group: what they have applied
    /// is the same.
    pub(super) async fn blocked(&self, survey: &Survey, goal: &Goal) -> Result<Vec<Blocked>> {
        let samples: Vec<String> = survey
            .groups
            .iter()
            .map(|group| group.sample.clone())
            .collect();
        let rows = self.records.rows(&samples).await?;
        let mut blocked = Vec::new();
        for row in rows {
            // What is left out blocks nobody; what is half done is told at its target.
            let waits = [TargetState::Quarantined, TargetState::Interrupted];
            let Err(mut obstacles) = todo(&row, &self.list, goal) else {
                continue;
            };
            if goal.direction == Some(Direction::Up) && waits.contains(&row.state) {
                continue;
            }
            obstacles.retain(|obstacle| !matches!(obstacle, Obstacle::Unfinished { .. }));
            let of_row = |group: &&Group| group.sample == row.database;
            let count = survey
                .groups
                .iter()
                .find(of_row)
                .map_or(1, |group| group.count);
            blocked.extend(obstacles.into_iter().map(|obstacle| Blocked {
                target: self.list.target(),
                database: row.database.clone(),
                count,
                obstacle,
            }));
        }
        Ok(blocked)
    }

    /// Returns the ids that a database without a record would be applied.
    pub(super) fn of_stranger(&self, goal: &Goal) -> Vec<&'static str> {
        let wanted = |id: &&'static str| goal.to.as_deref().is_none_or(|to| *id <= to);
        let ids = self.list.ids().filter(wanted);
        match goal.direction {
            Some(Direction::Up) => ids.take(goal.steps.unwrap_or(usize::MAX)).collect(),
            _ => Vec::new(),
        }
    }
}

/// Returns the names that none of the databases has.
fn differ(known: &[String], all: &[Stranger]) -> Vec<String> {
    let all: BTreeSet<&str> = all.iter().map(|one| one.database.as_str()).collect();
    let gone = known.iter().filter(|name| !all.contains(name.as_str()));
    gone.cloned().collect()
}

impl Stranger {
    /// Returns its record as it begins: nothing is applied.
    pub(super) fn row(&self, fence: i64) -> Document {
        doc! {
            "_id": &self.database,
            "tenant": self.tenant.as_ref().map(TenantId::as_str),
            "state": TargetState::Ready.as_str(),
            "digest": super::list::digest(std::iter::empty()),
            "fence": fence,
            "ledger": {},
        }
    }
}

impl Obstacle {
    /// Returns whether it only says that something is older than what is applied.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Late { .. })
    }
}
