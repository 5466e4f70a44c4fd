//! What is applied where, and what would be: read from the records alone, and nothing is written.

use std::sync::Arc;

use super::{
    Migrator,
    error::{Blocked, Error},
    list::{Direction, List},
    row::{Row, TargetState},
    step::Step,
    survey::{Scope, Survey},
    work::{Goal, todo},
};
use crate::tenancy::TenantId;

/// How the targets of a list stand.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Status {
    /// The list, such as `tenants of customer`.
    pub target: String,
    /// How many migrations it has.
    pub migrations: usize,
    /// How many targets there are.
    pub targets: u64,
    /// Those that have everything.
    pub at_head: u64,
    /// What is pending, and at how many targets.
    pub pending: Vec<Pending>,
    /// How many targets are in which state, those without any left out.
    pub states: Vec<(TargetState, u64)>,
    /// Where records and list do not speak of the same.
    pub blocked: Vec<Blocked>,
    /// The targets that did not end, why, and what they are in.
    pub failed: Vec<super::Failed>,
    /// The migrations of the list.
    pub listing: Vec<Listing>,
}

/// Targets that lack the same.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Pending {
    /// One of the databases.
    pub database: String,
    /// How many there are.
    pub targets: u64,
    /// What would be carried out there, in order, and which way.
    pub migrations: Vec<(String, Direction)>,
    /// Whether they are new: they have no record yet.
    pub is_new: bool,
}

/// A migration of a list.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Listing {
    /// Its id.
    pub id: String,
    /// The names and kinds of its steps.
    pub steps: Vec<(String, &'static str)>,
    /// The same of those that take it back; `None` where it cannot be taken back.
    pub back: Option<Vec<(String, &'static str)>>,
    /// Whether it takes documents or indexes away.
    pub is_destructive: bool,
}

impl Migrator {
    /// Returns how every target stands, and what `up` would do there with what this migrator is told.
    ///
    /// It asks the control database only, whatever the number of targets.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn status(&self) -> Result<Vec<Status>, Error> {
        let mut all = Vec::new();
        for list in &self.lists {
            let scope = self.scope(list)?;
            let goal = self.goal(Direction::Up);
            all.push(scope.status(goal, self.tenants.as_deref()).await?);
        }
        Ok(all)
    }

    /// Returns how every target stands, and what `down` would do there.
    ///
    /// # Errors
    /// Those of the queries.
    pub async fn status_of_down(&self) -> Result<Vec<Status>, Error> {
        let mut all = Vec::new();
        for list in self.lists.iter().rev() {
            let scope = self.scope(list)?;
            let goal = self.goal(Direction::Down);
            all.push(scope.status(goal, self.tenants.as_deref()).await?);
        }
        Ok(all)
    }

    fn goal(&self, direction: Direction) -> Goal {
        Goal {
            direction: Some(direction),
            ..self.goal.clone()
        }
    }
}

impl Scope {
    async fn status(&self, goal: Goal, only: Option<&[TenantId]>) -> Result<Status, Error> {
        let survey = match only {
            None => self.survey().await?,
            Some(tenants) => self.survey_of(tenants).await?,
        };
        let head = self.list.head();
        let samples: Vec<String> = survey
            .groups
            .iter()
            .map(|group| group.sample.clone())
            .collect();
        let rows = self.records.rows(&samples).await?;
        let count = |row: &Row| {
            let group = survey
                .groups
                .iter()
                .find(|group| group.sample == row.database);
            group.map_or(1, |group| group.count)
        };
        let at_head = survey.groups.iter().filter(|group| group.digest == head);
        Ok(Status {
            target: self.list.target(),
            migrations: self.list.migrations.len(),
            targets: survey.groups.iter().map(|group| group.count).sum::<u64>()
                + survey.strangers.len() as u64,
            at_head: at_head.map(|group| group.count).sum(),
            pending: self.pending(
                &survey,
                &tried(&self.list, &rows, &goal, only),
                &goal,
                count,
            ),
            states: states(&survey),
            blocked: self.blocked(&survey, &goal).await?,
            failed: self.failed(&survey, only).await?,
            listing: listing(&self.list),
        })
    }

