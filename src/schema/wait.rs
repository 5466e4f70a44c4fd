//! Says that something takes long, while it does.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use crate::model::Namespace;

/// When a build is first told of, and how often after that.
const FIRST: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_secs(10);

/// Indexes whose building has not ended: a large collection is read through, or somebody else began
/// it and the server lets the second wait for the first.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waiting<'a> {
    /// The collection.
    pub namespace: &'a Namespace,
    /// The indexes' names.
    pub indexes: &'a [String],
    /// Since when, 2 s at first and then 10 s more each time.
    pub elapsed: Duration,
}

impl fmt::Display for Waiting<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "waiting for the building of index `{}` on {}, for {} s so far; the server goes on with it whoever waits",
            self.indexes.join("`, `"),
            self.namespace,
            self.elapsed.as_secs()
        )
    }
}

type Tell = dyn Fn(&Waiting<'_>) + Send + Sync;

/// Who is told; the log where nobody is named.
#[derive(Clone, Default)]
pub(super) struct Told(Option<Arc<Tell>>);

impl Told {
    pub(super) fn new(tell: impl Fn(&Waiting<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Waits for a build, telling of it after 2 s and every 10 s from then on.
    pub(super) async fn during<T>(
        &self,
        namespace: &Namespace,
        indexes: &[String],
        build: impl Future<Output = T>,
    ) -> T {
        let (started, mut pause) = (Instant::now(), FIRST);
        let mut build = pin!(build);
        loop {
            tokio::select! {
                biased;
                answer = &mut build => return answer,
                () = sleep(pause) => {}
            }
            pause = AGAIN;
            let waiting = Waiting {
                namespace,
                indexes,
                elapsed: started.elapsed(),
            };
            match &self.0 {
                Some(tell) => tell(&waiting),
                None => tracing::info!(db.namespace = %namespace, "{waiting}"),
            }
        }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "told" } else { "logged" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_build_is_told_of_at_2_12_and_22_seconds_and_a_short_one_never() {
        let seconds: Arc<Mutex<Vec<u64>>> = Arc::default();
        let (at, names) = (seconds.clone(), ["email_1".to_owned()]);
        let told = Told::new(move |waiting| {
            assert_eq!(waiting.indexes, ["email_1"]);
            let mut at = at.lock().unwrap_or_else(PoisonError::into_inner);
            at.push(waiting.elapsed.as_secs());
        });
        let namespace = Namespace {
            database: "shop".into(),
            collection: "users",
        };

        for length in [1, 25] {
            let build = sleep(Duration::from_secs(length));
            told.during(&namespace, &names, build).await;
        }

        assert_eq!(*seconds.lock().unwrap(), [2, 12, 22]);
    }
}
