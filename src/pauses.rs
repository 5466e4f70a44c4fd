//! Growing pauses with jitter, so that many who wait do not return together.
//!
//! The one place of `backoff`: it supplies intervals only. It is unmaintained (RUSTSEC-2025-0012), has
//! no limit of attempts, and looks at the time between them only.

use std::time::Duration;

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff};

/// Pauses without end, each about twice the one before.
pub(crate) struct Pauses(ExponentialBackoff);

impl Pauses {
    /// Returns pauses anywhere between nothing and an interval that begins at `first` and grows to
    /// `longest`: full jitter.
    pub(crate) fn full_jitter(first: Duration, longest: Duration) -> Self {
        // The crate spreads around the interval: half of it, spread by all of it, is from nothing to it.
        Self::new(first / 2, longest / 2, 1.0)
    }

    /// Returns pauses between half of and one and a half times an interval that begins at `first` and
    /// grows to `longest`.
    pub(crate) fn around(first: Duration, longest: Duration) -> Self {
        Self::new(first, longest, 0.5)
    }

    /// Returns pauses of an interval, give or take a tenth.
    pub(crate) fn tenth(interval: Duration) -> Self {
        Self::new(interval, interval, 0.1)
    }

    fn new(first: Duration, longest: Duration, spread: f64) -> Self {
        let builder = ExponentialBackoffBuilder::new()
            .with_initial_interval(first.min(longest))
            .with_max_interval(longest)
            .with_multiplier(2.0)
            .with_randomization_factor(spread)
            .with_max_elapsed_time(None)
            .build();
        Self(builder)
    }

    /// Returns the next pause.
    pub(crate) fn pause(&mut self) -> Duration {
        self.0.next_backoff().unwrap_or_default()
    }

    /// Begins anew with the first interval.
    pub(crate) fn reset(&mut self) {
        self.0.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn pauses_stay_within_their_jitter_and_grow_to_the_longest() {
        for _ in 0..1_000 {
            let mut full = Pauses::full_jitter(MS(25), MS(100));
            for limit in [25, 50, 100, 100, 100] {
                assert!(full.pause() <= MS(limit));
            }
            let mut around = Pauses::around(MS(1_000), MS(2_000));
            for interval in [1_000, 2_000, 2_000] {
                let pause = around.pause();
                assert!(
                    pause >= MS(interval) / 2 && pause <= MS(interval) * 3 / 2,
                    "{pause:?}"
                );
            }
        }
    }

    #[test]
    fn full_jitter_spreads_over_the_whole_interval() {
        let pauses: Vec<_> = (0..1_000)
            .map(|_| Pauses::full_jitter(MS(100), MS(100)).pause())
            .collect();

        for quarter in 0..4 {
            let (from, to) = (MS(quarter * 25), MS((quarter + 1) * 25));
            let within = pauses
                .iter()
                .filter(|pause| (from..to).contains(*pause))
                .count();
            assert!(
                (150..350).contains(&within),
                "{within} of 1000 in quarter {quarter}"
            );
        }
    }
}
