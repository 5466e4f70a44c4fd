//! The series of a logical database, found by where their names lie: a name is a constant of the
//! program, and comparing places is quicker than comparing texts.
//!
//! A hash table that only grows, up to a fixed size, can be read without a lock: a slot is empty or
//! filled once and for all. A map for every use would cost the call more than the counting does.

use std::{hash::Hasher, sync::OnceLock};

use foldhash::fast::FixedState;

use super::series::Series;

/// More than the collections of a large application times the verbs that it uses on each.
const SLOTS: usize = 2_048;
/// How far from its place a series may lie.
const REACH: usize = 32;

/// What stands for operations for which there is no room.
const OTHER: &str = "_other";

/// One operation on one collection. A name that lies in two places has two of these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub(super) collection: &'static str,
    pub(super) operation: &'static str,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    series: Series,
}

#[derive(Debug)]
pub(super) struct Table {
    slots: Box<[OnceLock<Box<Entry>>]>,
    /// For what finds no room.
    other: Box<Entry>,
}

impl Default for Table {
    fn default() -> Self {
        let other = Key {
            collection: OTHER,
            operation: OTHER,
        };
        Self {
            slots: (0..SLOTS).map(|_| OnceLock::new()).collect(),
            other: Box::new(Entry::new(other)),
        }
    }
}

impl Table {
    /// Returns the series of an operation, a new one at its first call.
    pub(super) fn series(&self, key: Key) -> &Series {
        let place = key.hash() as usize;
        for step in 0..REACH {
            let slot = &self.slots[(place + step) % SLOTS];
            let entry = slot.get_or_init(|| Box::new(Entry::new(key)));
            if entry.key.places() == key.places() {
                return &entry.series;
            }
        }
        &self.other.series
    }

    /// Returns all series that were used.
    pub(super) fn all(&self) -> impl Iterator<Item = (Key, &Series)> {
        let used = self.slots.iter().filter_map(|slot| slot.get());
        let all = used.chain(std::iter::once(&self.other));
        all.map(|entry| (entry.key, &entry.series))
    }
}

impl Entry {
    fn new(key: Key) -> Self {
        Self {
            key,
            series: Series::default(),
        }
    }
}

impl Key {
    fn places(self) -> [(usize, usize); 2] {
        [self.collection, self.operation].map(|name| (name.as_ptr() as usize, name.len()))
    }

    fn hash(self) -> u64 {
        use std::hash::BuildHasher;
        let mut hasher = FixedState::default().build_hasher();
        for (place, length) in self.places() {
            hasher.write_usize(place ^ length.rotate_right(8));
        }
        hasher.finish()
    }

    pub(super) fn names(self) -> (&'static str, &'static str) {
        (self.collection, self.operation)
    }
}
