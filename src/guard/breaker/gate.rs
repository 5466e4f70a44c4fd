//! The circuit's states, as a plain value: time goes in, transitions come out.

use std::{
    mem,
    time::{Duration, Instant},
};

use super::{
    Circuit, Force, Needs, Reason,
    policy::{Policies, Verdict},
};
use crate::{config::BreakerConfig, pauses::Pauses};

/// What a refused caller is told where nobody knows when the circuit closes.
const SOME_TIME: Duration = Duration::from_secs(1);

/// A change of the state, to be told once the lock is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) from: Circuit,
    pub(super) to: Circuit,
    pub(super) reason: Reason,
}

/// Without an eligible server, or a moment ago.
#[derive(Debug, Clone, Copy)]
struct Outage {
    since: Instant,
    /// When a server was eligible again.
    until: Option<Instant>,
}

pub(super) struct Gate {
    config: BreakerConfig,
    circuit: Circuit,
    /// Counts the transitions: what was admitted before the last one says nothing of what came after.
    generation: u64,
    since: Instant,
    reason: Reason,
    /// Why it opened, while it is not closed again.
    opened_for: Reason,
    /// The end of the open period, or of the time that probes are given.
    until: Instant,
    /// Probes that were let through and did not come back without a result.
    admitted: u32,
    answered: u32,
    outage: Option<Outage>,
    /// When the last eligible server was lost.
    lost_at: Instant,
    /// Since when no server takes writes, while others may answer reads.
    unwritable_since: Option<Instant>,
    /// A server was eligible once.
    is_known: bool,
    /// Something went wrong a moment ago: until then successes count, later they need not be noted.
    watchful_until: Option<Instant>,
    policies: Policies,
    pauses: Pauses,
    told: Vec<Transition>,
}

impl Gate {
    pub(super) fn new(config: BreakerConfig, now: Instant) -> Self {
        Self {
            circuit: Circuit::Closed,
            generation: 0,
            since: now,
            reason: Reason::Start,
            opened_for: Reason::Start,
            lost_at: now,
            unwritable_since: None,
            is_known: false,
            until: now,
            admitted: 0,
            answered: 0,
            outage: None,
            watchful_until: None,
            policies: Policies::new(&config),
            pauses: Pauses::around(config.open, config.open_max),
            told: Vec::new(),
            config,
        }
    }

    /// Admits a call and returns the generation that its result carries, or how long to stay away.
    pub(super) fn admit(&mut self, needs: Needs, now: Instant) -> Result<u64, Duration> {
        self.tick(now);
        match self.circuit {
            Circuit::Disabled => Ok(self.generation),
            // The circuit is shut for writes alone: secondaries go on answering reads.
            Circuit::Closed | Circuit::HalfOpen if self.is_unwritable_for_good(needs, now) => {
                Err(SOME_TIME)
            }
            Circuit::Closed => Ok(self.generation),
            Circuit::HalfOpen if self.admitted < self.config.probes => {
                self.admitted += 1;
                Ok(self.generation)
            }
            Circuit::Open if !self.is_lost() => Err(self.until.saturating_duration_since(now)),
            Circuit::Open | Circuit::HalfOpen | Circuit::ForcedOpen => Err(SOME_TIME),
        }
    }

    /// Takes note of how an admitted call ended. One of an older generation is none of this one's.
    pub(super) fn note(&mut self, generation: u64, verdict: Verdict, now: Instant) {
        if generation != self.generation {
            return;
        }
        match (self.circuit, verdict) {
            (Circuit::Closed, _) => self.note_closed(verdict, now),
            // A slow answer is one, unless slowness was what opened it.
            (Circuit::HalfOpen, Verdict::Slow) if self.opened_for != Reason::SlowRate => {
                self.note(generation, Verdict::Answered, now);
            }
            (Circuit::HalfOpen, Verdict::Answered) => {
                self.answered += 1;
                if self.answered == self.config.probes {
                    self.turn(Circuit::Closed, Reason::ProbesAnswered, now);
                }
            }
            (Circuit::HalfOpen, Verdict::Ignored) => self.admitted -= 1,
            (Circuit::HalfOpen, _) => self.turn(Circuit::Open, Reason::ProbeFailed, now),
            (Circuit::Open | Circuit::ForcedOpen | Circuit::Disabled, _) => {}
        }
    }

    fn note_closed(&mut self, verdict: Verdict, now: Instant) {
        if verdict == Verdict::StateChange {
            self.note_state_change(now);
        }
        match verdict {
            Verdict::Ignored => return,
            Verdict::Answered => {
                let is_over = |outage: &Outage| !self.is_recent(outage, now);
                self.outage = self.outage.filter(|outage| !is_over(outage));
                if self.watchful_until.is_none_or(|until| now > until) {
                    self.watchful_until = None;
                    // Whatever came before is out of every window.
                    return;
                }
            }
            // Calls find no server while another one is elected: that is not a sick database.
            _ if self.is_within_grace(now) => return,
            _ => {
                // All went well before: without this the average would begin with the failure.
                if self.watchful_until.is_none_or(|until| now > until) {
                    self.policies.note(Verdict::Answered);
                }
                self.watchful_until = Some(now + self.config.window);
            }
        }
        if let Some(reason) = self.policies.note(verdict) {
            self.turn(Circuit::Open, reason, now);
        }
    }

    /// What topology events say in a moment is known from the answer already.
    fn note_state_change(&mut self, now: Instant) {
        let since = self.outage_since(now);
        if !self.is_lost() {
            let until = Some(now);
            self.outage = Some(Outage { since, until });
        }
    }

