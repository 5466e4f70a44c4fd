//! Which exit code it is, and why.

use mongoplex::{
    Error,
    migrate::{self, Obstacle, Outcome, Status, TargetState},
};

use crate::exit::{self, Failure};

/// The server's code of a call that the user may not make.
const NO_RIGHTS: i32 = 13;

impl From<migrate::Error> for Failure {
    fn from(error: migrate::Error) -> Self {
        use migrate::Error as Why;
        let told = error.to_string();
        match error {
            Why::Database(error) => no_rights(&error).unwrap_or_else(|| error.into()),
            Why::Held(_) | Why::Fenced { .. } => Self::of(exit::HELD, told),
            Why::Blocked(blocked) => {
                let obstacles = blocked.iter().map(|blocked| &blocked.obstacle);
                Self::of(code(obstacles), told)
            }
            Why::Precondition(_) => Self::of(exit::PRECONDITION, told),
            Why::Usage(_) => Self::usage(told),
            _ => Self::failed(told),
        }
    }
}

/// Returns what to grant whom, where the server refused a call for want of rights.
fn no_rights(error: &Error) -> Option<Failure> {
    let (Error::Driver { operation, cause } | Error::Ambiguous { operation, cause }) = error else {
        return None;
    };
    if cause.code() != Some(NO_RIGHTS) {
        return None;
    }
    let message = format!(
        "the user of DATABASE_{}_URI may not do `{}` on database `{}` (code {NO_RIGHTS}): grant that user `readWrite` and `dbAdmin` there, or name another database with CONTROL_DATABASE where it is the control database",
        operation.database.to_uppercase(),
        operation.name,
        operation.namespace.database,
    );
    Some(Failure::of(exit::PRECONDITION, message))
}

/// Returns the code of what keeps targets from being worked on: the worst says which.
fn code<'a>(obstacles: impl Iterator<Item = &'a Obstacle>) -> u8 {
    let codes = obstacles.map(|obstacle| match obstacle {
        Obstacle::Changed { .. } | Obstacle::StepChanged { .. } | Obstacle::Missing { .. } => {
            exit::DRIFT
        }
        Obstacle::Irreversible { .. } => exit::REFUSED,
        Obstacle::Late { .. } | Obstacle::Unfinished { .. } => exit::PENDING,
        Obstacle::Unknown { .. } => exit::USAGE,
        _ => exit::FAILED,
    });
    let worst = [exit::DRIFT, exit::REFUSED, exit::PENDING, exit::USAGE];
    let codes: Vec<u8> = codes.collect();
    let found = worst.into_iter().find(|code| codes.contains(code));
    found.unwrap_or(exit::FAILED)
}

/// Returns what an obstacle is in a word.
pub(super) fn word(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Changed { .. } => "changed",
        Obstacle::StepChanged { .. } => "step-changed",
        Obstacle::Missing { .. } => "missing",
        Obstacle::Late { .. } => "late",
        Obstacle::Irreversible { .. } => "irreversible",
        Obstacle::Unfinished { .. } => "unfinished",
        Obstacle::Unknown { .. } => "unknown",
        _ => "other",
    }
}

/// Judges a run that ended by itself.
pub(super) fn judge(outcome: &Outcome) -> Result<(), Failure> {
    let interrupted = outcome.failed.iter();
    let interrupted = interrupted.filter(|failed| failed.state == TargetState::Interrupted);
    let interrupted = interrupted.count() as u64 + outcome.interrupted_before;
    let failed = outcome.failed.len() as u64 + outcome.quarantined_before;
    if interrupted > 0 {
        return Err(waiting(interrupted));
    }
    if !outcome.blocked.is_empty() {
        let obstacles = outcome.blocked.iter().map(|(_, obstacle)| obstacle);
        let lines = outcome.blocked.iter();
        let lines = lines.map(|(database, obstacle)| format!("\n  {database}: {obstacle}"));
        let message = format!("nothing was done to these:{}", lines.collect::<String>());
        return Err(Failure::of(code(obstacles), message));
    }
    if outcome.is_stopped {
        let message = "stopped: what had begun has ended; the same command goes on from there";
        return Err(Failure::of(exit::STOPPED, message));
    }
    match (failed, &outcome.halted) {
        (0, None) => Ok(()),
        (_, None) => Err(behind(failed)),
        (_, Some(reason)) => Err(Failure::of(
            exit::TARGETS,
            format!("no more targets were begun: {reason} (--max-failures)"),
        )),
    }
}

/// Judges how targets stand: what `up` or `down` would refuse always, the rest where it is asked for.
pub(super) fn judge_status(all: &[Status], judges: bool) -> Result<(), Failure> {
    let blocked = || all.iter().flat_map(|status| &status.blocked);
    if blocked().next().is_some() {
        let lines: String = blocked().map(|blocked| format!("\n  {blocked}")).collect();
        let code = code(blocked().map(|blocked| &blocked.obstacle));
        return Err(Failure::of(code, format!("it would be refused:{lines}")));
    }
    if !judges {
        return Ok(());
    }
    let failed = all.iter().flat_map(|status| &status.failed);
    let (interrupted, failed): (Vec<_>, Vec<_>) =
        failed.partition(|failed| failed.state == TargetState::Interrupted);
    let pending = all.iter().flat_map(|status| &status.pending);
    match pending.map(|pending| pending.targets).sum::<u64>() {
        _ if !interrupted.is_empty() => Err(waiting(interrupted.len() as u64)),
        _ if !failed.is_empty() => Err(behind(failed.len() as u64)),
        0 => Ok(()),
        pending => Err(Failure::missing(format!(
            "something is pending at {}",
            targets(pending)
        ))),
    }
}

fn waiting(count: u64) -> Failure {
    let message = format!(
        "a step was cut off, or failed, of which only a person can say what it has done, at {}: look there, then `migrate repair`",
        targets(count)
    );
    Failure::of(exit::INTERRUPTED, message)
}

fn behind(count: u64) -> Failure {
    let message = format!(
        "{} failed or left out: `migrate status` says why; what is quarantined is tried again once its migration has changed, or `--tenant` names it",
        targets(count)
    );
    Failure::of(exit::TARGETS, message)
}

/// Returns a number of targets in words.
pub(super) fn targets(count: u64) -> String {
    match count {
        1 => "1 target".to_owned(),
        many => format!("{many} targets"),
    }
}
