//! One table of exit codes for every command.

use mongoplex::{Error, Faults};
use mongoplex_server::BindError;

/// Why a command ends without having done what it is for.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    /// Returns exit code 1: it failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self {
            code: 1,
            message: message.into(),
        }
    }

    /// Returns exit code 2: what was typed names something that is not there.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
        }
    }

    /// Returns exit code 3: something that must be there is missing.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self {
            code: 3,
            message: message.into(),
        }
    }

    /// Returns exit code 64: the configuration is at fault.
    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self {
            code: 64,
            message: message.into(),
        }
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
