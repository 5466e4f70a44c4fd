//! Alerts: rules over the snapshot, each alert with a state of its own for every rule and subject.
//!
//! The engine is pure: it is handed the time and a snapshot, and says what has changed. Once a second the
//! watch asks it (monitor.rs), logs what came of it (alerts/log.rs) and hands it to whoever listens;
//! delivering it is not done here, so no receiver can delay it.

mod episode;
mod growth;
pub(super) mod log;
mod measures;

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use serde::Serialize;

use self::{
    episode::{Episode, Step},
    growth::Growth,
    measures::{Reading, Subject},
};
use super::{Snapshot, view::timestamp};
use crate::config::{Rule, Severity};

/// For how long an alert that is over is still shown.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How many of those that are over are kept at most, the newest.
const KEPT_COUNT: usize = 200;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AlertState {
    /// There is none.
    Inactive,
    /// Its reading is past the threshold, not yet for long enough.
    Pending,
    /// It has been for long enough, and somebody should know.
    Firing,
    /// It fired, and its reading has been back for long enough.
    Resolved,
}

impl AlertState {
    /// Returns its name: `inactive`, `pending`, `firing` or `resolved`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert: one rule, on one subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AlertView {
    /// The same from its first second to its end, and another one the next time.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// What it is about: `database`, `deployment`, `process` or `tenant`.
    pub kind: String,
    /// Its name: that of the logical database, or of whatever else it is about.
    #[serde(rename = "database")]
    pub subject: String,
    /// How urgent it is.
    pub severity: Severity,
    /// Where it stands.
    pub state: AlertState,
    /// For how long it has stood there.
    pub since_seconds: f64,
    /// What was found, in words.
    pub message: String,
    /// What was found.
    pub observed: Option<f64>,
    /// What it should not go past.
    pub threshold: f64,
    /// The unit of both: `ms`, `s`, `h`, `%`, `x` for times as much; empty for a count.
    pub unit: &'static str,
    /// Where it is written what to do.
    pub runbook: Option<String>,
}

/// A change of an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Transition {
    /// When.
    #[serde(serialize_with = "timestamp")]
    pub at: SystemTime,
    /// Where the alert stood; `firing` twice for one of which nobody was told because of the cooldown,
    /// and somebody is now.
    pub from: AlertState,
    /// The alert as it is now.
    pub alert: AlertView,
    /// Whether somebody is to be told: that it fires, unless its cooldown says otherwise, and that one is
    /// over of which somebody was told.
    pub is_told: bool,
}

/// The state of all alerts.
#[derive(Debug)]
pub(super) struct Alerts {
    rules: Vec<Rule>,
    episodes: BTreeMap<Key, Episode>,
    growth: Growth,
}

/// The position of a rule, and what it is about.
type Key = (usize, Subject);

impl Alerts {
    pub(super) fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            episodes: BTreeMap::new(),
            growth: Growth::default(),
        }
    }

    /// Returns whether there are no rules.
    pub(super) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Holds a snapshot against the rules and returns what has changed, in the order of the rules and
    /// of the subjects' names. To be called once a second, with a time that does not go back.
    pub(super) fn evaluate(&mut self, now: Instant, snapshot: &Snapshot) -> Vec<Transition> {
        self.growth.note(now, snapshot);
        let mut changes = Vec::new();
        for (position, rule) in self.rules.iter().enumerate() {
            let mut readings = worst(rule, measures::read(rule.measure, snapshot, &self.growth));
            let own = (position, Subject::default())..(position + 1, Subject::default());
            // What is read no more counts as calm.
            for (key, episode) in self.episodes.range_mut(own) {
                let reading = readings.remove(&key.1);
                episode.step(now, rule, reading, &mut changes);
            }
            for (subject, reading) in readings {
                if rule.when.is_past(reading.value, rule.threshold) {
                    let mut episode = Episode::new(now, rule, &subject);
                    episode.step(now, rule, Some(reading), &mut changes);
                    self.episodes.insert((position, subject), episode);
                }
            }
        }
        self.forget(now);
        let transition = |Step {
                              from,
                              alert,
                              is_told,
                          }| Transition {
            at: snapshot.at,
            from,
            alert,
            is_told,
        };
        changes.into_iter().map(transition).collect()
    }

    /// Returns the alerts: those that fire, those that are pending, and those that were over within the
    /// last hour, the newest first in each.
    pub(super) fn views(&self, now: Instant) -> Vec<AlertView> {
        let views = self
            .episodes
            .values()
            .filter_map(|episode| episode.view(now));
        let mut views: Vec<AlertView> = views
            .filter(|view| {
                view.state != AlertState::Resolved || view.since_seconds < KEPT.as_secs_f64()
            })
            .collect();
        let rank = |view: &AlertView| match view.state {
            AlertState::Firing => 0,
            AlertState::Pending => 1,
            _ => 2,
        };
        views.sort_by(|one, other| {
            let by_age = one.since_seconds.total_cmp(&other.since_seconds);
            rank(one).cmp(&rank(other)).then(by_age)
        });
        views
    }

    /// Returns the alerts that fire and of which somebody was told, as they were told.
    pub(super) fn told(&self, now: Instant) -> Vec<Transition> {
        let episodes = self.episodes.values().filter(|episode| episode.is_told());
        let alerts = episodes.filter_map(|episode| episode.view(now));
        let told = alerts.map(|alert| Transition {
            at: SystemTime::now() - Duration::from_secs_f64(alert.since_seconds),
            from: AlertState::Pending,
            alert,
            is_told: true,
        });
        told.collect()
    }

    /// Drops what is over: what nobody needs to know any more, and the oldest of too many.
    fn forget(&mut self, now: Instant) {
        self.episodes.retain(|(position, _), episode| {
            let kept = self.rules[*position].cooldown.max(KEPT);
            episode.is_needed(now, kept)
        });
        let over = |episode: &Episode| episode.over_since();
        let ages = self
            .episodes
            .iter()
            .filter_map(|(key, episode)| Some((over(episode)?, key.clone())));
        let mut ages: Vec<_> = ages.collect();
        if ages.len() > KEPT_COUNT {
            ages.sort_by_key(|(since, _)| Reverse(*since));
            for (_, key) in ages.split_off(KEPT_COUNT) {
                self.episodes.remove(&key);
            }
        }
    }
}

/// Two deployments may have one name: of readings of the same subject the worst counts.
fn worst(rule: &Rule, readings: Vec<Reading>) -> BTreeMap<Subject, Reading> {
    let mut worst: BTreeMap<Subject, Reading> = BTreeMap::new();
    for reading in readings {
        match worst.get(&reading.subject) {
            Some(known) if !rule.when.is_past(reading.value, known.value) => {}
            _ => drop(worst.insert(reading.subject.clone(), reading)),
        }
    }
    worst
}

#[cfg(test)]
mod tests;
