//! The loop of a transaction: begin, run the body, commit; again where MongoDB asks for it.

use std::{sync::Arc, time::Duration};

use mongodb::error::TRANSIENT_TRANSACTION_ERROR;
use tokio::time::sleep;

use super::{
    check::{self, Place},
    commit::{commit, options, unknown},
    lent::{Lending, Lent},
};
use crate::{
    collection::{Abort, Joint},
    error::{Error, Result},
    guard::{Class, Deadline, Operation, Resend},
    model::Namespace,
    orchestrator::Connection,
    pauses::Pauses,
};

/// What a transaction may take, whoever asks for more. MongoDB ends one after 60 s by itself.
const LONGEST: Duration = Duration::from_secs(40);
/// The first and the longest pause before the body runs again, or a commit is asked for again.
pub(super) const PAUSES: (Duration, Duration) =
    (Duration::from_millis(5), Duration::from_millis(500));

/// What is said where a body returns `Ok` although a call failed.
const IGNORED: &str = "a call of it failed and its body went on; return that error";

type Driver<T> = mongodb::error::Result<T>;

/// What a transaction spans and how long it may take.
#[derive(Debug)]
pub(super) struct Plan {
    /// The connection whose client runs it.
    pub(super) lender: Arc<Connection>,
    pub(super) places: Vec<Place>,
    pub(super) limit: Option<Duration>,
    pub(super) within: Option<Deadline>,
}

/// Runs `body` in a transaction on the client of one connection.
pub(crate) async fn run_on<R, E>(
    lender: &Arc<Connection>,
    within: Option<Deadline>,
    body: impl AsyncFnMut(Lent) -> Result<R, E>,
) -> Result<R, E>
where
    E: From<Error>,
{
    let plan = Plan {
        lender: lender.clone(),
        places: Vec::new(),
        limit: None,
        within,
    };
    plan.run(Lent::clone, body).await
}

/// The same for as long as any transaction may take, whatever `WRITE_DEADLINE` says.
pub(crate) async fn run_long_on<R, E>(
    lender: &Arc<Connection>,
    body: impl AsyncFnMut(Lent) -> Result<R, E>,
) -> Result<R, E>
where
    E: From<Error>,
{
    let plan = Plan {
        lender: lender.clone(),
        places: Vec::new(),
        limit: Some(LONGEST),
        within: None,
    };
    plan.run(Lent::clone, body).await
}

/// What is known of a transaction beside its answer, also where it is cut off.
struct Progress<E> {
    /// A commit was sent, and no answer says what became of it.
    is_commit_open: bool,
    /// The body's own error, where the database's was told to the guard.
    refused: Option<E>,
}

/// How one run of the body ended.
enum Ended<R, E> {
    Committed(R),
    /// Nothing of it is kept, for a reason that is the body's.
    Refused(E),
    /// Nothing of it is kept, or what became of it is not known, for a reason of the database's.
    Failed(mongodb::error::Error, Option<E>),
}

impl Plan {
    /// Runs `body` with what `join` makes of each attempt; see [`Transaction::run`](super::Transaction::run).
    pub(super) async fn run<J, R, E>(
        &self,
        join: impl Fn(&Lent) -> J,
        mut body: impl AsyncFnMut(J) -> Result<R, E>,
    ) -> Result<R, E>
    where
        E: From<Error>,
    {
        let mut progress = Progress {
            is_commit_open: false,
            refused: None,
        };
        let within = Some(at_most_longest(self.within));
        let whole = operation(&self.lender, "transaction", self.limit, within);
        let guard = &self.lender.guard;
        let ended = guard
            .once(whole, |attempt| {
                self.drive(attempt.deadline, &mut progress, &join, &mut body)
            })
            .await;
        match ended {
            Ok(answer) => answer,
            Err(error) if progress.is_commit_open => {
                let commit = operation(&self.lender, "commit_transaction", None, None);
                Err(unknown(commit, error).into())
            }
            // The time was up, whatever an earlier run ended with. No commit was sent.
            Err(Error::DeadlineExceeded {
                operation, limit, ..
            }) => Err(Error::DeadlineExceeded {
                operation,
                limit,
                sent: false,
            }
            .into()),
            Err(error @ Error::ShuttingDown) => Err(error.into()),
            Err(error) => Err(progress.refused.unwrap_or_else(|| error.into())),
        }
    }

