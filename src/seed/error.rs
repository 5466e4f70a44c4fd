//! Why a run of seeds ends without having done, or told, what it is for; and why one seed does.

use std::fmt;

use crate::control::Holder;

/// Why a seed's code gives no rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// There is nothing to be done now, and why. It is no failure.
    #[error("{0}")]
    Skip(String),
    /// It cannot go on, and why. It is printed: no contents of documents.
    #[error("{0}")]
    Refused(String),
}

impl SeedError {
    /// Returns that there is nothing to be done now, and why.
    pub fn skip(reason: impl Into<String>) -> Self {
        Self::Skip(reason.into())
    }

    /// Returns a refusal to go on.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(reason.into())
    }
}

/// A variant per thing that a caller can do differently.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Databases could not be reached, or failed otherwise.
    Database(crate::Error),
    /// Another run, of seeds or of migrations, is under way.
    Held(Box<Holder>),
    /// Another run has taken over; nothing more was recorded.
    Fenced {
        /// The logical database's physical name.
        scope: String,
    },
    /// It may not be done to these databases, whatever is asked; nothing was written. Each names why, and
    /// the cure.
    Refused(Vec<String>),
    /// The deployment cannot be worked on, and why.
    Precondition(String),
    /// What was asked for makes no sense.
    Usage(String),
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(out, "{error}"),
            Self::Held(holder) => write!(
                out,
                "`{}` is under way on `{}`: process {} on host `{}`, last heard of {} s ago; wait for it (`--wait 5m`), or free the lock of a dead one with `migrate unlock`",
                holder.verb,
                holder.scope,
                holder.owner.pid,
                holder.owner.host,
                holder.silent_for.as_secs()
            ),
            Self::Fenced { scope } => write!(
                out,
                "another run has taken over `{scope}` while this one was not heard of; it goes on from here, nothing more was recorded"
            ),
            Self::Refused(reasons) => {
                write!(out, "nothing was written:\n  {}", reasons.join("\n  "))
            }
            Self::Precondition(what) | Self::Usage(what) => write!(out, "{what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::Database(error)
    }
}
