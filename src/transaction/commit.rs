//! The commit, which is sent again where its answer was lost, and the concerns that make it all or nothing.

use std::time::Duration;

use mongodb::{
    ClientSession,
    error::{ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT},
    options::{ReadConcern, ReadPreference, SelectionCriteria, TransactionOptions, WriteConcern},
};
use tokio::time::sleep;

use super::drive::PAUSES;
use crate::{
    error::{Cause, Error},
    guard::{Deadline, Operation},
    pauses::Pauses,
};

/// Kept back from the time of a commit, so that the server's answer arrives before ours is up.
const ROUND_TRIP: Duration = Duration::from_millis(10);

/// Commits. `is_open` holds while a commit was sent of which no answer says what became. So long
/// it is sent again, and never the body: a second commit of the same transaction changes nothing.
pub(super) async fn commit(
    session: &mut ClientSession,
    is_open: &mut bool,
) -> mongodb::error::Result<()> {
    *is_open = true;
    let mut pauses = Pauses::around(PAUSES.0, PAUSES.1);
    let mut was_lost = false;
    loop {
        let Err(error) = session.commit_transaction().await else {
            return Ok(());
        };
        let is_lost = error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT);
        was_lost |= is_lost;
        // Asked to run all of it again, or refused at the first try: nothing was committed.
        *is_open = was_lost && !error.contains_label(TRANSIENT_TRANSACTION_ERROR);
        if !is_lost || is_out_of_time(&error) {
            return Err(error);
        }
        sleep(pauses.pause()).await;
    }
}

/// Returns whether `maxTimeMS` was over, which is the deadline's: 50 MaxTimeMSExpired.
fn is_out_of_time(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(command) if command.code == 50)
}

/// Returns the error of a transaction whose commit was sent, and of which no answer says what became.
pub(super) fn unknown(commit: Operation, error: Error) -> Error {
    let cause = match error {
        Error::Driver { cause, .. } => cause,
        Error::ShuttingDown => {
            let shutdown = mongodb::error::Error::custom("the databases are shutting down");
            Cause::new(shutdown)
        }
        // It says so itself.
        error => return error,
    };
    Error::Ambiguous {
        operation: Box::new(commit),
        cause,
    }
}

/// Snapshot and majority, whatever the client has: all or nothing must also hold after a failover. The
/// driver takes the commit's `maxTimeMS` at the begin: it is what is left then.
pub(super) fn options(deadline: Deadline) -> TransactionOptions {
    let left = deadline.remaining();
    let max_commit_time = left
        .saturating_sub(ROUND_TRIP)
        .max(Duration::from_millis(1));
    TransactionOptions::builder()
        .read_concern(ReadConcern::snapshot())
        .write_concern(WriteConcern::majority())
        .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
        .max_commit_time(max_commit_time)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_commit_is_given_what_is_left_and_never_nothing() {
        let deadline = Deadline::within(Duration::from_secs(2));
        let given = options(deadline).max_commit_time;
        assert_eq!(given, Some(Duration::from_millis(1990)));

        tokio::time::advance(Duration::from_secs(3)).await;

        let given = options(deadline).max_commit_time;
        assert_eq!(given, Some(Duration::from_millis(1)));
    }
}
