//! Absolute deadlines, and what is left of them.

use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The least that is kept back from `maxTimeMS`, and the most: a twentieth of what is left, so that the
/// server's own answer arrives before our timer fires, from a busy server too.
const ROUND_TRIP: Duration = Duration::from_millis(10);
const LONG_TRIP: Duration = Duration::from_millis(100);

/// How much later than the deadline our own timer ends a call, which costs its connection: the last
/// resort, for a server that does not keep `maxTimeMS`, or a verb that has none.
const LAST_RESORT: Duration = Duration::from_millis(40);

/// A point in time by which a call has ended, whatever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// Returns the deadline that is `limit` from now.
    pub fn within(limit: Duration) -> Self {
        Self::after(Instant::now(), limit)
    }

    /// Returns the deadline that is `limit` after `start`.
    pub(super) fn after(start: Instant, limit: Duration) -> Self {
        // A limit past what the clock can count is as good as a century.
        let at = start
            .checked_add(limit)
            .unwrap_or(start + Duration::from_secs(3_000_000_000));
        Self { at, limit }
    }

    /// Returns the earlier of the two: an inner call can only shorten what it was given.
    #[must_use]
    pub fn or_sooner(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// Returns the time that is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.remaining_at(Instant::now())
    }

    /// Returns the time that was left at a moment: one look at the clock serves a whole attempt.
    pub(super) fn remaining_at(self, moment: Instant) -> Duration {
        self.at.saturating_duration_since(moment)
    }

    /// Returns the time that was given when the deadline was set.
    pub fn limit(self) -> Duration {
        self.limit
    }

    pub(super) fn passed(self) -> Sleep {
        sleep_until(self.at + LAST_RESORT)
    }
}

/// Returns what is kept back of a time.
pub(super) fn trip(time: Duration) -> Duration {
    (time / 20).clamp(ROUND_TRIP, LONG_TRIP).min(time / 2)
}

/// One attempt of a call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// Whether an attempt before it may have been applied.
    pub is_repeat: bool,
    /// When the whole call must have ended.
    pub deadline: Deadline,
    began: Instant,
}

impl Attempt {
    pub(super) fn new(number: u32, is_repeat: bool, began: Instant, deadline: Deadline) -> Self {
        Self {
            number,
            is_repeat,
            deadline,
            began,
        }
    }

    pub(super) fn began(self) -> Instant {
        self.began
    }

    /// Returns what was left of the time when it began.
    pub(super) fn remaining(self) -> Duration {
        self.deadline.remaining_at(self.began)
    }

    /// It waited: what is left is less by now.
    pub(super) fn begin_again(&mut self) {
        self.began = Instant::now();
    }

    /// Returns the `maxTimeMS` of this attempt: the time that is left less a way there and back, never more
    /// than what was asked for, and never zero, which MongoDB takes as unlimited.
    pub fn max_time(self, asked: Option<Duration>) -> Duration {
        let remaining = self.remaining();
        let bound = remaining - trip(remaining);
        // Zero asks for no bound of its own.
        let asked = asked.filter(|asked| !asked.is_zero());
        let millis = asked.map_or(bound, |asked| asked.min(bound)).as_millis();
        Duration::from_millis(
            u64::try_from(millis)
                .unwrap_or(u64::MAX)
                .clamp(1, i32::MAX as u64),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn max_time_is_what_is_left_and_never_zero() {
        let deadline = Deadline::within(Duration::from_secs(2));
        let attempt = Attempt::new(1, false, Instant::now(), deadline);
        assert_eq!(attempt.max_time(None), Duration::from_millis(1900));
        assert_eq!(
            attempt.max_time(Some(Duration::from_millis(300))),
            Duration::from_millis(300)
        );

        tokio::time::advance(Duration::from_millis(1992)).await;
        let attempt = Attempt::new(1, false, Instant::now(), deadline);
        assert_eq!(attempt.max_time(None), Duration::from_millis(4));

        tokio::time::advance(Duration::from_millis(10)).await;
        let attempt = Attempt::new(1, false, Instant::now(), deadline);
        assert_eq!(attempt.max_time(None), Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_inner_deadline_can_only_shorten() {
        let request = Deadline::within(Duration::from_secs(1));
        let longer = Deadline::within(Duration::from_secs(5));
        let shorter = Deadline::within(Duration::from_millis(10));

        assert_eq!(request.or_sooner(longer), request);
        assert_eq!(request.or_sooner(shorter), shorter);
    }
}
