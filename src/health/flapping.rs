//! Whether a part comes and goes.

use std::{
    collections::VecDeque,
    fmt,
    time::{Duration, Instant},
};

/// More changes than these within the time are flapping.
const CHANGES: usize = 4;
const WITHIN: Duration = Duration::from_secs(300);

/// The last changes of a part.
///
/// One that flaps is not called up between two failures. It is not called down either: it works, and
/// processes that are taken out of rotation for five minutes at every fifth change would make an
/// outage of it. So it is degraded until it is calm.
#[derive(Debug, Default)]
pub(super) struct Flapping(VecDeque<Instant>);

impl Flapping {
    pub(super) fn note(&mut self, now: Instant) {
        self.0.push_back(now);
        if self.0.len() > CHANGES + 1 {
            self.0.pop_front();
        }
    }

    pub(super) fn is_so(&self, now: Instant) -> bool {
        let lately = |change: &&Instant| now.duration_since(**change) < WITHIN;
        self.0.iter().filter(lately).count() > CHANGES
    }
}

impl fmt::Display for Flapping {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = WITHIN.as_secs() / 60;
        write!(
            out,
            "its status changed more than {CHANGES} times within {minutes} minutes"
        )
    }
}
