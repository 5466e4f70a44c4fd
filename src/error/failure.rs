//! What a failure means, in one word: the one classification that all decisions follow.
//!
//! It is a function of the driver's error alone: kind, code, labels. It knows neither the verb nor
//! the clock, decides nothing and counts nothing.

use std::error::Error as _;

use mongodb::error::{
    BulkWriteError, Error, ErrorKind, InsertManyError, NO_WRITES_PERFORMED, RETRYABLE_WRITE_ERROR,
    SYSTEM_OVERLOADED_ERROR, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT,
    WriteFailure,
};

use super::codes;

/// What a failure of the driver or the server means to whoever decides what follows.
///
/// It speaks of the last thing that the driver sent. Of a verb that changes many documents, some may
/// have been changed before it, whatever the class; and before [`Overload`](Self::Overload) and
/// [`Conflict`](Self::Conflict) an earlier try of the driver's own may have been carried out, because
/// the driver tells only of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// It surely was not carried out: no server was eligible, no connection was made, or the server
    /// refused it before it began.
    NotSent,
    /// The connection, or the state of the server, ended it in the middle: a read is lost, a write may
    /// have been applied, or was applied and may not last.
    Interrupted,
    /// The server refuses work because it has too much: not carried out.
    Overload,
    /// Another call was faster or is in the way: not carried out, and may be tried again.
    Conflict,
    /// A unique index refused it.
    Duplicate,
    /// The server kept the `maxTimeMS` that it was given. A write may have been applied in part.
    Timeout,
    /// Its transaction is to be run again from its start: nothing of it was applied.
    TransactionAborted,
    /// The commit may have been carried out; committing again is safe.
    CommitUnknown,
    /// The document is refused: a validator, its size, a field that may not change.
    Refused,
    /// User, password, certificate or rights are wrong.
    Denied,
    /// Known, and trying again does not help: a fault of the program or of the set-up.
    Failed,
    /// The client was shut down: not carried out.
    ShutDown,
    /// A code or a kind that the table does not know.
    Unknown,
}

impl Failure {
    /// Returns what an error of the driver means.
    pub fn of(error: &Error) -> Self {
        if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) {
            return Self::CommitUnknown;
        }
        if error.contains_label(TRANSIENT_TRANSACTION_ERROR) {
            return Self::TransactionAborted;
        }
        Self::of_cause(error)
    }

    /// Returns what an error means apart from its transaction's labels: what was behind it.
    pub(crate) fn of_cause(error: &Error) -> Self {
        match &*error.kind {
            ErrorKind::ServerSelection { .. } | ErrorKind::DnsResolve { .. } => Self::NotSent,
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => of_connection(error),
            ErrorKind::Authentication { .. } => of_sign_in(error),
            ErrorKind::Command(reply) => of_reply(error, reply.code),
            ErrorKind::Write(WriteFailure::WriteError(reply)) => of_reply(error, reply.code),
            // It was applied, and may be rolled back. `NoWritesPerformed` says nothing here: a write
            // that was sent again and had been applied already performs none.
            ErrorKind::Write(WriteFailure::WriteConcernError(_)) => Self::Interrupted,
            ErrorKind::InsertMany(batch) => of_insert_many(batch),
            ErrorKind::BulkWrite(batch) => of_bulk_write(error, batch),
            ErrorKind::Shutdown => Self::ShutDown,
            ErrorKind::InvalidArgument { .. }
            | ErrorKind::BsonDeserialization(_)
            | ErrorKind::BsonSerialization(_)
            | ErrorKind::Bson(_)
            | ErrorKind::GridFs(_)
            | ErrorKind::Internal { .. }
            | ErrorKind::InvalidResponse { .. }
            | ErrorKind::SessionsNotSupported
            | ErrorKind::InvalidTlsConfig { .. }
            | ErrorKind::Transaction { .. }
            | ErrorKind::IncompatibleServer { .. }
            | ErrorKind::MissingResumeToken
            | ErrorKind::Custom(_) => Self::Failed,
            _ => Self::Unknown,
        }
    }

    /// Returns whether the databases could not be reached, or could not do their work: the same call
    /// may succeed later, as it is.
    pub const fn is_unavailable(self) -> bool {
        matches!(
            self,
            Self::NotSent
                | Self::Interrupted
                | Self::Overload
                | Self::TransactionAborted
                | Self::CommitUnknown
                | Self::ShutDown
        )
    }
}

