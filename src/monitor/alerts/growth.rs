//! Counters that only grow, as what they grew by in the last minute.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use super::Snapshot;
use crate::{config::Measure, meter::Outcome};

const WINDOW: Duration = Duration::from_secs(60);

/// What each counter had at each second of the last minute.
#[derive(Debug, Default)]
pub(super) struct Growth(BTreeMap<(Measure, &'static str), VecDeque<(Instant, u64)>>);

impl Growth {
    /// Takes note of the counters. Before the first time they were zero: they begin with the process.
    pub(super) fn note(&mut self, now: Instant, snapshot: &Snapshot) {
        for database in &snapshot.databases {
            let all = |outcome| -> u64 {
                let operations = database.operations.iter();
                operations.map(|one| one.outcomes.of(outcome)).sum()
            };
            for (measure, total) in [
                (Measure::AmbiguousWrites, all(Outcome::Ambiguous)),
                (Measure::CircuitOpen, all(Outcome::Rejected)),
                (Measure::ForcedDrops, database.counts.forced_drops),
                (
                    Measure::UnclassifiedErrors,
                    database.counts.unclassified_errors,
                ),
            ] {
                self.push((measure, database.name), now, total);
            }
        }
    }

    fn push(&mut self, key: (Measure, &'static str), now: Instant, total: u64) {
        let seconds = self
            .0
            .entry(key)
            .or_insert_with(|| VecDeque::from([(now, 0)]));
        seconds.push_back((now, total));
        // The first one that is kept is the last before the window, or its start.
        while seconds
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW)
        {
            seconds.pop_front();
        }
    }

    /// Returns by how much a counter of a logical database grew in the last minute.
    pub(super) fn of(&self, measure: Measure, database: &'static str) -> u64 {
        let seconds = self.0.get(&(measure, database));
        let ends = seconds.and_then(|seconds| Some((seconds.front()?.1, seconds.back()?.1)));
        ends.map_or(0, |(first, last)| last.saturating_sub(first))
    }
}
