//! One thing that is looked at again and again, and when it counts as amiss.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{
    Status,
    limit::{LIMITS, Limit, Side},
};

/// How much of the way back a value must go before it counts as back.
const MARGIN: f64 = 0.1;

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckStatus {
    /// All is well.
    Up,
    /// Something is amiss.
    Degraded,
    /// It does not work, or is far past its limit.
    Down,
    /// Nobody has looked, or not lately.
    Unknown,
    /// It cannot be looked at here: a privilege is missing, or there is no such thing.
    Unsupported,
}

impl CheckStatus {
    /// Returns the word for it: `up`, `degraded`, `down`, `unknown` or `unsupported`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
            Self::Unknown => "unknown",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What one look found. A reason holds no secret and no document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Finding {
    Fine,
    /// A number for the check's limits to judge, and what it is of.
    Value(f64, String),
    /// It works, and something is amiss.
    Amiss(String),
    /// It does not work.
    Broken(String),
    /// It cannot be looked at.
    Unsupported(String),
}

/// A check as it was last seen.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CheckSnapshot {
    /// Its name, such as `ping`.
    pub name: &'static str,
    /// How it stands.
    pub status: CheckStatus,
    /// What was found, where it is a number.
    pub observed: Option<f64>,
    /// What it should not go past: the limit that it is past, else that from where on it is degraded.
    pub threshold: Option<f64>,
    /// The unit of both; empty for a count.
    pub unit: &'static str,
    /// Why it is not up.
    pub message: Option<String>,
    /// How long ago it was looked at.
    pub age: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Fine,
    Degraded,
    Down,
}

/// One check's memory.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    name: &'static str,
    limit: Option<Limit>,
    /// Older findings say nothing any more.
    stale_after: Option<Duration>,
    found: Option<(Finding, Instant)>,
    recent: VecDeque<f64>,
    level: Level,
    worse_since: Option<Instant>,
    better_since: Option<Instant>,
}

impl Check {
    /// Returns a check, unknown until something was found. A value is judged by the limit of its name.
    pub(crate) fn new(name: &'static str, limits: &[Limit]) -> Self {
        let named = |limit: &&Limit| limit.check == name;
        let limit = limits.iter().find(named);
        Self {
            name,
            limit: limit.or_else(|| LIMITS.iter().find(named)).copied(),
            stale_after: None,
            found: None,
            recent: VecDeque::new(),
            level: Level::Fine,
            worse_since: None,
            better_since: None,
        }
    }

    /// Returns the check, unknown again once nothing was found for that long.
    pub(crate) fn stale_after(mut self, limit: Duration) -> Self {
        self.stale_after = Some(limit);
        self
    }

    /// Takes note of what one look found.
    pub(crate) fn note(&mut self, finding: Finding, now: Instant) {
        let finding = match (finding, self.limit) {
            (Finding::Value(value, of), Some(limit)) => {
                let value = self.smooth(value, limit.samples);
                self.judge(value, &limit, now);
                Finding::Value(value, of)
            }
            (other, _) => {
                self.recent.clear();
                (self.level, self.worse_since, self.better_since) = (Level::Fine, None, None);
                other
            }
        };
        self.found = Some((finding, now));
    }

    /// Returns the 95th percentile of the last values; of few of them the greatest but one, so that one alone
    /// is not what 95 % are.
    fn smooth(&mut self, value: f64, samples: usize) -> f64 {
        self.recent.push_back(value);
        while self.recent.len() > samples.max(1) {
            self.recent.pop_front();
        }
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let most = sorted.len().saturating_sub(1).max(1);
        let rank = (sorted.len() * 95).div_ceil(100).min(most);
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(value)
    }

