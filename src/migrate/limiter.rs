//! How many targets are worked on at once: more while the deployment answers as fast as it did, fewer
//! when it does not (additive increase, multiplicative decrease).

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

/// Where it begins and ends.
const FIRST: usize = 2;
const MOST: usize = 16;

/// Slower than this times the best, and fewer are worked on.
const SLOWER: f64 = 2.5;

/// The permits of a run.
pub(super) struct Limiter {
    state: Mutex<State>,
    freed: Notify,
}

struct State {
    limit: usize,
    most: usize,
    taken: usize,
    /// The best time per migration of any window, in seconds.
    best: f64,
    /// Sum and number of the times of the current window.
    window: (f64, usize),
}

/// The permit to work on one target.
pub(super) struct Permit<'a>(&'a Limiter);

impl Limiter {
    pub(super) fn new(fixed: Option<usize>) -> Self {
        let (limit, most) = fixed.map_or((FIRST, MOST), |fixed| (fixed, fixed));
        let state = State {
            limit,
            most,
            taken: 0,
            best: f64::INFINITY,
            window: (0.0, 0),
        };
        Self {
            state: Mutex::new(state),
            freed: Notify::new(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many there are ever at once.
    pub(super) fn most(&self) -> usize {
        self.state().most
    }

    pub(super) async fn permit(&self) -> Permit<'_> {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.state();
                if state.taken < state.limit {
                    state.taken += 1;
                    return Permit(self);
                }
            }
            freed.await;
        }
    }
}

impl Permit<'_> {
    /// Gives it back, and tells how long so many migrations took; of what was not done nothing is learnt.
    pub(super) fn done(self, elapsed: Duration, migrations: usize) {
        if migrations > 0 {
            self.0
                .state()
                .learn(elapsed.as_secs_f64() / migrations as f64);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.state().taken -= 1;
        self.0.freed.notify_waiters();
    }
}

impl State {
    /// Learns a time. Once as many have come as are worked on at once, twice, the limit is judged.
    fn learn(&mut self, seconds: f64) {
        self.window.0 += seconds;
        self.window.1 += 1;
        if self.window.1 < self.limit * 2 {
            return;
        }
        let (sum, count) = std::mem::take(&mut self.window);
        let each = sum / count as f64;
        let is_slow = each > self.best * SLOWER;
        self.best = self.best.min(each);
        self.limit = match is_slow {
            true => (self.limit / 2).max(1),
            false => (self.limit + 1).min(self.most),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit_after(limiter: &Limiter, times: impl Iterator<Item = f64>) -> usize {
        for seconds in times {
            limiter.state().learn(seconds);
        }
        limiter.state().limit
    }

    #[test]
    fn the_limit_grows_while_times_stay_and_halves_when_they_do_not() {
        let limiter = Limiter::new(None);

        let grown = limit_after(&limiter, std::iter::repeat_n(0.010, 500));
        assert_eq!(grown, MOST);

        let shrunk = limit_after(&limiter, std::iter::repeat_n(1.0, 2 * MOST));
        assert_eq!(shrunk, MOST / 2);
        let shrunk = limit_after(&limiter, std::iter::repeat_n(1.0, 500));
        assert_eq!(shrunk, 1, "it never comes to a stop");
    }

    #[test]
    fn a_number_that_somebody_gave_stays() {
        let limiter = Limiter::new(Some(3));

        let limit = limit_after(&limiter, (0..100).map(f64::from));

        assert_eq!((limit.max(3), limiter.most()), (3, 3));
    }

    #[tokio::test]
    async fn no_more_than_the_limit_are_out_and_a_permit_that_is_dropped_is_free() {
        let limiter = Limiter::new(Some(2));
        let one = limiter.permit().await;
        let _two = limiter.permit().await;
        assert!(futures_util::FutureExt::now_or_never(limiter.permit()).is_none());

        drop(one);

        assert!(futures_util::FutureExt::now_or_never(limiter.permit()).is_some());
    }
}
