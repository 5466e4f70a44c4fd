//! One alert from its first second to its end, and until it is forgotten.

use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;

use super::{
    AlertState, AlertView,
    measures::{Reading, Subject},
};
use crate::config::Rule;

/// An alert's life.
#[derive(Debug)]
pub(super) struct Episode {
    state: AlertState,
    /// Since when it has been in this state.
    since: Instant,
    /// While it fires: since when its reading has been back.
    calm_since: Option<Instant>,
    /// Whether somebody was told that it fires.
    is_told: bool,
    /// When somebody was last told that it, or the one before it, fires.
    told_at: Option<Instant>,
    alert: AlertView,
    /// The one before it, which is shown again where this one never fires.
    before: Option<Box<(Instant, AlertView)>>,
}

/// A change of state, or the news that had to wait.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) from: AlertState,
    pub(super) alert: AlertView,
    pub(super) is_told: bool,
}

impl Episode {
    /// Returns one that has not begun.
    pub(super) fn new(now: Instant, rule: &Rule, subject: &Subject) -> Self {
        Self {
            state: AlertState::Inactive,
            since: now,
            calm_since: None,
            is_told: false,
            told_at: None,
            alert: AlertView {
                id: String::new(),
                rule: rule.id.clone(),
                kind: subject.kind.clone(),
                subject: subject.name.clone(),
                severity: rule.severity,
                state: AlertState::Inactive,
                since_seconds: 0.0,
                message: String::new(),
                observed: None,
                threshold: rule.threshold,
                unit: "",
                runbook: rule.runbook.clone(),
            },
            before: None,
        }
    }

    /// Takes a second's reading; nothing was read where the subject is gone or cannot be looked at.
    pub(super) fn step(
        &mut self,
        now: Instant,
        rule: &Rule,
        reading: Option<Reading>,
        changes: &mut Vec<Step>,
    ) {
        let value = reading.as_ref().map(|reading| reading.value);
        let is_past = value.is_some_and(|value| rule.when.is_past(value, rule.threshold));
        if is_past && matches!(self.state, AlertState::Inactive | AlertState::Resolved) {
            self.begin(now, reading, changes);
        } else if self.state != AlertState::Resolved {
            self.take(reading);
        }
        match (self.state, is_past) {
            (AlertState::Pending, true) => self.ripen(now, rule, changes),
            (AlertState::Pending, false) => self.withdraw(now, changes),
            (AlertState::Firing, true) => {
                self.calm_since = None;
                if !self.is_told {
                    self.tell(now, rule, changes);
                }
            }
            (AlertState::Firing, false) => self.calm(now, rule, changes),
            _ => {}
        }
    }

    fn begin(&mut self, now: Instant, reading: Option<Reading>, changes: &mut Vec<Step>) {
        if self.state == AlertState::Resolved {
            self.before = Some(Box::new((self.since, self.alert.clone())));
        }
        self.alert.id = ObjectId::new().to_hex();
        self.is_told = false;
        self.calm_since = None;
        // A new one begins from nothing, whatever was before it.
        self.state = AlertState::Inactive;
        self.take(reading);
        self.enter(AlertState::Pending, now, false, changes);
    }

    /// Fires once it has been pending for long enough.
    fn ripen(&mut self, now: Instant, rule: &Rule, changes: &mut Vec<Step>) {
        if now.duration_since(self.since) < rule.fires_after {
            return;
        }
        self.before = None;
        if self.is_cool(now, rule) {
            self.is_told = true;
            self.told_at = Some(now);
        }
        self.enter(AlertState::Firing, now, self.is_told, changes);
    }

    /// Never fired: as if it had not been.
    fn withdraw(&mut self, now: Instant, changes: &mut Vec<Step>) {
        self.enter(AlertState::Inactive, now, false, changes);
        if let Some(before) = self.before.take() {
            (self.since, self.alert) = *before;
            self.state = AlertState::Resolved;
        }
    }

    fn calm(&mut self, now: Instant, rule: &Rule, changes: &mut Vec<Step>) {
        let since = *self.calm_since.get_or_insert(now);
        if now.duration_since(since) >= rule.clears_after {
            self.enter(AlertState::Resolved, now, self.is_told, changes);
        }
    }

    /// Tells that it still fires, where that had to wait and need not any more.
    fn tell(&mut self, now: Instant, rule: &Rule, changes: &mut Vec<Step>) {
        if !self.is_cool(now, rule) {
            return;
        }
        self.is_told = true;
        self.told_at = Some(now);
        changes.push(Step {
            from: AlertState::Firing,
            alert: self.shown(now),
            is_told: true,
        });
    }

    fn is_cool(&self, now: Instant, rule: &Rule) -> bool {
        let told_at = self.told_at;
        told_at.is_none_or(|told_at| now.duration_since(told_at) >= rule.cooldown)
    }

    fn enter(&mut self, state: AlertState, now: Instant, is_told: bool, changes: &mut Vec<Step>) {
        let from = self.state;
        (self.state, self.since) = (state, now);
        self.alert.state = state;
        changes.push(Step {
            from,
            alert: self.shown(now),
            is_told,
        });
    }

    fn take(&mut self, reading: Option<Reading>) {
        match reading {
            Some(reading) => {
                self.alert.message = reading.message;
                self.alert.observed = Some(reading.value);
                self.alert.unit = reading.unit;
            }
            None => {
                self.alert.message = format!(
                    "there is no reading of `{}` any more: it is too quiet, or gone",
                    self.alert.subject
                );
                self.alert.observed = None;
            }
        }
    }

    fn shown(&self, now: Instant) -> AlertView {
        AlertView {
            since_seconds: now.saturating_duration_since(self.since).as_secs_f64(),
            ..self.alert.clone()
        }
    }

    /// Returns it as it is shown; one that is inactive is not.
    pub(super) fn view(&self, now: Instant) -> Option<AlertView> {
        (self.state != AlertState::Inactive).then(|| self.shown(now))
    }

    /// Returns whether it fires and somebody was told.
    pub(super) fn is_told(&self) -> bool {
        self.is_told && self.state == AlertState::Firing
    }

    /// Returns since when it has been over, if it is.
    pub(super) fn over_since(&self) -> Option<Instant> {
        (self.state == AlertState::Resolved).then_some(self.since)
    }

    /// Returns whether it may still be shown, or its cooldown goes on.
    pub(super) fn is_needed(&self, now: Instant, kept: Duration) -> bool {
        match self.state {
            AlertState::Inactive => false,
            AlertState::Resolved => now.saturating_duration_since(self.since) < kept,
            _ => true,
        }
    }
}