    fn pending(
        &self,
        survey: &Survey,
        rows: &[&Row],
        goal: &Goal,
        count: impl Fn(&Row) -> u64,
    ) -> Vec<Pending> {
        let of_row = |row: &&Row| {
            let work = todo(row, &self.list, goal).ok()?;
            let migrations = work
                .iter()
                .map(|work| (work.listed.id.to_owned(), work.direction));
            let migrations: Vec<_> = migrations.collect();
            (!migrations.is_empty()).then(|| Pending {
                database: row.database.clone(),
                targets: count(row),
                migrations,
                is_new: false,
            })
        };
        let mut pending: Vec<Pending> = rows.iter().filter_map(of_row).collect();
        let new = self.of_stranger(goal);
        if let Some(first) = survey.strangers.first().filter(|_| !new.is_empty()) {
            pending.push(Pending {
                database: first.database.clone(),
                targets: survey.strangers.len() as u64,
                migrations: new
                    .into_iter()
                    .map(|id| (id.to_owned(), Direction::Up))
                    .collect(),
                is_new: true,
            });
        }
        pending
    }

    async fn failed(
        &self,
        survey: &Survey,
        only: Option<&[TenantId]>,
    ) -> Result<Vec<super::Failed>, Error> {
        let filter =
            mongodb::bson::doc! { "state": { "$in": ["failed", "quarantined", "interrupted"] } };
        let mut rows = self.records.find(filter).await?;
        if only.is_some() {
            rows.retain(|row| survey.groups.iter().any(|one| one.sample == row.database));
        }
        let failed = rows.into_iter().filter_map(|row| {
            Some(super::Failed {
                target: self.list.target(),
                database: row.database,
                tenant: row.tenant,
                state: row.state,
                failure: row.failure?,
            })
        });
        Ok(failed.collect())
    }
}

/// Returns the records of the targets that a run would try: `up` leaves out what waits for a person, and
/// what is quarantined, unless its migration has changed or its tenant is named.
fn tried<'a>(list: &List, rows: &'a [Row], goal: &Goal, only: Option<&[TenantId]>) -> Vec<&'a Row> {
    let changed = |row: &Row| {
        let failure = row.failure.as_ref();
        failure.is_some_and(|failure| {
            let listed = list.find(&failure.migration);
            listed.is_none_or(|listed| listed.hash != failure.hash)
        })
    };
    let is_tried = |row: &&Row| match row.state {
        _ if goal.direction == Some(Direction::Down) => true,
        TargetState::Interrupted => false,
        TargetState::Quarantined => only.is_some() || changed(row),
        _ => true,
    };
    rows.iter().filter(is_tried).collect()
}

fn states(survey: &Survey) -> Vec<(TargetState, u64)> {
    let count = |state: TargetState| {
        let groups = survey.groups.iter().filter(|group| group.state == state);
        (state, groups.map(|group| group.count).sum())
    };
    TargetState::ALL
        .into_iter()
        .map(count)
        .filter(|(_, count)| *count > 0)
        .collect()
}

fn listing(list: &Arc<List>) -> Vec<Listing> {
    let one = |listed: &super::list::Listed| {
        let told = |steps: &Vec<Step>| {
            let steps = steps.iter();
            let told = steps.map(|step| (step.name().to_owned(), step.kind()));
            told.collect()
        };
        Listing {
            id: listed.id.to_owned(),
            steps: told(&listed.migration.up),
            back: listed.migration.down.as_ref().map(told),
            is_destructive: listed.migration.up.iter().any(Step::is_destructive),
        }
    };
    list.migrations.iter().map(one).collect()
}
