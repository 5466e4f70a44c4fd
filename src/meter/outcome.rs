//! How calls end.

use crate::error::Error;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// With an answer.
    Ok,
    /// With a refusal that concerns the caller's document: a duplicate, a validator.
    Refused,
    /// At its deadline.
    Late,
    /// It was not sent, or cut off: the circuit is open, too much is under way, or the databases are
    /// shutting down.
    Rejected,
    /// It is a write, and nobody knows whether it was applied.
    Ambiguous,
    /// Its future was dropped: the caller went away, or ran out of time. It may have been applied.
    Abandoned,
    /// Otherwise.
    Failed,
}

impl Outcome {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 7] = [
        Self::Ok,
        Self::Refused,
        Self::Late,
        Self::Rejected,
        Self::Ambiguous,
        Self::Abandoned,
        Self::Failed,
    ];

    pub(crate) fn of(error: Option<&Error>) -> Self {
        match error {
            None => Self::Ok,
            Some(Error::Duplicate { .. } | Error::Invalid { .. }) => Self::Refused,
            Some(Error::DeadlineExceeded { .. }) => Self::Late,
            Some(Error::ShuttingDown | Error::CircuitOpen { .. } | Error::Overloaded { .. }) => {
                Self::Rejected
            }
            Some(Error::Ambiguous { .. }) => Self::Ambiguous,
            Some(_) => Self::Failed,
        }
    }

    /// Returns whether it counts among the errors: it does not where the caller's document was refused,
    /// or the caller went away.
    pub fn is_error(self) -> bool {
        match self {
            Self::Ok | Self::Refused | Self::Abandoned => false,
            Self::Late | Self::Rejected | Self::Ambiguous | Self::Failed => true,
        }
    }

    /// Returns the word for it in logs and figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Late => "late",
            Self::Rejected => "rejected",
            Self::Ambiguous => "ambiguous",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}
