//! Background tasks: each has an owner that stops and awaits it.

use std::{future::Future, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The background tasks of one owner. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Runs a task until it ends or the owner stops it at its next await.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            stop.run_until_cancelled(task).await;
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