    async fn drive<J, R, E>(
        &self,
        deadline: Deadline,
        progress: &mut Progress<E>,
        join: &impl Fn(&Lent) -> J,
        body: &mut impl AsyncFnMut(J) -> Result<R, E>,
    ) -> Driver<Result<R, E>>
    where
        E: From<Error>,
    {
        if let Err(error) = check::all(&self.lender, &self.places, deadline).await {
            return Ok(Err(error.into()));
        }
        let mut pauses = Pauses::around(PAUSES.0, PAUSES.1);
        loop {
            match self.once(deadline, progress, join, body).await? {
                Ended::Committed(value) => return Ok(Ok(value)),
                Ended::Refused(error) => return Ok(Err(error)),
                Ended::Failed(error, _) if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => {
                    sleep(pauses.pause()).await;
                }
                Ended::Failed(error, own) => {
                    progress.refused = own;
                    return Err(error);
                }
            }
        }
    }

    /// Runs the body once, in a session of its own, and commits or aborts.
    async fn once<J, R, E>(
        &self,
        deadline: Deadline,
        progress: &mut Progress<E>,
        join: &impl Fn(&Lent) -> J,
        body: &mut impl AsyncFnMut(J) -> Result<R, E>,
    ) -> Driver<Ended<R, E>>
    where
        E: From<Error>,
    {
        let lending = self.begin(deadline).await?;
        let joint = &lending.0.joint;
        let result = body(join(&lending.0)).await;
        let Some(mut session) = joint.end() else {
            let running = "a call of it was still running when its body ended";
            return Ok(Ended::Refused(joint.refusal(running).into()));
        };
        match (result, joint.abort()) {
            (Ok(value), None) => Ok(
                match commit(&mut session, &mut progress.is_commit_open).await {
                    Ok(()) => Ended::Committed(value),
                    Err(error) => Ended::Failed(error, None),
                },
            ),
            (result, abort) => {
                // Not left to the server: a missing right, for one, leaves the transaction open there.
                drop(session.abort_transaction().await);
                let own = result
                    .err()
                    .unwrap_or_else(|| joint.refusal(IGNORED).into());
                Ok(match abort {
                    Some(Abort::Driver(error)) => Ended::Failed(error, Some(own)),
                    _ => Ended::Refused(own),
                })
            }
        }
    }

    async fn begin(&self, deadline: Deadline) -> Driver<Lending> {
        let mut session = self.lender.client.start_session().await?;
        let options = options(deadline);
        session.start_transaction().with_options(options).await?;
        Ok(Lending(Lent {
            lender: self.lender.clone(),
            joint: Joint::new(self.lender.declared.name, session),
            deadline,
        }))
    }
}

fn at_most_longest(given: Option<Deadline>) -> Deadline {
    let longest = Deadline::within(LONGEST);
    given.map_or(longest, |given| longest.or_sooner(given))
}

/// Returns the operation of a step that concerns no collection.
pub(super) fn operation(
    connection: &Connection,
    name: &'static str,
    timeout: Option<Duration>,
    within: Option<Deadline>,
) -> Operation {
    Operation {
        name,
        database: connection.declared.name,
        namespace: Namespace {
            database: connection.name.clone(),
            collection: "$cmd",
        },
        is_tenants: false,
        is_joint: false,
        class: Class::Transaction,
        resend: Resend::UnsentOnly,
        timeout,
        within,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_transaction_is_given_less_than_45_s_whoever_asks_for_more() {
        let hour = Deadline::within(Duration::from_secs(3600));
        let second = Deadline::within(Duration::from_secs(1));

        for given in [None, Some(hour)] {
            assert_eq!(at_most_longest(given).limit(), LONGEST);
        }
        assert_eq!(at_most_longest(Some(second)), second);
        const { assert!(LONGEST.as_secs() < 45) };
    }
}
