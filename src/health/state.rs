//! What is kept of one part.

use std::time::{Duration, Instant};

use super::{
    Check, CheckSnapshot, CheckStatus, Need, NodeSnapshot, Reason, Status, flapping::Flapping,
};

#[derive(Debug)]
pub(super) struct State {
    name: String,
    need: Need,
    status: Status,
    checks: Vec<Check>,
    since: Instant,
    reported: Instant,
    stale_after: Option<Duration>,
    flapping: Flapping,
}

impl State {
    pub(super) fn new(
        name: String,
        need: Need,
        stale_after: Option<Duration>,
        now: Instant,
    ) -> Self {
        Self {
            name,
            need,
            status: Status::Unknown,
            checks: Vec::new(),
            since: now,
            reported: now,
            stale_after,
            flapping: Flapping::default(),
        }
    }

    pub(super) fn report(&mut self, checks: Vec<Check>, now: Instant) {
        let rank = |status: &Status| match status {
            Status::Up => 0,
            Status::Unknown => 1,
            Status::Degraded => 2,
            Status::Down => 3,
        };
        // A check that found nothing yet says nothing, unless there is no other.
        let worst = checks.iter().map(|check| check.verdict(now));
        let known = worst.filter(|status| *status != Status::Unknown);
        let status = known.max_by_key(rank).unwrap_or(Status::Unknown);
        self.reported = now;
        self.checks = checks;
        if self.status == status {
            return;
        }
        let was_flapping = self.flapping.is_so(now);
        if self.status != Status::Unknown {
            self.flapping.note(now);
        }
        self.since = now;
        self.status = status;
        self.log(was_flapping, now);
    }

    /// One that comes and goes is told of once.
    fn log(&self, was_flapping: bool, now: Instant) {
        let (name, shown) = (&self.name, self.snapshot(now));
        let reasons: Vec<_> = shown.reasons.iter().map(|one| &*one.message).collect();
        let reasons = reasons.join("; ");
        match self.flapping.is_so(now) {
            true if was_flapping => {}
            true => tracing::warn!(node = %name, "`{name}` comes and goes: {reasons}"),
            false if self.status == Status::Up => tracing::info!(node = %name, "`{name}` is up"),
            false => {
                let status = self.status.as_str();
                tracing::warn!(node = %name, "`{name}` is {status}: {reasons}");
            }
        }
    }

    pub(super) fn snapshot(&self, now: Instant) -> NodeSnapshot {
        let age = now.duration_since(self.reported);
        let checks: Vec<CheckSnapshot> = self.checks.iter().map(|one| one.snapshot(now)).collect();
        let stale = self.stale_after.filter(|limit| age > *limit);
        let mut reasons: Vec<Reason> = checks.iter().filter_map(reason).collect();
        let status = match (self.status, stale) {
            (_, Some(limit)) => {
                let message = format!("not looked at for more than {limit:?}");
                reasons = vec![plain("stale", message)];
                Status::Unknown
            }
            (Status::Unknown, None) => {
                reasons = vec![plain("stale", "not looked at yet".into())];
                Status::Unknown
            }
            (Status::Up, None) if self.flapping.is_so(now) => Status::Degraded,
            (status, None) => status,
        };
        if self.flapping.is_so(now) {
            reasons.push(plain("flapping", self.flapping.to_string()));
        }
        NodeSnapshot {
            name: self.name.clone(),
            need: self.need,
            status,
            reasons,
            checks,
            since: now.duration_since(self.since),
            age,
        }
    }
}

fn plain(code: &'static str, message: String) -> Reason {
    Reason {
        code,
        message,
        observed: None,
        threshold: None,
        unit: "",
    }
}

fn reason(check: &CheckSnapshot) -> Option<Reason> {
    let amiss = [CheckStatus::Degraded, CheckStatus::Down].contains(&check.status);
    let message = check.message.clone().filter(|_| amiss)?;
    Some(Reason {
        observed: check.observed,
        threshold: check.threshold.filter(|_| check.observed.is_some()),
        unit: check.unit,
        ..plain(check.name, message)
    })
}
