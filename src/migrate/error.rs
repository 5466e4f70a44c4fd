//! Why a run ends without having done, or told, what it is for.

use std::fmt;

use super::work::Obstacle;
use crate::control::Holder;

/// A variant per thing that a caller can do differently.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Databases could not be reached, or failed otherwise.
    Database(crate::Error),
    /// Another run is under way.
    Held(Box<Holder>),
    /// Another run has taken over; nothing more was written.
    Fenced {
        /// The logical database's physical name.
        scope: String,
    },
    /// Records and lists do not speak of the same; nothing was done.
    Blocked(Vec<Blocked>),
    /// The deployment cannot be worked on, and why.
    Precondition(String),
    /// What was asked for makes no sense.
    Usage(String),
}

/// What keeps targets from being worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// Of which list, such as `tenants of customer`.
    pub target: String,
    /// One of the databases, and how many it stands for.
    pub database: String,
    /// See there.
    pub count: u64,
    /// Why.
    pub obstacle: Obstacle,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(out, "{error}"),
            Self::Held(holder) => write!(out, "{holder}"),
            Self::Fenced { scope } => write!(
                out,
                "another run has taken over `{scope}` while this one was not heard of; it goes on from here, nothing more was written"
            ),
            Self::Blocked(blocked) => {
                let lines: Vec<String> = blocked.iter().map(ToString::to_string).collect();
                write!(out, "nothing was changed:\n  {}", lines.join("\n  "))
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

impl fmt::Display for Blocked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            database,
            count,
            obstacle,
        } = self;
        match count {
            1 => write!(out, "{target}, {database}: {obstacle}"),
            count => write!(
                out,
                "{target}, {database} and {} more: {obstacle}",
                count - 1
            ),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "`{}` is under way on `{}`: process {} on host `{}`, run {}, last heard of {} s ago; wait for it (`--wait 5m`), or free the lock of a dead one with `migrate unlock`",
            self.verb,
            self.scope,
            self.owner.pid,
            self.owner.host,
            self.owner.run,
            self.silent_for.as_secs()
        )
    }
}

impl Error {
    /// Returns whether nobody is there to ask just now.
    pub(super) fn is_outage(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        let is_late = matches!(error, crate::Error::DeadlineExceeded { .. });
        let is_ended = matches!(error, crate::Error::ShuttingDown);
        !is_ended && (error.is_unavailable() || error.is_ambiguous() || is_late)
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::Database(error)
    }
}
