//! What retries may cost a deployment: a bucket of tokens that calls fill and retries empty.
//!
//! With each call that succeeds paying one token and each retry costing five, retries add at most a
//! fifth to what is offered, however long a fault lasts. All databases of a deployment share one.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// What a retry costs, in successful calls.
pub(super) const COST: u32 = 5;

/// Retries a second that are paid for where nothing succeeds: without them a quiet service could not
/// get up again.
const FLOOR: f64 = 2.0;

#[derive(Debug)]
pub(crate) struct Budget {
    capacity: u32,
    tokens: AtomicU32,
    filled: Mutex<Instant>,
}

impl Budget {
    /// Returns a full bucket.
    pub(crate) fn new(capacity: u32) -> Self {
        Self {
            capacity,
            tokens: AtomicU32::new(capacity),
            filled: Mutex::new(Instant::now()),
        }
    }

    /// A call succeeded.
    pub(super) fn deposit(&self) {
        // Full in all quiet times: then nothing is written that others read.
        if self.tokens.load(Ordering::Relaxed) < self.capacity {
            self.add(1);
        }
    }

    /// Pays for a retry, if there is enough.
    pub(super) fn withdraw(&self, now: Instant) -> bool {
        self.fill(now);
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(COST)
            })
            .is_ok()
    }

    fn fill(&self, now: Instant) {
        let mut filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = now.saturating_duration_since(*filled).as_secs_f64();
        let due = (elapsed * FLOOR * f64::from(COST)) as u32;
        // What is less than a token is left to grow.
        *filled += Duration::from_secs_f64(f64::from(due) / (FLOOR * f64::from(COST)));
        if due > 0 {
            self.add(due);
        }
    }

    fn add(&self, more: u32) {
        let capped = |tokens: u32| Some(tokens.saturating_add(more).min(self.capacity));
        // It never fails: `capped` always gives a value.
        let _ = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, capped);
    }

    /// Returns the tokens that are left.
    pub(super) fn tokens(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Returns the most tokens that it holds.
    pub(super) fn capacity(&self) -> u32 {
        self.capacity
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn retries_add_at_most_a_fifth_to_what_succeeds_once_the_reserve_is_spent() {
        for seed in 0..200 {
            let mut random = StdRng::seed_from_u64(seed);
            let budget = Budget::new(500);
            let now = Instant::now();
            let (mut successes, mut retries) = (0_u32, 0_u32);
            for _ in 0..20_000 {
                if random.random_bool(0.6) {
                    budget.deposit();
                    successes += 1;
                } else if budget.withdraw(now) {
                    retries += 1;
                }
                assert!(budget.tokens() <= 500);
            }
            assert!(retries <= 500 / COST + successes / COST, "seed {seed}");
            assert!(retries >= successes / COST, "seed {seed}");
        }
    }

    #[test]
    fn where_nothing_succeeds_two_retries_a_second_are_left() {
        let budget = Budget::new(500);
        let mut now = Instant::now();
        while budget.withdraw(now) {}

        let mut retries = 0;
        for _ in 0..100 {
            now += Duration::from_millis(100);
            retries += u32::from(budget.withdraw(now));
        }

        assert!((18..=20).contains(&retries), "{retries} in 10 s");
    }

    #[test]
    fn what_is_less_than_a_token_is_not_lost() {
        let budget = Budget::new(500);
        let mut now = Instant::now();
        while budget.withdraw(now) {}

        let mut retries = 0;
        for _ in 0..100 {
            now += Duration::from_millis(190);
            retries += u32::from(budget.withdraw(now));
        }

        assert!((36..=38).contains(&retries), "{retries} in 19 s");
    }

    #[test]
    fn without_capacity_nothing_is_paid() {
        let budget = Budget::new(0);
        budget.deposit();

        assert!(!budget.withdraw(Instant::now() + Duration::from_secs(60)));
    }
}
