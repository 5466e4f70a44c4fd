//! Who calls most: the busiest tenants of the last minutes, in a room that does not grow with their
//! number.
//!
//! Space-Saving (Metwally, Agrawal, El Abbadi, 2005), in many small tables instead of a large one:
//! a tenant belongs to one table by its hash, and in a full one takes the place of whoever is there
//! with the least, whose sum it inherits: so whoever calls much is not driven out by many who call
//! little. What is shown is a place's own sum, never more than the tenant had; the rest is everybody's.

use std::{
    cmp::Reverse,
    collections::{HashMap, VecDeque},
    hash::BuildHasher,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use foldhash::fast::RandomState;
use sha2::{Digest, Sha256};

/// 256 tables of eight places: 2,048 tenants are counted exactly, or nearly so.
const TABLES: usize = 256;
const PLACES: usize = 8;

/// How many tenants are named.
const NAMED: usize = 50;

/// The past is kept by minutes; the one that grows is a part of the window.
const SECONDS: u32 = 60;
const MINUTES: usize = 5;

/// How tenants are shown in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// By their ids.
    Shown,
    /// By a hash of their ids.
    Hashed,
}

/// What a tenant had of the last five to six minutes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Share {
    /// The name of its database; nothing for all the others together.
    pub tenant: Option<Arc<str>>,
    /// How many calls it made.
    pub calls: u64,
    /// What they took.
    pub elapsed: Duration,
}

impl Share {
    /// Returns the tenant's id, or what stands for it: the first twelve hexadecimal digits of its
    /// SHA-256, and `_other` for the rest.
    pub fn label(&self, names: Names) -> String {
        let Some(database) = self.tenant.as_deref() else {
            return "_other".into();
        };
        let id = database.rsplit_once("__").map_or(database, |(_, id)| id);
        if names == Names::Shown {
            return id.into();
        }
        let digest = Sha256::digest(id);
        let digits = digest.iter().take(6).map(|byte| format!("{byte:02x}"));
        digits.collect()
    }
}

/// Returns the shares of several logical databases as one list, each tenant by what it had of all.
pub(crate) fn merged(all: impl Iterator<Item = Vec<Share>>) -> Vec<Share> {
    let mut sums: HashMap<String, (Arc<str>, Sum)> = HashMap::new();
    let mut rest = Sum::default();
    for share in all.flatten() {
        let sum = Sum {
            calls: share.calls,
            elapsed: share.elapsed,
        };
        match share.tenant.clone() {
            // One tenant has a database in each logical database: its id is what they share.
            Some(tenant) => sums
                .entry(share.label(Names::Shown))
                .or_insert_with(|| (tenant, Sum::default()))
                .1
                .add(sum),
            None => rest.add(sum),
        }
    }
    ranked(sums.into_values(), rest)
}

/// Returns the busiest by name, the busiest first, and the others with the rest.
fn ranked(all: impl Iterator<Item = (Arc<str>, Sum)>, mut rest: Sum) -> Vec<Share> {
    let mut all: Vec<_> = all.collect();
    all.sort_unstable_by_key(|(tenant, sum)| (Reverse(sum.calls), tenant.clone()));
    let unnamed = all.split_off(NAMED.min(all.len()));
    unnamed.iter().for_each(|(_, sum)| rest.add(*sum));
    let named = all.into_iter().map(|(tenant, sum)| sum.share(Some(tenant)));
    let rest = (rest.calls > 0).then(|| rest.share(None));
    named.chain(rest).collect()
}

#[derive(Debug)]
pub(super) struct Tenants {
    hasher: RandomState,
    tables: Box<[Mutex<Table>]>,
    past: Mutex<Past>,
}

/// The places of one table, those in use first.
#[derive(Debug, Default)]
struct Table([Option<Place>; PLACES]);

#[derive(Debug, Clone)]
struct Place {
    tenant: Arc<str>,
    own: Sum,
    inherited: Sum,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    calls: u64,
    elapsed: Duration,
}

#[derive(Debug, Default)]
struct Past {
    seconds: u32,
    /// The whole minutes, and what each had in all.
    minutes: VecDeque<Vec<Place>>,
}

impl Default for Tenants {
    fn default() -> Self {
        Self {
            hasher: RandomState::default(),
            tables: (0..TABLES).map(|_| Mutex::default()).collect(),
            past: Mutex::default(),
        }
    }
}

impl Tenants {
    pub(super) fn record(&self, tenant: &Arc<str>, elapsed: Duration) {
        let at = self.hasher.hash_one(&**tenant) as usize % TABLES;
        lock(&self.tables[at]).record(tenant, elapsed);
    }

    /// To be called once a second.
    pub(super) fn tick(&self) {
        let mut past = lock(&self.past);
        past.seconds = past.seconds.saturating_add(1);
        if !past.seconds.is_multiple_of(SECONDS) {
            return;
        }
        let tables = self.tables.iter();
        let minute = tables.flat_map(|table| mem::take(&mut *lock(table)).0);
        past.minutes.push_back(minute.flatten().collect());
        if past.minutes.len() > MINUTES {
            past.minutes.pop_front();
        }
    }

    pub(super) fn shares(&self) -> Vec<Share> {
        let mut sums: HashMap<Arc<str>, Sum> = HashMap::new();
        let mut rest = Sum::default();
        let mut add = |place: &Place| {
            sums.entry(place.tenant.clone()).or_default().add(place.own);
            rest.add(place.inherited);
        };
        let past = lock(&self.past);
        past.minutes.iter().flatten().for_each(&mut add);
        drop(past);
        for table in &self.tables {
            lock(table).0.iter().flatten().for_each(&mut add);
        }
        ranked(sums.into_iter(), rest)
    }
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.elapsed += other.elapsed;
    }

    fn share(self, tenant: Option<Arc<str>>) -> Share {
        Share {
            tenant,
            calls: self.calls,
            elapsed: self.elapsed,
        }
    }
}

impl Table {
    fn record(&mut self, tenant: &Arc<str>, elapsed: Duration) {
        let own = |place: &&mut Option<Place>| match place {
            Some(place) => place.tenant == *tenant,
            // The first that is free ends the search: nobody is behind it.
            None => true,
        };
        let call = Sum { calls: 1, elapsed };
        if let Some(found) = self.0.iter_mut().find(own) {
            let new = || Place::new(tenant, Sum::default());
            found.get_or_insert_with(new).own.add(call);
            return;
        }
        let least = self.0.iter_mut().flatten();
        if let Some(place) = least.min_by_key(|place| place.own.calls + place.inherited.calls) {
            let mut inherited = place.inherited;
            inherited.add(place.own);
            *place = Place::new(tenant, inherited);
            place.own.add(call);
        }
    }
}

impl Place {
    fn new(tenant: &Arc<str>, inherited: Sum) -> Self {
        Self {
            tenant: tenant.clone(),
            own: Sum::default(),
            inherited,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every critical section leaves the value whole, so a poisoned lock is as good as any.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