/// Tells whether a connection failed before the call was sent on it.
///
/// The labels of overload are the driver's own here: it puts them on every failure to connect. It
/// returns such an error only if no earlier try of the call may have been carried out.
fn of_connection(error: &Error) -> Failure {
    let unsent = match &*error.kind {
        ErrorKind::Io(io) => {
            io.kind() == std::io::ErrorKind::ConnectionRefused
                || error.contains_label(SYSTEM_OVERLOADED_ERROR)
        }
        // One kind for two things, and only its text tells a call that waited for a connection from
        // one whose connection was ended under it.
        ErrorKind::ConnectionPoolCleared { message, .. } => {
            message.starts_with("Connection pool for ")
        }
        _ => false,
    };
    if unsent {
        Failure::NotSent
    } else {
        Failure::Interrupted
    }
}

/// Signing in comes before the call. A server that is going down refuses it too, which is no fault
/// of user and password; the server's reply is the error's source.
fn of_sign_in(error: &Error) -> Failure {
    match source(error).map(Failure::of) {
        Some(class) if class.is_unavailable() => Failure::NotSent,
        _ => Failure::Denied,
    }
}

/// A reply to a command or to one write: its code, corrected by its labels.
fn of_reply(error: &Error, code: i32) -> Failure {
    if error.contains_label(SYSTEM_OVERLOADED_ERROR) {
        return Failure::Overload;
    }
    let class = codes::failure(code);
    match class {
        Failure::NotSent | Failure::Interrupted | Failure::Failed | Failure::Unknown => {
            if error.contains_label(NO_WRITES_PERFORMED) {
                Failure::NotSent
            } else if error.contains_label(RETRYABLE_WRITE_ERROR) {
                // The driver has tried twice by now and tells of the second only: the first may have
                // been lost with its connection.
                Failure::Interrupted
            } else {
                class
            }
        }
        class => class,
    }
}

fn of_insert_many(batch: &InsertManyError) -> Failure {
    let failed = batch.write_errors.iter().flatten();
    let classes = failed.map(|error| codes::failure(error.code));
    let applied = batch
        .write_concern_error
        .iter()
        .map(|_| Failure::Interrupted);
    of_batch(classes.chain(applied))
}

/// What is no failure of a single write, such as a lost connection, is the error's source.
fn of_bulk_write(error: &Error, batch: &BulkWriteError) -> Failure {
    let mut failed: Vec<_> = batch.write_errors.iter().collect();
    failed.sort_by_key(|(index, _)| **index);
    let classes = failed
        .into_iter()
        .map(|(_, error)| codes::failure(error.code));
    let applied = batch
        .write_concern_errors
        .iter()
        .map(|_| Failure::Interrupted);
    of_batch(classes.chain(applied).chain(source(error).map(Failure::of)))
}

/// The first failure of a batch, unless one leaves in doubt what was applied. Other writes of the
/// batch may have been applied, so none says for the whole that nothing was carried out.
fn of_batch(classes: impl Iterator<Item = Failure>) -> Failure {
    let in_part = |class| match class {
        Failure::NotSent | Failure::Overload | Failure::Conflict | Failure::ShutDown => {
            Failure::Interrupted
        }
        class => class,
    };
    let worse = |first, next| match next {
        Failure::Interrupted => next,
        _ => first,
    };
    let class = classes.map(in_part).reduce(worse);
    class.unwrap_or(Failure::Unknown)
}

/// The driver's error behind another one of it, which `source` hands out in its box.
fn source(error: &Error) -> Option<&Error> {
    let source = error.source()?.downcast_ref::<Box<Error>>();
    source.map(Box::as_ref)
}

#[cfg(test)]
mod tests;
