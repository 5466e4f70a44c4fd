//! What a call is: enough to bound, classify, record and name it.

use std::{fmt, time::Duration};

use tokio::time::Instant;

use super::{Deadline, Resend, breaker::Needs};
use crate::{config::Deadlines, model::Namespace, slow::Inputs};

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
    /// Work on collections and indexes, whose caller gives the time that it takes. It is never slow, and
    /// waits for a place among the calls as long as its deadline lets it.
    Schema,
    /// A whole transaction, whose calls are admitted one by one. It has the time of a write.
    Transaction,
}

impl Class {
    /// Returns the class of a verb on documents by its name; nothing for any other name.
    pub(super) fn of_verb(name: &str) -> Option<Self> {
        match name {
            "find_one" | "estimated_document_count" => Some(Self::Read),
            "find" | "aggregate" | "count_documents" | "distinct" => Some(Self::Scan),
            "insert_one"
            | "insert_many"
            | "update_one"
            | "update_many"
            | "replace_one"
            | "delete_one"
            | "delete_many"
            | "restore_one"
            | "find_one_and_update"
            | "find_one_and_replace"
            | "find_one_and_delete" => Some(Self::Write),
            _ => None,
        }
    }

    /// Returns this class's own of the times.
    pub(super) fn of(self, times: &Deadlines) -> Duration {
        match self {
            Self::Read => times.read,
            Self::Write | Self::Schema | Self::Transaction => times.write,
            Self::Scan => times.scan,
        }
    }
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
    /// Whether the collection is in a tenant's database.
    pub(crate) is_tenants: bool,
    /// Whether it is a part of a transaction, which was admitted as a whole.
    pub(crate) is_joint: bool,
    /// How much time it needs.
    pub class: Class,
    /// Whether it may be sent again, judged from its inputs.
    pub resend: Resend,
    /// The time that the caller gave this call, from its start.
    pub(crate) timeout: Option<Duration>,
    /// The deadline of whatever the call is a part of, such as a request.
    pub(crate) within: Option<Deadline>,
}

/// An operation, and what can be asked about its inputs should it be slow.
pub(crate) struct Told<'a> {
    pub(super) operation: Operation,
    pub(super) inputs: Option<&'a dyn Inputs>,
}

impl From<Operation> for Told<'_> {
    /// Nothing can be asked: it is not kept among the slow ones.
    fn from(operation: Operation) -> Self {
        let inputs = None;
        Self { operation, inputs }
    }
}

impl Operation {
    pub(crate) fn told(self, inputs: &dyn Inputs) -> Told<'_> {
        Told {
            operation: self,
            inputs: Some(inputs),
        }
    }

    /// Returns the sooner of the request's deadline and the call's own, which is what the caller
    /// asked for or else the default of its class.
    pub(super) fn deadline(&self, started: Instant, defaults: &Deadlines) -> Deadline {
        let own = self.timeout.unwrap_or_else(|| self.class.of(defaults));
        let own = Deadline::after(started, own);
        self.within.map_or(own, |within| within.or_sooner(own))
    }

    /// Returns the same for a call that changes nothing.
    pub(crate) fn reading(self) -> Self {
        let resend = Resend::Read;
        Self { resend, ..self }
    }

    /// Returns what it asks of a server.
    pub(super) fn needs(&self) -> Needs {
        match self.is_write() {
            true => Needs::Writes,
            false => Needs::Reads,
        }
    }

    /// Returns whether it may change something.
    pub fn is_write(&self) -> bool {
        self.resend != Resend::Read
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` on {}", self.name, self.namespace)
    }
}