    /// Enters a level when the value has been past it for `hold`, and leaves it when the value has been
    /// back by the margin for twice as long.
    fn judge(&mut self, value: f64, limit: &Limit, now: Instant) {
        let (strict, lenient) = (level(value, limit, 0.0), level(value, limit, MARGIN));
        let held = |since: &mut Option<Instant>, is_so: bool, hold: Duration| {
            *since = is_so.then(|| since.unwrap_or(now));
            since.is_some_and(|since| now.duration_since(since) >= hold)
        };
        let enters = held(&mut self.worse_since, strict > self.level, limit.hold);
        let leaves = held(&mut self.better_since, lenient < self.level, limit.hold * 2);
        if enters {
            self.level = strict;
        } else if leaves {
            self.level = lenient;
        }
        if enters || leaves {
            (self.worse_since, self.better_since) = (None, None);
        }
    }

    /// Returns what it makes of the part that it belongs to: a value past a limit degrades, what is broken
    /// is down, what cannot be looked at says nothing.
    pub(super) fn verdict(&self, now: Instant) -> Status {
        let is_stale = |at: &Instant| {
            self.stale_after
                .is_some_and(|limit| now.duration_since(*at) > limit)
        };
        match &self.found {
            None => Status::Unknown,
            Some((_, at)) if is_stale(at) => Status::Unknown,
            Some((Finding::Broken(_), _)) => Status::Down,
            Some((Finding::Amiss(_), _)) => Status::Degraded,
            Some((Finding::Value(..), _)) if self.level > Level::Fine => Status::Degraded,
            Some(_) => Status::Up,
        }
    }

    pub(super) fn snapshot(&self, now: Instant) -> CheckSnapshot {
        let blank = CheckSnapshot {
            name: self.name,
            status: CheckStatus::Unknown,
            observed: None,
            threshold: self.limit.map(|limit| limit.degraded),
            unit: self.limit.map_or("", |limit| limit.unit),
            message: None,
            age: Duration::ZERO,
        };
        let Some((found, at)) = &self.found else {
            return blank;
        };
        let age = now.duration_since(*at);
        if self.stale_after.is_some_and(|limit| age > limit) {
            return CheckSnapshot { age, ..blank };
        }
        let (status, message) = match found {
            Finding::Fine => (CheckStatus::Up, None),
            Finding::Amiss(reason) => (CheckStatus::Degraded, Some(reason.clone())),
            Finding::Broken(reason) => (CheckStatus::Down, Some(reason.clone())),
            Finding::Unsupported(reason) => (CheckStatus::Unsupported, Some(reason.clone())),
            Finding::Value(value, of) => return self.valued(*value, of, age, blank),
        };
        CheckSnapshot {
            status,
            message,
            age,
            ..blank
        }
    }

    fn valued(&self, value: f64, of: &str, age: Duration, blank: CheckSnapshot) -> CheckSnapshot {
        let past = |limit: &Limit| match self.level {
            Level::Fine => (CheckStatus::Up, limit.degraded),
            Level::Degraded => (CheckStatus::Degraded, limit.degraded),
            Level::Down => (CheckStatus::Down, limit.down),
        };
        let (status, threshold) = match self.limit.as_ref().map(past) {
            Some((status, threshold)) => (status, Some(threshold)),
            None => (CheckStatus::Up, None),
        };
        let amiss = self.limit.filter(|_| self.level > Level::Fine);
        let message = amiss.map(|limit| told(value, of, threshold.unwrap_or_default(), &limit));
        CheckSnapshot {
            status,
            observed: Some(value),
            threshold,
            message,
            age,
            ..blank
        }
    }
}

fn told(value: f64, of: &str, threshold: f64, limit: &Limit) -> String {
    let side = match limit.side {
        Side::Above => "at most",
        Side::Below => "at least",
    };
    let unit = limit.unit;
    let value = (value * 10.0).round() / 10.0;
    format!("{of}: {value} {unit}, should be {side} {threshold} {unit}")
}

/// Returns the level of a value, with limits that are stricter by a share.
fn level(value: f64, limit: &Limit, margin: f64) -> Level {
    let past = |threshold: f64| match limit.side {
        Side::Above => value > threshold * (1.0 - margin),
        Side::Below => value < threshold * (1.0 + margin),
    };
    match () {
        () if past(limit.down) => Level::Down,
        () if past(limit.degraded) => Level::Degraded,
        () => Level::Fine,
    }
}

#[cfg(test)]
mod tests;
