//! What a call is: enough to bound, classify, record and name it.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use super::{Deadline, Resend};
use crate::{config::Deadlines, model::Namespace};

/// How much time a call needs, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// A read of one document.
    Read,
    /// A write.
    Write,
    /// A batch of many documents, or a count.
    Scan,
}

/// One call to a collection.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Operation {
    /// The verb, such as `find_one`.
    pub name: &'static str,
    /// The logical database.
    pub database: &'static str,
    /// The collection.
    pub namespace: Namespace,
    /// How much time it needs.
    pub class: Class,
    /// Whether it may be sent again, judged from its inputs.
    pub resend: Resend,
    /// The time that the caller gave this call, from its start.
    pub(crate) timeout: Option<Duration>,
    /// The deadline of whatever the call is a part of, such as a request.
    pub(crate) within: Option<Deadline>,
}

impl Operation {
    /// Returns the sooner of the request's deadline and the call's own, which is what the caller
    /// asked for or else the default of its class.
    pub(super) fn deadline(&self, started: Instant, defaults: &Deadlines) -> Deadline {
        let default = match self.class {
            Class::Read => defaults.read,
            Class::Write => defaults.write,
            Class::Scan => defaults.scan,
        };
        let own = Deadline::after(started, self.timeout.unwrap_or(default));
        self.within.map_or(own, |within| within.or_sooner(own))
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` on {}", self.name, self.namespace)
    }
}
