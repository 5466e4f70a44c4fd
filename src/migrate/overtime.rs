//! Transactions that take longer than they may: told of once, and not tried again as a conflict is.
//!
//! MongoDB ends a transaction after a while and answers then as it does after a conflict, with the label
//! that asks for another try: that one would take as long.

use std::time::Duration;

use mongodb::bson::doc;
use tokio::time::Instant;

use super::body::StepError;
use crate::{control::Control, error::Error};

/// The server's own limit where it does not tell.
const LIFETIME: Duration = Duration::from_secs(60);

/// The shortest that a server can be given.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long the runs of one transaction's body take.
pub(super) struct Overtime<'a> {
    control: &'a Control,
    began: Option<Instant>,
}

impl<'a> Overtime<'a> {
    pub(super) fn of(control: &'a Control) -> Self {
        let began = None;
        Self { control, began }
    }

    /// Notes that the body runs: again where MongoDB has asked for it, and refused where the time before was
    /// longer than the server lets a transaction live.
    pub(super) async fn begin(&mut self) -> Result<(), StepError> {
        let Some(before) = self.began.replace(Instant::now()) else {
            return Ok(());
        };
        let lasted = before.elapsed();
        if lasted < SHORTEST {
            return Ok(());
        }
        let lifetime = self.lifetime().await;
        match lasted < lifetime {
            true => Ok(()),
            false => Err(refused(lifetime, " (transactionLifetimeLimitSeconds)")),
        }
    }

    /// Returns what it means that the transaction failed.
    pub(super) fn explain(&self, error: StepError) -> StepError {
        let limit = match &error {
            StepError::Database(Error::DeadlineExceeded {
                operation, limit, ..
            }) if operation.name == "transaction" && !is_open(&error) => *limit,
            _ => return error,
        };
        // Short runs that met others all the time are something else.
        match self.began.is_some_and(|began| began.elapsed() > limit / 2) {
            true => refused(limit, ""),
            false => error,
        }
    }

    async fn lifetime(&self) -> Duration {
        let connection = self.control.connection();
        let admin = connection.client.database("admin");
        let operation = self.control.operation("getParameter", "$cmd").reading();
        let command = doc! { "getParameter": 1, "transactionLifetimeLimitSeconds": 1 };
        let asked = connection
            .guard
            .run(operation, |_| admin.run_command(command.clone()));
        // Who may not ask is told nothing.
        let Ok(reply) = asked.await else {
            return LIFETIME;
        };
        let seconds = reply
            .get_i32("transactionLifetimeLimitSeconds")
            .unwrap_or(60);
        Duration::from_secs(u64::try_from(seconds).unwrap_or(60))
    }
}

/// Returns whether a commit was sent of which nobody knows what became.
fn is_open(error: &StepError) -> bool {
    matches!(error, StepError::Database(error) if error.is_ambiguous())
}

fn refused(limit: Duration, setting: &str) -> StepError {
    StepError::refused(format!(
        "its transaction took longer than the {} s that one may take{setting}, and would again: make it a backfill, or several smaller steps",
        limit.as_secs()
    ))
}
