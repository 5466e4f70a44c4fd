//! What calls cost: counts, latencies and their shares, of every call, by collection and operation.
//!
//! The guard tells of each call once; whoever shows figures reads them. It knows nothing of either:
//! no guard, no server, no format.

mod outcome;
mod past;
mod pool;
mod series;
mod table;
mod tenants;
mod window;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use self::{
    outcome::Outcome,
    pool::PoolState,
    series::{BUCKETS, Totals},
    tenants::{Names, Share},
    window::{Span, Window},
};
use self::{
    past::Past,
    table::{Key, Table},
    tenants::Tenants,
};
pub(crate) use self::{pool::Pool, tenants::merged};

/// A call that has ended.
pub(crate) struct Call<'a> {
    pub(crate) collection: &'static str,
    pub(crate) operation: &'static str,
    /// The name of the tenant's database, where it is a tenant's call.
    pub(crate) tenant: Option<&'a Arc<str>>,
    pub(crate) outcome: Outcome,
    /// From its first step to its end.
    pub(crate) elapsed: Duration,
    /// Of that: waiting for a place among the calls under way.
    pub(crate) waiting: Duration,
    /// Of that: in the driver.
    pub(crate) driver: Duration,
    /// How often it was sent again by us.
    pub(crate) retries: u32,
}

/// The meter of one logical database. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Meter(Arc<Inner>);

#[derive(Default)]
struct Inner {
    series: Table,
    tenants: Tenants,
    past: Mutex<Past>,
}

/// The figures of one operation on one collection.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The collection.
    pub collection: &'static str,
    /// The verb, such as `find_one`.
    pub operation: &'static str,
    /// Since the start.
    pub totals: Totals,
    /// How many calls since the start took no longer than each of [`BUCKETS`], within 2 %.
    pub buckets: [u64; BUCKETS.len()],
    /// How many calls these are made of: those that were not rejected.
    pub latencies: u64,
    /// Over the last minutes, in the order of [`Span::ALL`].
    pub windows: [Window; 3],
}

impl Meter {
    /// Takes note of a call.
    pub(crate) fn record(&self, call: &Call<'_>) {
        let key = Key {
            collection: call.collection,
            operation: call.operation,
        };
        self.0.series.series(key).record(call);
        if let Some(tenant) = call.tenant {
            self.0.tenants.record(tenant, call.elapsed);
        }
    }

    /// Moves what was recorded since the last time into the past. To be called once a second: the
    /// windows count these calls as seconds.
    pub(crate) fn tick(&self) {
        self.past().tick(&self.0.series);
        self.0.tenants.tick();
    }

    /// Returns the figures of each operation on each collection up to the last tick, sorted by their
    /// names.
    pub(crate) fn measured(&self) -> Vec<Measured> {
        self.past().measured()
    }

    /// Returns the figures of all calls over the last minutes, in the order of [`Span::ALL`].
    pub(crate) fn windows(&self) -> [Window; 3] {
        self.past().windows()
    }

    /// Returns the figures of all calls of the last whole second.
    pub(crate) fn second(&self) -> Window {
        self.past().second()
    }

    /// Returns what each of the busiest tenants had of the last five minutes, the busiest first, and the
    /// rest as one.
    pub(crate) fn tenants(&self) -> Vec<Share> {
        self.0.tenants.shares()
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.0.past.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
