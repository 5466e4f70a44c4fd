//! What the callers meet, window by window: each fault has one, and what lies between them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::ledger::Said;

const TICK: Duration = Duration::from_millis(20);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

/// What was met within one window; a call belongs to the one in which it ends.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
    pub(crate) ambiguous: u64,
    /// The longest time without an acknowledged write.
    pub(crate) gap: Duration,
    /// Calls that were under way while the set had no primary.
    pub(crate) met: u64,
}

impl Window {
    pub(crate) fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.errors += other.errors;
        self.ambiguous += other.ambiguous;
        self.gap = self.gap.max(other.gap);
        self.met += other.met;
    }
}

pub(crate) struct Tally(Mutex<State>);

struct State {
    window: Window,
    /// When a write was last acknowledged, or when the window began.
    last: Instant,
    under_way: u64,
    is_struck: bool,
    longest_call: Duration,
    missed: u64,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(State {
            window: Window::default(),
            last: Instant::now(),
            under_way: 0,
            is_struck: false,
            longest_call: Duration::ZERO,
            missed: 0,
        }))
    }

    /// Counts a call as under way and returns when it began.
    pub(crate) fn begins(&self) -> Instant {
        let mut state = self.state();
        state.under_way += 1;
        state.window.met += u64::from(state.is_struck);
        Instant::now()
    }

    pub(crate) fn ends(&self, began: Instant, kind: Kind, said: Said) {
        let now = Instant::now();
        let mut state = self.state();
        state.under_way -= 1;
        state.longest_call = state.longest_call.max(now - began);
        state.window.calls += 1;
        state.window.errors += u64::from(said == Said::Failed);
        state.window.ambiguous += u64::from(said == Said::Unknown);
        if kind == Kind::Write && said == Said::Done {
            state.window.gap = state.window.gap.max(now - state.last);
            state.last = now;
        }
    }

    /// Counts a read that did not find what was acknowledged.
    pub(crate) fn misses(&self) {
        self.state().missed += 1;
    }

    /// There is no primary: whoever calls, and whoever has called and has no answer yet, meets that.
    pub(crate) fn struck(&self) {
        let mut state = self.state();
        state.is_struck = true;
        state.window.met += state.under_way;
    }

    /// There is one again.
    pub(crate) fn healed(&self) {
        self.state().is_struck = false;
    }

    /// Ends the window, begins the next and returns the one that ended.
    pub(crate) fn turn(&self) -> Window {
        let now = Instant::now();
        let mut state = self.state();
        let mut window = std::mem::take(&mut state.window);
        window.gap = window.gap.max(now - state.last);
        state.last = now;
        window
    }

    /// Waits until a write that ended after now was acknowledged; `false` where none is within `limit`.
    pub(crate) async fn goes_on(&self, limit: Duration) -> bool {
        let now = Instant::now();
        while self.state().last <= now {
            if now.elapsed() > limit {
                return false;
            }
            sleep(TICK).await;
        }
        true
    }

    pub(crate) fn longest_call(&self) -> Duration {
        self.state().longest_call
    }

    pub(crate) fn missed(&self) -> u64 {
        self.state().missed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
