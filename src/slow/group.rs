//! The calls of one shape, and the room for all of them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};

use histogram::Histogram32;
use tokio::time::Instant;

use super::Finding;

/// How many shapes of a logical database are kept.
pub(super) const SHAPES: usize = 200;
/// A shape that was not slow for so long gives its place to a new one where all are taken.
const QUIET: Duration = Duration::from_secs(60 * 60);

/// A shape is logged at most once in so long.
const LINE: Duration = Duration::from_secs(60);
/// A shape is explained at most once in so long.
const EXPLAINED: Duration = Duration::from_secs(10 * 60);

/// What stands for shapes for which there is no room.
const OTHER: &str = "_other";

/// Times are counted in tenths of a millisecond, in buckets 1/32 wide, up to 27 minutes.
const TICK: Duration = Duration::from_micros(100);
const GROUPING: u8 = 5;
const LARGEST: u8 = 24;

/// One operation of one shape.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) collection: &'static str,
    pub(super) operation: &'static str,
    pub(super) shape: Arc<str>,
}

/// How often one operation on one collection was slow since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowCalls {
    /// The collection.
    pub collection: &'static str,
    /// The verb, such as `find`.
    pub operation: &'static str,
    /// How often.
    pub calls: u64,
}

/// The slow calls of one shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) collection: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) shape: Arc<str>,
    pub(crate) count: u64,
    /// Within 2 %.
    pub(crate) p95: Duration,
    pub(crate) max: Duration,
    pub(crate) last: SystemTime,
    pub(crate) finding: Option<Finding>,
}

/// What is to be done about a call that was just counted.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Whether it is to be logged: how many calls of its shape there were since the last time.
    pub(super) line: Option<u64>,
    /// Whether it may be explained.
    pub(super) explain: bool,
}

#[derive(Default)]
pub(super) struct Room {
    groups: HashMap<Key, Group>,
    other: Option<Group>,
    counts: BTreeMap<(&'static str, &'static str), u64>,
}

struct Group {
    count: u64,
    times: Histogram32,
    max: Duration,
    last: (SystemTime, Instant),
    logged: Option<Instant>,
    since_logged: u64,
    asked: Option<Instant>,
    finding: Option<Finding>,
}

impl Room {
    pub(super) fn note(&mut self, key: Key, elapsed: Duration) -> Due {
        let now = Instant::now();
        *self
            .counts
            .entry((key.collection, key.operation))
            .or_default() += 1;
        if self.groups.len() >= SHAPES && !self.groups.contains_key(&key) {
            self.make_room(now);
        }
        let is_full = self.groups.len() >= SHAPES && !self.groups.contains_key(&key);
        let group = match is_full {
            true => self.other.get_or_insert_with(|| Group::new(now)),
            false => self.groups.entry(key).or_insert_with(|| Group::new(now)),
        };
        group.note(elapsed, now);
        Due {
            line: group.line(now),
            explain: !is_full && group.explain(now),
        }
    }

    /// Gives up the shape that was slow the longest time ago, where that is long.
    fn make_room(&mut self, now: Instant) {
        let oldest = self.groups.iter().min_by_key(|(_, group)| group.last.1);
        let Some((key, _)) = oldest.filter(|(_, group)| now - group.last.1 >= QUIET) else {
            return;
        };
        let key = key.clone();
        if let Some(gone) = self.groups.remove(&key) {
            let other = self.other.get_or_insert_with(|| Group::new(now));
            other.take(&gone);
        }
    }

    pub(super) fn found(&mut self, key: &Key, finding: Finding) {
        if let Some(group) = self.groups.get_mut(key) {
            group.finding = Some(finding);
        }
    }

    /// Lets the next slow call be explained: this one was not.
    pub(super) fn unasked(&mut self, key: &Key) {
        if let Some(group) = self.groups.get_mut(key) {
            group.asked = None;
        }
    }

    pub(super) fn counts(&self) -> Vec<SlowCalls> {
        let counts = self.counts.iter();
        counts
            .map(|(&(collection, operation), &calls)| SlowCalls {
                collection,
                operation,
                calls,
            })
            .collect()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        let own = self.groups.iter().map(|(key, group)| group.seen(key));
        let other = self.other.iter().map(|group| {
            group.seen(&Key {
                collection: OTHER,
                operation: OTHER,
                shape: Arc::from(OTHER),
            })
        });
        own.chain(other).collect()
    }
}

impl Group {
    fn new(now: Instant) -> Self {
        #[expect(clippy::expect_used, reason = "the powers are constants that fit")]
        let times = Histogram32::new(GROUPING, LARGEST).expect("the powers fit");
        Self {
            count: 0,
            times,
            max: Duration::ZERO,
            last: (SystemTime::now(), now),
            logged: None,
            since_logged: 0,
            asked: None,
            finding: None,
        }
    }

    fn note(&mut self, elapsed: Duration, now: Instant) {
        self.count += 1;
        self.since_logged += 1;
        self.max = self.max.max(elapsed);
        self.last = (SystemTime::now(), now);
        let ticks = u64::try_from(elapsed.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX);
        // It fails beyond the last bucket only.
        let _ = self.times.increment(ticks.min((1 << LARGEST) - 1));
    }

    fn line(&mut self, now: Instant) -> Option<u64> {
        if self.logged.is_some_and(|logged| now - logged < LINE) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.since_logged))
    }

    fn explain(&mut self, now: Instant) -> bool {
        let is_due = self.asked.is_none_or(|asked| now - asked >= EXPLAINED);
        if is_due {
            self.asked = Some(now);
        }
        is_due
    }

    /// Takes over what another one counted.
    fn take(&mut self, gone: &Self) {
        self.count += gone.count;
        self.max = self.max.max(gone.max);
        self.last = self.last.max(gone.last);
        // It fails where the layouts differ only, and there is one.
        let _ = self.times.checked_add_assign(&gone.times);
    }

    fn seen(&self, key: &Key) -> Seen {
        let bucket = self.times.quantile_bucket(0.95).ok().flatten();
        let middle = |range: std::ops::RangeInclusive<u64>| (range.start() + range.end()) / 2;
        let ticks = bucket.map_or(0, |bucket| middle(bucket.range()));
        let p95 = Duration::from_nanos(ticks.saturating_mul(TICK.as_nanos() as u64));
        Seen {
            collection: key.collection,
            operation: key.operation,
            shape: key.shape.clone(),
            count: self.count,
            p95: p95.min(self.max),
            max: self.max,
            last: self.last.0,
            finding: self.finding.clone(),
        }
    }
}
