//! Background tasks: each has an owner that stops and awaits it.

use std::{future::Future, panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The background tasks of one owner. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs a task until it ends or the owner stops it at its next await. One that panics is a bug of ours:
    /// the log says so, and what it looked after grows old.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let task = AssertUnwindSafe(stop.run_until_cancelled(task)).catch_unwind();
            if task.await.is_err() {
                tracing::error!("a background task has panicked and is gone; restart the process");
            }
        });
    }

    /// Stops all tasks and waits for none: for a `Drop`, which cannot wait.
    pub(crate) fn cancel(&self) {
        self.stop.cancel();
    }

    /// Stops all tasks and waits for them, `limit` at most.
    pub(crate) async fn stop(&self, limit: Duration) {
        self.stop.cancel();
        self.tracker.close();
        drop(tokio::time::timeout(limit, self.tracker.wait()).await);
    }
}
