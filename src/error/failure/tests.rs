use std::{io, sync::Arc};

use mongodb::{
    bson::{Document, deserialize_from_document as read, doc},
    error::{
        BulkWriteError, CommandError, Error, ErrorKind, GridFsErrorKind, InsertManyError,
        WriteConcernError, WriteError, WriteFailure,
    },
};
use serde::de::DeserializeOwned;

use super::Failure;

fn parse<T: DeserializeOwned>(document: Document) -> T {
    read(document).unwrap()
}

fn command(code: i32) -> ErrorKind {
    ErrorKind::Command(parse(doc! { "code": code, "topologyVersion": null }))
}

fn write_error(code: i32) -> ErrorKind {
    let error: WriteError = parse(doc! { "code": code });
    ErrorKind::Write(WriteFailure::WriteError(error))
}

/// A reply to a write with labels: of all that can be built outside the driver only this carries some.
fn write_concern(code: i32, labels: &[&str]) -> ErrorKind {
    let labels: Vec<&str> = labels.to_vec();
    let error: WriteConcernError = parse(doc! { "code": code, "errorLabels": labels });
    ErrorKind::Write(WriteFailure::WriteConcernError(error))
}

fn insert_many(codes: &[i32], write_concern: Option<i32>) -> ErrorKind {
    let errors = codes.iter().map(|code| doc! { "index": 0, "code": code });
    let mut error = doc! { "writeErrors": errors.collect::<Vec<_>>() };
    if let Some(code) = write_concern {
        error.insert("writeConcernError", doc! { "code": code });
    }
    ErrorKind::InsertMany(parse::<InsertManyError>(error))
}

fn bulk_write(codes: &[i32], write_concern: Option<i32>) -> ErrorKind {
    let mut error = BulkWriteError::default();
    let failed = codes
        .iter()
        .map(|code| parse::<WriteError>(doc! { "code": code }));
    error.write_errors = failed.enumerate().collect();
    error.write_concern_errors = write_concern
        .map(|code| parse(doc! { "code": code }))
        .into_iter()
        .collect();
    ErrorKind::BulkWrite(error)
}

fn of(kind: impl Into<ErrorKind>) -> Failure {
    Failure::of(&Error::from(kind.into()))
}

#[test]
fn a_connection_that_ended_leaves_everything_in_doubt() {
    let ends = [
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::TimedOut,
        io::ErrorKind::HostUnreachable,
        io::ErrorKind::Other,
    ];
    for end in ends {
        assert_eq!(of(end), Failure::Interrupted, "{end:?}");
    }
}

#[test]
fn a_refused_connection_carried_nothing() {
    assert_eq!(of(io::ErrorKind::ConnectionRefused), Failure::NotSent);
}

#[test]
fn a_code_means_the_same_in_a_reply_and_in_a_write_of_it() {
    for (code, expected) in [
        (10107, Failure::NotSent),
        (11602, Failure::Interrupted),
        (462, Failure::Overload),
        (112, Failure::Conflict),
        (11000, Failure::Duplicate),
        (50, Failure::Timeout),
        (251, Failure::TransactionAborted),
        (121, Failure::Refused),
        (13, Failure::Denied),
        (72, Failure::Failed),
        (51091, Failure::Unknown),
    ] {
        assert_eq!(of(command(code)), expected, "{code}");
        assert_eq!(of(write_error(code)), expected, "{code}");
    }
}

#[test]
fn a_failed_write_concern_means_applied_and_in_doubt_whatever_its_code() {
    for code in [91, 64, 79, 100, 10107, 50, 11602, 999_999] {
        assert_eq!(of(write_concern(code, &[])), Failure::Interrupted, "{code}");
    }
}

/// A write that had been applied and is sent again performs none either.
#[test]
fn a_failed_write_concern_stays_in_doubt_where_nothing_was_written() {
    let labels = ["RetryableWriteError", "NoWritesPerformed"];
    assert_eq!(of(write_concern(91, &labels)), Failure::Interrupted);
}

#[test]
fn the_labels_of_transactions_come_before_everything() {
    let aborted = write_concern(91, &["TransientTransactionError"]);
    let unknown = write_concern(
        64,
        &["RetryableWriteError", "UnknownTransactionCommitResult"],
    );
    assert_eq!(of(aborted), Failure::TransactionAborted);
    assert_eq!(of(unknown), Failure::CommitUnknown);
}

#[test]
fn a_batch_means_its_first_failure() {
    for batch in [insert_many, bulk_write] {
        assert_eq!(of(batch(&[11000, 121], None)), Failure::Duplicate);
        assert_eq!(of(batch(&[121, 11000], None)), Failure::Refused);
        assert_eq!(of(batch(&[999_999], None)), Failure::Unknown);
        assert_eq!(of(batch(&[], None)), Failure::Unknown);
    }
}

#[test]
fn a_batch_is_in_doubt_as_a_whole_when_part_of_it_is() {
    for batch in [insert_many, bulk_write] {
        assert_eq!(of(batch(&[11000, 91], None)), Failure::Interrupted);
        assert_eq!(of(batch(&[11000], Some(100))), Failure::Interrupted);
        assert_eq!(of(batch(&[], Some(64))), Failure::Interrupted);
    }
}

#[test]
fn a_batch_never_promises_that_nothing_was_carried_out() {
    for code in [10107, 462, 112] {
        for batch in [insert_many, bulk_write] {
            assert_eq!(of(batch(&[code], None)), Failure::Interrupted, "{code}");
        }
    }
}

#[test]
fn a_fault_of_the_program_or_the_set_up_is_told_by_its_kind() {
    let bson = read::<CommandError>(doc! {}).unwrap_err();
    let kinds = [
        ErrorKind::Bson(bson),
        ErrorKind::GridFs(GridFsErrorKind::WriteInProgress),
        ErrorKind::SessionsNotSupported,
        ErrorKind::MissingResumeToken,
        ErrorKind::Custom(Arc::new("ours")),
    ];
    for kind in kinds {
        assert_eq!(of(kind.clone()), Failure::Failed, "{kind:?}");
    }
    assert_eq!(of(ErrorKind::Shutdown), Failure::ShutDown);
}

#[test]
fn unavailable_is_what_the_same_call_may_survive_later() {
    let later = [
        Failure::NotSent,
        Failure::Interrupted,
        Failure::Overload,
        Failure::TransactionAborted,
        Failure::CommitUnknown,
        Failure::ShutDown,
    ];
    let not = [
        Failure::Conflict,
        Failure::Duplicate,
        Failure::Timeout,
        Failure::Refused,
        Failure::Denied,
        Failure::Failed,
        Failure::Unknown,
    ];
    assert!(later.iter().all(|class| class.is_unavailable()));
    assert!(!not.iter().any(|class| class.is_unavailable()));
}
