//! The circuit breaker of one logical database on its deployment.
//!
//! While all goes well a call pays two loads of one atomic. Everything else happens under a short
//! lock: the gate decides, failsafe's policies say when it is too much.

mod gate;
mod policy;

use std::{
    fmt,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use self::gate::{Gate, Transition};
pub(crate) use self::policy::Verdict;
use crate::config::BreakerConfig;

/// The state of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Circuit {
    /// Calls pass.
    Closed,
    /// Calls are refused without reaching the driver.
    Open,
    /// A few calls pass to see whether the database is back; the others are refused.
    HalfOpen,
    /// The operator had it opened: calls are refused until it is freed.
    ForcedOpen,
    /// The operator switched it off: calls pass, whatever happens.
    Disabled,
}

/// What an operator may say to a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Force {
    /// Refuse all calls, until it is freed.
    Open,
    /// Let all calls pass, whatever happens, until it is freed.
    Disable,
    /// Be closed, and decide for yourself again.
    Free,
}

/// Why a circuit came to its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It has been so since the start.
    Start,
    /// Too many failures in a row.
    Failures,
    /// Too large a share of the calls failed.
    FailureRate,
    /// Too large a share of the calls was slow.
    SlowRate,
    /// No eligible server for longer than the outage grace.
    Outage,
    /// The open period was over.
    Waited,
    /// An eligible server was found again.
    ServerFound,
    /// All probes were answered.
    ProbesAnswered,
    /// A probe failed.
    ProbeFailed,
    /// The probes had no answer in their time.
    ProbesSilent,
    /// The operator said so.
    Operator,
}

pub(super) struct Breaker {
    database: &'static str,
    /// Twice the generation; one more while calls must ask the gate.
    word: AtomicU64,
    gate: Mutex<Gate>,
}

/// What a call asks of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Only a primary will do.
    Writes,
    /// Whatever the client's read preference allows.
    Reads,
}

/// What the servers that the driver sees are good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Eligible {
    /// Reads and writes.
    Writes,
    /// The client's reads, which secondaries may answer.
    Reads,
    /// Nothing.
    Nothing,
}

/// A circuit as it stands; reading it changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitState {
    /// Its state.
    pub circuit: Circuit,
    /// Why it is so.
    pub reason: Reason,
    /// For how long.
    pub since: Duration,
    /// Half-open: the probes that were let through.
    pub probes: u32,
}

impl Breaker {
    pub(super) fn new(database: &'static str, config: BreakerConfig) -> Self {
        Self {
            database,
            word: AtomicU64::new(0),
            gate: Mutex::new(Gate::new(config, Instant::now())),
        }
    }

    /// Admits a call, or says how long to stay away.
    pub(super) fn permit(&self, needs: Needs, now: Instant) -> Result<Permit<'_>, Duration> {
        let word = self.word.load(Ordering::Acquire);
        let generation = match word & 1 {
            0 => word >> 1,
            _ => self.with(|gate| gate.admit(needs, now))?,
        };
        Ok(Permit {
            breaker: self,
            generation,
            noted: false,
        })
    }

    /// Takes note of a health probe that was answered.
    pub(super) fn note_probe(&self) {
        self.with(|gate| gate.note_probe(Instant::now()));
    }

    /// Takes note of what the driver's topology says.
    pub(super) fn note_servers(&self, eligible: Eligible) {
        let now = Instant::now();
        self.with(|gate| {
            gate.note_writable(eligible == Eligible::Writes, now);
            match eligible {
                Eligible::Nothing => gate.lost(now),
                Eligible::Writes | Eligible::Reads => gate.found(now),
            }
        });
    }

    /// Returns whether the driver sees no server for such a call just now.
    pub(super) fn is_lost(&self, needs: Needs) -> bool {
        self.lock().lost_since(needs).is_some()
    }

    /// Returns whether it has seen none since a moment.
    pub(super) fn is_lost_since(&self, needs: Needs, moment: tokio::time::Instant) -> bool {
        let lost = self.lock().lost_since(needs);
        lost.is_some_and(|lost| lost <= moment.into_std())
    }

    pub(super) fn force(&self, force: Force) {
        self.with(|gate| gate.force(force, Instant::now()));
    }

    pub(super) fn state(&self) -> CircuitState {
        // Where nobody calls, time makes its transitions when somebody looks.
        let (circuit, reason, since, probes) = self.with(|gate| {
            gate.tick(Instant::now());
            gate.state()
        });
        CircuitState {
            circuit,
            reason,
            since: since.elapsed(),
            probes,
        }
    }

    fn note(&self, generation: u64, verdict: Verdict, now: Instant) {
        if verdict == Verdict::Answered && self.word.load(Ordering::Acquire) == generation << 1 {
            return;
        }
        self.with(|gate| gate.note(generation, verdict, now));
    }

    fn with<T>(&self, act: impl FnOnce(&mut Gate) -> T) -> T {
        let mut gate = self.lock();
        let result = act(&mut gate);
        let word = gate.generation() << 1 | u64::from(!gate.is_quiet());
        self.word.store(word, Ordering::Release);
        let told = gate.take_told();
        drop(gate);
        told.iter().for_each(|transition| self.tell(transition));
        result
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, Transition { from, to, reason }: &Transition) {
        let database = self.database;
        if *to == Circuit::Open {
            tracing::warn!(
                db.logical = database,
                breaker.state = %to,
                "the circuit of `{database}` is open, calls are refused: {reason}"
            );
        } else {
            tracing::info!(
                db.logical = database,
                breaker.state = %to,
                "the circuit of `{database}` is {to}, it was {from}: {reason}"
            );
        }
    }
}

/// The right to make one call. Dropped without a verdict it says nothing of the database, and a
/// probe's place is free again.
#[must_use = "a permit that is dropped is given back"]
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    generation: u64,
    noted: bool,
}

impl Permit<'_> {
    pub(super) fn note(mut self, verdict: Verdict, now: Instant) {
        self.noted = true;
        self.breaker.note(self.generation, verdict, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if !self.noted {
            self.breaker
                .note(self.generation, Verdict::Ignored, Instant::now());
        }
    }
}

impl fmt::Display for Circuit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced-open",
            Self::Disabled => "disabled",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Start => "since the start",
            Self::Failures => "too many failures in a row",
            Self::FailureRate => "too many calls failed",
            Self::SlowRate => "too many calls were slow",
            Self::Outage => "no eligible server for longer than OUTAGE_GRACE",
            Self::Waited => "its time was over",
            Self::ServerFound => "an eligible server was found",
            Self::ProbesAnswered => "the probes were answered",
            Self::ProbeFailed => "a probe failed",
            Self::ProbesSilent => "the probes were not answered in time",
            Self::Operator => "the operator said so",
        })
    }
}
