//! What a failed attempt means: for another attempt, for what its caller may believe, and for the
//! circuit. One place, so that the three never contradict each other.

use mongodb::error::{Error, ErrorKind, NO_WRITES_PERFORMED, WriteFailure};

use super::{Resend, breaker::Verdict};
use crate::error::{Cause, Failure};

/// Codes by which a server says that it is no primary any more, or goes down: the driver's lists of
/// state changes (server discovery and monitoring specification).
const STATE_CHANGE: [i32; 8] = [91, 189, 10058, 10107, 11600, 11602, 13435, 13436];

/// Codes by which a server, or a router, says that it did not reach another one.
const NETWORK: [i32; 5] = [6, 7, 89, 262, 9001];

/// Returns whether another attempt may follow, by what a repeat of the call would do.
pub(super) fn may_follow(error: &Error, resend: Resend) -> bool {
    let may_repeat = !matches!(resend, Resend::UnsentOnly | Resend::Many);
    match Failure::of(error) {
        Failure::NotSent | Failure::Overload | Failure::Conflict => {
            may_repeat || !is_unsure(error, resend)
        }
        Failure::Interrupted => may_repeat && !is_concern_late(error),
        Failure::Unknown => resend == Resend::Read,
        _ => false,
    }
}

/// Returns whether an attempt that failed so may have been applied, wholly or in part.
///
/// The driver makes two tries of its own and tells of one: behind a refusal of the second the first
/// may have been lost on its way back. And of what changes many documents, a refusal may concern the
/// last of several commands only.
pub(super) fn is_unsure(error: &Error, resend: Resend) -> bool {
    if resend == Resend::Read {
        return false;
    }
    let is_many = matches!(resend, Resend::Many | Resend::PinnedInserts);
    match Failure::of(error) {
        Failure::Interrupted | Failure::Unknown => true,
        Failure::NotSent => match resend {
            Resend::PinnedInserts => true,
            _ => is_many && !is_connection(error),
        },
        Failure::Overload | Failure::Conflict => {
            is_many || !error.contains_label(NO_WRITES_PERFORMED)
        }
        _ => matches!(&*error.kind, ErrorKind::InvalidResponse { .. }),
    }
}

/// Returns whether too few servers had the write when the caller's own `wtimeout` was over: a repeat would wait
/// for them as long again.
fn is_concern_late(error: &Error) -> bool {
    let concern = match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteConcernError(concern)) => Some(concern),
        ErrorKind::InsertMany(batch) => batch.write_concern_error.as_ref(),
        _ => None,
    };
    // WriteConcernTimeout, as it is called from 8.0 on.
    concern.is_some_and(|concern| concern.code == 64)
}

/// Returns whether the server's answer holds for the attempts before it too: the input is the same.
pub(super) fn is_certain(failure: Failure) -> bool {
    matches!(failure, Failure::Duplicate | Failure::Refused)
}

/// Returns whether no server was asked at all: to wait for one costs the deployment nothing, and is
/// bounded by the deadline and by the outage grace.
pub(super) fn is_waiting(error: &Error) -> bool {
    matches!(&*error.kind, ErrorKind::ServerSelection { .. })
}

fn is_connection(error: &Error) -> bool {
    is_waiting(error) || is_lost(error) || matches!(&*error.kind, ErrorKind::DnsResolve { .. })
}

fn is_lost(error: &Error) -> bool {
    matches!(
        &*error.kind,
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. }
    )
}

