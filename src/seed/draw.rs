//! Draws documents: from a number, a tenant, a seed and an index the same bytes each time.
//!
//! Nothing here is random in any other sense: neither the clock nor the process has a part in it, so that a
//! run that was cut off goes on where it was, and two machines make the same documents.

use std::ops::RangeInclusive;

use mongodb::bson::{DateTime, oid::ObjectId};
use sha2::{Digest, Sha256};

/// The first instant that is drawn: 2024-01-01.
const EPOCH: i64 = 1_704_067_200_000;

/// How many days are drawn from there on.
const DAYS: u64 = 600;

/// The volume seeds of one database: how many documents each has there.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    pub(super) number: u64,
    pub(super) tenant: String,
    pub(super) counts: Vec<(&'static str, u64)>,
}

/// What draws one document.
pub struct Draw<'a> {
    state: u64,
    index: u64,
    shares: &'a Shares,
    /// A seed that was named and draws nothing here.
    pub(super) unknown: Option<String>,
}

impl Shares {
    /// Returns the shares of seeds with these weights, where the average tenant has `documents`.
    ///
    /// Tenants differ, a few much: a tenant's size follows a Pareto distribution (α = 1.5) between 0.37 and
    /// 20 times the average, and depends on nothing but the number and the tenant. Where there is anything, each
    /// seed has a document.
    pub(super) fn new(
        number: u64,
        tenant: &str,
        documents: u64,
        weights: &[(&'static str, u32)],
    ) -> Self {
        let all: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let size = match tenant {
            "" => documents as f64,
            tenant => documents as f64 * factor(number, tenant),
        };
        let least = documents.min(1);
        let share = |weight: u32| {
            let share = size * f64::from(weight) / all.max(1) as f64;
            (share.round() as u64).max(least)
        };
        let counts = weights.iter().map(|(seed, weight)| (*seed, share(*weight)));
        Self {
            number,
            tenant: tenant.to_owned(),
            counts: counts.collect(),
        }
    }

    pub(super) fn count(&self, seed: &str) -> u64 {
        let mut counts = self.counts.iter();
        counts
            .find(|(name, _)| *name == seed)
            .map_or(0, |(_, count)| *count)
    }

    /// Returns the `_id` of a document: those of one seed lie side by side, in the order of the index.
    pub(super) fn id(&self, seed: &str, index: u64) -> ObjectId {
        let mut bytes = [0; 12];
        bytes[..8].copy_from_slice(&self.hash(seed, "_id").to_be_bytes());
        // At most so many are asked for.
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        bytes[8..].copy_from_slice(&index.to_be_bytes());
        ObjectId::from_bytes(bytes)
    }

    fn hash(&self, seed: &str, what: &str) -> u64 {
        hash(self.number, &[&self.tenant, seed, what])
    }

    pub(super) fn draw(&self, seed: &str, index: u64) -> Draw<'_> {
        Draw {
            state: self.hash(seed, "draw") ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            index,
            shares: self,
            unknown: None,
        }
    }
}

impl Draw<'_> {
    /// Returns which document of its seed it is, from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Returns the tenant; empty for a logical database itself.
    pub fn tenant(&self) -> &str {
        &self.shares.tenant
    }

    /// Returns a number between two, both included.
    pub fn between(&mut self, range: RangeInclusive<i64>) -> i64 {
        let (low, high) = range.into_inner();
        let width = u128::from(high.abs_diff(low)) + 1;
        let step = (u128::from(self.next()) * width) >> 64;
        low.saturating_add_unsigned(u64::try_from(step).unwrap_or_default())
    }

