//! A point a second, for charts that begin with what was.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use serde::Serialize;

use super::view::timestamp;
use crate::{meter::Window, orchestrator::Connection};

/// Fifteen minutes.
const POINTS: usize = 900;

/// A second of one logical database.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Point {
    /// Its end.
    #[serde(serialize_with = "timestamp")]
    pub at: SystemTime,
    /// Calls that ended in it.
    pub per_second: f64,
    /// Those that count as errors.
    pub errors_per_second: f64,
    /// The time that half of them did not exceed, in milliseconds; nothing where none ended.
    pub p50_ms: Option<f64>,
    /// That of 99 of a hundred.
    pub p99_ms: Option<f64>,
    /// Calls under way at its end.
    pub in_use: usize,
}

#[derive(Default)]
pub(super) struct History(Mutex<BTreeMap<&'static str, VecDeque<Point>>>);

impl History {
    pub(super) fn note(&self, connection: &Connection, second: &Window) {
        let point = Point {
            at: SystemTime::now(),
            per_second: second.calls as f64,
            errors_per_second: second.errors as f64,
            p50_ms: second.p50_ms,
            p99_ms: second.p99_ms,
            in_use: connection.guard.state().load.in_use,
        };
        let mut points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = points.entry(connection.declared.name).or_default();
        own.push_back(point);
        if own.len() > POINTS {
            own.pop_front();
        }
    }

    pub(super) fn all(&self) -> Vec<(&'static str, Vec<Point>)> {
        let points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = points
            .iter()
            .map(|(name, points)| (*name, points.iter().cloned().collect()));
        all.collect()
    }

    pub(super) fn last(&self, database: &str) -> Option<Point> {
        let points = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        points.get(database)?.back().cloned()
    }
}
