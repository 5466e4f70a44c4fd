//! What lets a fleet go on behind its first tenants.

use std::{fmt, sync::Arc};

use futures_util::future::BoxFuture;

use super::{
    error::Error,
    survey::Scope,
    told::{Event, Outcome, Told},
};

type Ask = dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync;

/// Asks whether all is well, from outside; nobody where it is not set.
#[derive(Clone, Default)]
pub(super) struct Gate(Option<Arc<Ask>>);

impl Gate {
    pub(super) fn new<F, A>(ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self(Some(Arc::new(move || Box::pin(ask()))))
    }

    /// Returns why the others may not follow, if they may not: one of the first has failed, is not what its
    /// record says, or whoever is asked says no.
    pub(super) async fn closed(
        &self,
        scope: &Scope,
        first: &[String],
        outcome: &Outcome,
    ) -> Result<Option<String>, Error> {
        let count = first.len();
        if !outcome.failed.is_empty() {
            let failed = outcome.failed.len();
            return Ok(Some(format!(
                "{failed} of the first {count} targets have failed"
            )));
        }
        let unsound = scope.verify(first).await?.unsound;
        if let Some(unsound) = unsound.first() {
            let what = unsound
                .findings
                .first()
                .map(|finding| finding.what.as_str());
            let what = what.unwrap_or_default();
            return Ok(Some(format!(
                "of the first {count} targets, {}: {what}",
                unsound.database
            )));
        }
        let Some(ask) = &self.0 else { return Ok(None) };
        let answer = ask().await;
        Ok(answer
            .err()
            .map(|why| format!("behind the first {count} targets the gate is closed: {why}")))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("gate")
    }
}

/// Ends a run behind its first targets.
pub(super) fn halt(told: &Told, target: String, reason: String, outcome: &mut Outcome) {
    told.tell(&Event::Halted {
        target,
        reason: reason.clone(),
    });
    outcome.halted = Some(reason);
}