    /// No server is eligible any more.
    pub(super) fn lost(&mut self, now: Instant) {
        if !self.is_lost() {
            let (since, until) = (self.outage_since(now), None);
            self.outage = Some(Outage { since, until });
            self.lost_at = now;
        }
    }

    /// A server is eligible again: probes may go at once, unless it only comes and goes.
    pub(super) fn found(&mut self, now: Instant) {
        let was_lost = self.is_lost();
        if let Some(outage) = self.outage.as_mut().filter(|_| was_lost) {
            outage.until = Some(now);
        }
        if !mem::replace(&mut self.is_known, true) {
            // The start was no outage.
            self.outage = None;
        }
        let was_long = now.saturating_duration_since(self.lost_at) >= self.config.open;
        let was_gone = was_lost && (was_long || self.reason == Reason::Outage);
        if was_gone && self.circuit == Circuit::Open {
            self.turn(Circuit::HalfOpen, Reason::ServerFound, now);
        }
    }

    /// There is a server that takes writes, or there is none.
    pub(super) fn note_writable(&mut self, is_writable: bool, now: Instant) {
        match is_writable {
            true => self.unwritable_since = None,
            false => _ = self.unwritable_since.get_or_insert(now),
        }
    }

    /// Returns when an outage began: lost again a moment later it is the same one, for a server that
    /// comes and goes is no election.
    fn outage_since(&self, now: Instant) -> Instant {
        let recent = self.outage.filter(|outage| self.is_recent(outage, now));
        recent.map_or(now, |outage| outage.since)
    }

    fn is_recent(&self, outage: &Outage, now: Instant) -> bool {
        let until = outage.until.unwrap_or(now);
        now.saturating_duration_since(until) <= self.config.outage_grace
    }

    /// Does what the operator says.
    pub(super) fn force(&mut self, force: Force, now: Instant) {
        let to = match force {
            Force::Open => Circuit::ForcedOpen,
            Force::Disable => Circuit::Disabled,
            Force::Free => Circuit::Closed,
        };
        if to != self.circuit {
            self.turn(to, Reason::Operator, now);
        }
    }

    /// Takes note of a health probe that was answered: where no call is under way, it stands for one of those
    /// that would have to prove themselves.
    pub(super) fn note_probe(&mut self, now: Instant) {
        self.tick(now);
        if self.circuit == Circuit::HalfOpen && self.admitted == self.answered {
            (self.admitted, self.answered) = (self.admitted + 1, self.answered + 1);
            if self.answered == self.config.probes {
                self.turn(Circuit::Closed, Reason::ProbesAnswered, now);
            }
        }
    }

    /// Makes the transitions that time alone makes.
    pub(super) fn tick(&mut self, now: Instant) {
        let is_over = now >= self.until;
        match self.circuit {
            Circuit::Closed | Circuit::HalfOpen if self.is_lost_for_good(now) => {
                self.turn(Circuit::Open, Reason::Outage, now);
            }
            Circuit::Open if is_over && !self.is_lost() => {
                self.turn(Circuit::HalfOpen, Reason::Waited, now);
            }
            Circuit::HalfOpen if is_over && self.admitted == self.config.probes => {
                self.turn(Circuit::Open, Reason::ProbesSilent, now);
            }
            _ => {}
        }
    }

    fn turn(&mut self, to: Circuit, reason: Reason, now: Instant) {
        let from = mem::replace(&mut self.circuit, to);
        self.told.push(Transition { from, to, reason });
        self.generation += 1;
        (self.since, self.reason) = (now, reason);
        if from == Circuit::Closed {
            self.opened_for = reason;
        }
        (self.admitted, self.answered) = (0, 0);
        match to {
            Circuit::Open => self.until = now + self.pauses.pause(),
            Circuit::HalfOpen => self.until = now + self.config.probe_wait,
            Circuit::Closed => {
                self.pauses.reset();
                self.policies.forget();
                self.watchful_until = None;
                self.outage = self.outage.filter(|outage| outage.until.is_none());
            }
            Circuit::ForcedOpen | Circuit::Disabled => {}
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.outage.is_some_and(|outage| outage.until.is_none())
    }

    /// Returns since when there is no server for such a call, if there is none.
    pub(super) fn lost_since(&self, needs: Needs) -> Option<Instant> {
        match needs {
            Needs::Writes => self.unwritable_since,
            Needs::Reads => self.is_lost().then_some(self.lost_at),
        }
    }

    fn is_unwritable_for_good(&self, needs: Needs, now: Instant) -> bool {
        let since = self.unwritable_since.filter(|_| needs == Needs::Writes);
        since.is_some_and(|since| now.saturating_duration_since(since) >= self.config.outage_grace)
    }

    fn is_lost_for_good(&self, now: Instant) -> bool {
        let lost = now.saturating_duration_since(self.lost_at);
        self.is_lost() && lost >= self.config.outage_grace
    }

    /// Returns whether failures are those of a change of servers.
    fn is_within_grace(&self, now: Instant) -> bool {
        let since = self.outage.map(|outage| outage.since);
        since.is_some_and(|since| now.saturating_duration_since(since) < self.config.outage_grace)
    }

    /// Returns whether calls need not ask: the circuit is closed, and all has gone well for a while.
    pub(super) fn is_quiet(&self) -> bool {
        self.circuit == Circuit::Closed
            && self.watchful_until.is_none()
            && self.outage.is_none()
            && self.unwritable_since.is_none()
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn state(&self) -> (Circuit, Reason, Instant, u32) {
        (self.circuit, self.reason, self.since, self.admitted)
    }

    /// Returns the transitions since the last time it was asked.
    pub(super) fn take_told(&mut self) -> Vec<Transition> {
        mem::take(&mut self.told)
    }
}

#[cfg(test)]
mod tests;
