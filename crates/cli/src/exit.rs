//! One table of exit codes for every command.

use mongoplex::{Error, Faults};
use mongoplex_server::BindError;

/// Why a command ends without having done what it is for.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

/// It failed.
pub(crate) const FAILED: u8 = 1;
/// What was typed names something that is not there.
pub(crate) const USAGE: u8 = 2;
/// Something that must be there is missing or pending.
pub(crate) const PENDING: u8 = 3;
/// The configuration is at fault.
pub(crate) const CONFIGURATION: u8 = 64;
/// Of `migrate`: what is recorded and what is listed do not speak of the same.
pub(crate) const DRIFT: u8 = 4;
/// Of `migrate`: another run holds the lock, or has taken over.
pub(crate) const HELD: u8 = 5;
/// Of `migrate`: some targets failed, or are left out because they had failed.
pub(crate) const TARGETS: u8 = 6;
/// Of `migrate`: a step was cut off, and a person has to look.
pub(crate) const INTERRUPTED: u8 = 7;
/// Of `migrate`: it was refused, since it could not be taken back.
pub(crate) const REFUSED: u8 = 8;
/// Of `migrate`: the deployment cannot be worked on.
pub(crate) const PRECONDITION: u8 = 9;
/// Stopped from outside; what had begun has ended.
pub(crate) const STOPPED: u8 = 130;

impl Failure {
    /// Returns a failure with one of the codes above.
    pub(crate) fn of(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// Returns exit code 1: it failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self::of(FAILED, message)
    }

    /// Returns exit code 2: what was typed names something that is not there.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::of(USAGE, message)
    }

    /// Returns exit code 3: something that must be there is missing.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::of(PENDING, message)
    }

    /// Returns exit code 64: the configuration is at fault.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::of(CONFIGURATION, message)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        let lines: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
        let count = match faults.len() {
            1 => "a fault".to_owned(),
            many => format!("{many} faults"),
        };
        Self::configuration(format!("the configuration has {count}:{lines}"))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Faults(faults) => faults.into(),
            error => Self::failed(error.to_string()),
        }
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        Self::failed(error.to_string())
    }
}

/// The set's upkeep: a cause is told too, which holds no document and no credential.
impl From<mongoplex_mongod::Error> for Failure {
    fn from(error: mongoplex_mongod::Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::failed(format!("{error}{}", cause.unwrap_or_default()))
    }
}
