//! What can go wrong, a variant per thing that a caller can do differently.
//!
//! No variant prints a document, a filter, a key's value or a credential: the driver's own text
//! does (code 11000 names the value, a validator's error the whole document), so its error is kept
//! behind [`Cause`], which prints kind and code only.

mod cause;
mod codes;
mod failure;

use std::time::Duration;

pub use self::{cause::Cause, failure::Failure};
use crate::{
    fault::Faults,
    guard::Operation,
    model::{Namespace, TenantId},
};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration or the registry is at fault: all of it at once.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// A logical database was asked for that the registry does not hold.
    #[error(
        "logical database `{0}` is not registered; register it where the application is declared"
    )]
    NotRegistered(&'static str),
    /// An optional logical database was left out: it has no URI, or its host's name was not found.
    #[error("logical database `{0}` is optional and was left out at the start; check DATABASE_{upper}_URI", upper = .0.to_uppercase())]
    NotConfigured(&'static str),
    /// Required logical databases could not be reached within the start limit.
    #[error("{}", list(databases, *limit))]
    Unreachable {
        /// Each of them.
        databases: Vec<Unreached>,
        /// How long they were tried.
        limit: Duration,
    },
    /// The call did not end before its deadline. [`is_ambiguous`](Self::is_ambiguous) tells whether it is
    /// a write that may have been applied.
    #[error("{operation} took longer than {limit:?}")]
    DeadlineExceeded {
        /// The call.
        operation: Box<Operation>,
        /// The time it was given.
        limit: Duration,
        /// Whether it had been sent by then.
        sent: bool,
    },
    /// The write may have been applied: its answer was lost, and a repeat could do it twice, or brought
    /// no answer either. Read what is there before you repeat it.
    #[error("{operation} may have been applied, its answer was lost: {cause}")]
    Ambiguous {
        /// The call.
        operation: Box<Operation>,
        /// The last failure.
        cause: Cause,
    },
    /// The circuit of the logical database is open: the call was not sent.
    #[error("the circuit of logical database `{database}` is open; try again in {retry_after:?}")]
    CircuitOpen {
        /// The logical database.
        database: &'static str,
        /// How long to stay away.
        retry_after: Duration,
    },
    /// As many calls of the logical database are under way, or of this tenant, as there may be: this one
    /// was not sent.
    #[error(
        "logical database `{database}` has too many calls under way; try again in {retry_after:?}"
    )]
    Overloaded {
        /// The logical database.
        database: &'static str,
        /// How long to stay away.
        retry_after: Duration,
    },
    /// A unique index refused the document: a document with the same key is there.
    #[error("{operation} met a document with the same {}", fields.join(", "))]
    Duplicate {
        /// The call.
        operation: Box<Operation>,
        /// The fields of the index, in its order; never their values.
        fields: Vec<String>,
    },
    /// The collection's validator refused the document.
    #[error("{operation} was refused by the collection's validator: {}", fields.join(", "))]
    Invalid {
        /// The call.
        operation: Box<Operation>,
        /// The fields that break a rule, as far as the server names them; never their values.
        fields: Vec<String>,
    },
    /// A tenant's pipeline names another database, which no tenant may reach.
    #[error(
        "`{stage}` names another database; a tenant's pipeline may only read and write the tenant's own collections"
    )]
    OutOfScope {
        /// The stage.
        stage: String,
    },
    /// An update would change what the library keeps; nothing was sent.
    #[error("{what} on {namespace} would change what the library keeps there; leave it out")]
    Kept {
        /// The field or the stage, such as `` `version` ``.
        what: String,
        /// The collection.
        namespace: Namespace,
    },
    /// A document was to be written among the deleted ones; nothing was sent.
    #[error(
        "deleted documents of {0} are read, restored or purged, not written: restore them first"
    )]
    Deleted(Namespace),
    /// The collection's documents are only ever added; nothing was sent.
    #[error("{0} is append-only: no verb changes or deletes its documents")]
    AppendOnly(Namespace),
    /// No active tenant has this id; no database was touched.
    #[error("no active tenant `{0}`; create it first")]
    UnknownTenant(TenantId),
    /// The tenant exists already under another name.
    #[error("tenant `{0}` exists already, under another name")]
    TenantExists(TenantId),
    /// A tenant's databases hold something differently than the models say; its row was not written.
    #[error("the databases of tenant `{tenant}` lack what the models need: {}", missing.join(", "))]
    Incomplete {
        /// The tenant.
        tenant: TenantId,
        /// What is missing, in words that name no document.
        missing: Vec<String>,
    },
    /// A tenant is behind its migrations, and `MIGRATION_POLICY` says that it is not served, or read-only: the
    /// call was not sent.
    #[error(
        "tenant `{0}` is behind its migrations and MIGRATION_POLICY does not let this through; `migrate up` brings it up to date"
    )]
    TenantBehind(TenantId),
    /// A document could not be turned into BSON, or BSON not into the model.
    #[error("a document of {namespace} does not fit its model: {reason}")]
    Shape {
        /// The collection.
        namespace: Namespace,
        /// Field and kind of misfit; never a value.
        reason: String,
    },
    /// A transaction was used in a way that it does not allow; nothing was sent, and none of it is kept.
    #[error("in a transaction of `{database}`: {reason}")]
    Transaction {
        /// The logical database whose handle began it.
        database: &'static str,
        /// What is not allowed, and why.
        reason: &'static str,
    },
    /// A transaction was to span databases that were not seen on one deployment; nothing was written.
    #[error(
        "a transaction cannot span `{begun_at}` and `{joined}`: no server is known to hold both, and MongoDB has \
         transactions within one deployment only; give DATABASE_{begun}_URI and DATABASE_{other}_URI a common host",
        begun = begun_at.to_uppercase(), other = joined.to_uppercase()
    )]
    ForeignDeployment {
        /// The logical database whose handle began it.
        begun_at: &'static str,
        /// The logical database that was to take part.
        joined: &'static str,
    },
    /// A transaction was to write where the user of its client may not; nothing was written.
    #[error(
        "a transaction begun at `{begun_at}` writes to `{joined}` (DATABASE_{other}_URI) as the user of \
         DATABASE_{begun}_URI, who lacks {missing}; grant it, or begin at the other handle",
        begun = begun_at.to_uppercase(), other = joined.to_uppercase()
    )]
    NoRights {
        /// The logical database whose handle began it.
        begun_at: &'static str,
        /// The logical database that was to take part.
        joined: &'static str,
        /// The actions and the physical database, such as ``insert, update on `shop` ``.
        missing: String,
    },
    /// The databases are being shut down; the call was not sent, or was cut off.
    #[error("the databases are shutting down")]
    ShuttingDown,
    /// The driver or the server failed the call.
    #[error("{operation} failed: {cause}")]
    Driver {
        /// The call.
        operation: Box<Operation>,
        /// What the driver reported.
        cause: Cause,
    },
}