/// Judges an error for the circuit: only what says that the database is not there feeds it. `None` for
/// one that is a matter of time.
pub(super) fn verdict(error: &Error) -> Option<Verdict> {
    let code = Cause::code_of(error);
    let is_one_of = |codes: &[i32]| code.is_some_and(|code| codes.contains(&code));
    // In a transaction the label that asks for a new run says nothing of the cause.
    Some(match Failure::of_cause(error) {
        Failure::Timeout => return None,
        // All calls on a server that dies hear it at once, before the driver's monitor tells of it.
        _ if is_lost(error) || is_one_of(&STATE_CHANGE) => Verdict::StateChange,
        _ if is_connection(error) || is_one_of(&NETWORK) => Verdict::Failed,
        Failure::Overload | Failure::ShutDown => Verdict::Ignored,
        _ => Verdict::Answered,
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use mongodb::bson::{deserialize_from_document, doc};

    use super::*;

    fn code(code: i32) -> Error {
        let reply = doc! { "code": code, "topologyVersion": null };
        Error::from(ErrorKind::Command(
            deserialize_from_document(reply).unwrap(),
        ))
    }

    fn lost() -> Error {
        Error::from(io::Error::from(io::ErrorKind::UnexpectedEof))
    }

    fn refused() -> Error {
        Error::from(io::Error::from(io::ErrorKind::ConnectionRefused))
    }

    /// Whether another attempt may follow, and whether this one may have been applied.
    fn judged(error: &Error, resend: Resend) -> (bool, bool) {
        (may_follow(error, resend), is_unsure(error, resend))
    }

    #[test]
    fn what_may_be_sent_again_follows_from_the_failure_and_the_inputs() {
        use Resend::{Many, PinnedInsert, PinnedInserts, Read, SameEffect, UnsentOnly, Versioned};
        for (name, error, expected) in [
            // The connection was lost in the middle.
            (
                "lost",
                lost(),
                [
                    (true, false),
                    (true, true),
                    (true, true),
                    (false, true),
                    (false, true),
                ],
            ),
            // It was never made: nothing was sent, of many documents the last command was not.
            (
                "refused",
                refused(),
                [
                    (true, false),
                    (true, false),
                    (true, true),
                    (true, false),
                    (true, false),
                ],
            ),
            // Not the primary: of many documents some may have been written before.
            (
                "10107",
                code(10107),
                [
                    (true, false),
                    (true, false),
                    (true, true),
                    (true, false),
                    (false, true),
                ],
            ),
            // Another write was faster: the driver's first try may hide behind it.
            (
                "112",
                code(112),
                [
                    (true, false),
                    (true, true),
                    (true, true),
                    (false, true),
                    (false, true),
                ],
            ),
            // A fault of the program.
            ("2", code(2), [(false, false); 5]),
            // In no table.
            (
                "unknown",
                code(7_654_321),
                [
                    (true, false),
                    (false, true),
                    (false, true),
                    (false, true),
                    (false, true),
                ],
            ),
        ] {
            for (resend, expected) in [Read, PinnedInsert, PinnedInserts, UnsentOnly, Many]
                .into_iter()
                .zip(expected)
            {
                assert_eq!(judged(&error, resend), expected, "{name}, {resend:?}");
            }
            for resend in [SameEffect, Versioned] {
                assert_eq!(judged(&error, resend), expected[1], "{name}, {resend:?}");
            }
        }
    }

    #[test]
    fn a_concern_that_was_not_met_in_its_time_is_in_doubt_and_not_waited_for_again() {
        for (code, follows) in [(64, false), (91, true), (11602, true)] {
            let reply = deserialize_from_document(doc! { "code": code }).unwrap();
            let late = WriteFailure::WriteConcernError(reply);
            let one = Error::from(ErrorKind::Write(late));
            let reply = doc! { "writeErrors": [{ "index": 0, "code": 11000 }], "writeConcernError": { "code": code } };
            let many = deserialize_from_document(reply).unwrap();
            let many = Error::from(ErrorKind::InsertMany(many));
            for error in [one, many] {
                assert_eq!(judged(&error, Resend::PinnedInsert), (follows, true));
                assert_eq!(judged(&error, Resend::UnsentOnly), (false, true));
            }
        }
    }

    #[test]
    fn only_what_says_that_the_database_is_not_there_feeds_the_circuit() {
        for (error, expected) in [
            (lost(), Some(Verdict::StateChange)),
            (code(189), Some(Verdict::StateChange)),
            (code(89), Some(Verdict::Failed)),
            (code(462), Some(Verdict::Ignored)),
            (code(50), None),
            (code(43), Some(Verdict::Answered)),
            (code(112), Some(Verdict::Answered)),
            (code(13), Some(Verdict::Answered)),
            (code(7_654_321), Some(Verdict::Answered)),
        ] {
            assert_eq!(verdict(&error), expected, "{:?}", Cause::code_of(&error));
        }
    }
}