    /// Returns one of several.
    ///
    /// # Panics
    /// Where there are none.
    pub fn one_of<'t, T>(&mut self, several: &'t [T]) -> &'t T {
        let last = i64::try_from(several.len()).unwrap_or(i64::MAX) - 1;
        let at = self.between(0..=last.max(0));
        &several[usize::try_from(at).unwrap_or_default()]
    }

    /// Returns an instant of 2024 and the months behind it, to the second.
    pub fn date(&mut self) -> DateTime {
        let seconds = self.between(0..=(DAYS * 86_400) as i64);
        DateTime::from_millis(EPOCH + seconds * 1_000)
    }

    /// Returns the `_id` of one of the documents that another volume seed of the list has in the same database.
    /// Some are named much more often than others.
    pub fn id_of(&mut self, seed: &str) -> ObjectId {
        let count = self.shares.count(seed);
        if count == 0 {
            self.unknown = Some(seed.to_owned());
        }
        let last = i64::try_from(count).unwrap_or(i64::MAX).max(1) - 1;
        let (one, other) = (self.between(0..=last), self.between(0..=last));
        let index = u64::try_from(one.min(other)).unwrap_or_default();
        self.shares.id(seed, index)
    }

    /// SplitMix64: every state gives another number.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Returns how much larger than the average a tenant is. The mean over many tenants is 1.
fn factor(number: u64, tenant: &str) -> f64 {
    let drawn = hash(number, &[tenant, "size"]) >> 11;
    let uniform = (drawn as f64 + 1.0) / (1_u64 << 53) as f64;
    (0.366 * uniform.powf(-1.0 / 1.5)).min(20.0)
}

fn hash(number: u64, parts: &[&str]) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(number.to_le_bytes());
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    first(&hasher.finalize())
}

/// Returns the first 64 bits.
pub(super) fn first(bytes: &[u8]) -> u64 {
    let first = bytes.iter().take(8);
    first.fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_inputs_draw_the_same_and_others_something_else() {
        let shares = |number, tenant: &str| Shares::new(number, tenant, 100, &[("things", 1)]);
        let drawn = |shares: &Shares, index| {
            let mut draw = shares.draw("things", index);
            (
                draw.between(0..=i64::MAX),
                draw.date(),
                shares.id("things", index),
            )
        };

        assert_eq!(drawn(&shares(1, "one"), 7), drawn(&shares(1, "one"), 7));
        for (other, index) in [
            (shares(2, "one"), 7),
            (shares(1, "two"), 7),
            (shares(1, "one"), 8),
        ] {
            assert_ne!(drawn(&shares(1, "one"), 7), drawn(&other, index));
        }
    }

    #[test]
    fn what_is_drawn_stays_the_same_from_release_to_release() {
        let shares = Shares::new(1, "one", 100, &[("things", 1)]);
        let mut draw = shares.draw("things", 0);

        assert_eq!(shares.id("things", 1).to_hex(), "156dc850325dd71700000001");
        assert_eq!(draw.between(0..=999_999), 337_005);
        assert_eq!(shares.count("things"), 107);
    }

    #[test]
    fn tenants_differ_and_are_as_large_as_asked_on_average() {
        let sizes: Vec<u64> = (0..2_000)
            .map(|tenant| Shares::new(1, &format!("t{tenant}"), 1_000, &[("a", 3), ("b", 1)]))
            .map(|shares| shares.count("a") + shares.count("b"))
            .collect();
        let mean = sizes.iter().sum::<u64>() / 2_000;

        assert!((800..1_200).contains(&mean), "{mean}");
        assert!(*sizes.iter().max().unwrap() > 5_000);
        assert!(*sizes.iter().min().unwrap() < 500);
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_them() {
        let shares = Shares::new(1, "", 100, &[("things", 1)]);
        let mut draw = shares.draw("things", 0);
        let drawn: Vec<i64> = (0..1_000).map(|_| draw.between(-2..=2)).collect();

        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert_eq!(shares.count("things"), 100);
        draw.id_of("things");
        assert_eq!(draw.unknown, None);
        draw.id_of("none");
        assert_eq!(draw.unknown.as_deref(), Some("none"));
    }
}