/// A logical database that did not answer at the start.
#[derive(Debug)]
pub struct Unreached {
    /// The logical database.
    pub database: &'static str,
    /// The last failure.
    pub cause: Cause,
}

fn list(databases: &[Unreached], limit: Duration) -> String {
    let line = |unreached: &Unreached| {
        let Unreached { database, cause } = unreached;
        format!(
            "logical database `{database}` was not reached within {limit:?}: {cause}; check DATABASE_{}_URI",
            database.to_uppercase()
        )
    };
    databases.iter().map(line).collect::<Vec<_>>().join("\n")
}

impl Error {
    /// Returns the driver's own error. Its text may hold document contents: never print it.
    pub fn driver(&self) -> Option<&mongodb::error::Error> {
        match self {
            Self::Driver { cause, .. } | Self::Ambiguous { cause, .. } => Some(cause.driver()),
            _ => None,
        }
    }

    /// Returns whether this is a write of which nobody knows whether it was applied.
    pub fn is_ambiguous(&self) -> bool {
        match self {
            Self::Ambiguous { .. } => true,
            Self::DeadlineExceeded {
                operation, sent, ..
            } => *sent && operation.is_write(),
            _ => false,
        }
    }

    /// Returns the error of a call that is a part of a transaction: what failed there is aborted with the
    /// whole, and only the commit can be in doubt.
    pub(crate) fn undone(self) -> Self {
        match self {
            Self::Ambiguous { operation, cause } => Self::Driver { operation, cause },
            Self::DeadlineExceeded {
                operation, limit, ..
            } => Self::DeadlineExceeded {
                operation,
                limit,
                sent: false,
            },
            error => error,
        }
    }

    /// Returns how long to wait before the call is worth another try, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::CircuitOpen { retry_after, .. } | Self::Overloaded { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// Returns whether the databases could not be reached or could not do their work: the same call may
    /// succeed later. Of the driver's failures that follows from [`Failure`] alone.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Driver { cause, .. } | Self::Ambiguous { cause, .. } => cause.is_unavailable(),
            Self::Unreachable { .. }
            | Self::NotConfigured(_)
            | Self::ShuttingDown
            | Self::CircuitOpen { .. }
            | Self::TenantBehind(_)
            | Self::Overloaded { .. } => true,
            _ => false,
        }
    }

    /// Returns what the driver's failure of `operation` means to a caller.
    pub(crate) fn from_driver(operation: &Operation, error: mongodb::error::Error) -> Self {
        let operation = Box::new(operation.clone());
        let cause = Cause::new(error);
        match cause.failure() {
            Failure::Duplicate => {
                let fields = cause.key_pattern();
                Self::Duplicate { operation, fields }
            }
            // Others of its class name no fields.
            Failure::Refused if cause.code() == Some(121) => {
                let fields = cause.invalid_fields();
                Self::Invalid { operation, fields }
            }
            _ => Self::Driver { operation, cause },
        }
    }
}
