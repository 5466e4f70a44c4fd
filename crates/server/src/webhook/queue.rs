//! What waits to be delivered: so many messages at most, the oldest goes first where there are more.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use mongoplex::monitor::Transition;
use tokio::sync::{
    Notify,
    broadcast::{Receiver, error::RecvError},
};
use tokio_util::sync::CancellationToken;

use super::message::{Message, Source};

/// How many messages wait at most.
pub(super) const MOST: usize = 100;

/// What became of messages.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    delivered: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
}

impl Deliveries {
    /// Returns how many messages had each outcome: delivered, failed at every try, or dropped because
    /// too many waited.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("delivered", read(&self.delivered)),
            ("failed", read(&self.failed)),
            ("dropped", read(&self.dropped)),
        ]
    }
}

/// The messages that wait.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
    deliveries: Arc<Deliveries>,
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    /// Nothing is added any more.
    is_complete: bool,
}

impl Queue {
    pub(super) fn new(deliveries: Arc<Deliveries>) -> Self {
        Self {
            waiting: Mutex::default(),
            changed: Notify::new(),
            deliveries,
        }
    }

    /// Takes all that is to be told until it is stopped, and then what was told before.
    pub(super) async fn fill(
        self: Arc<Self>,
        mut transitions: Receiver<Transition>,
        source: Source,
        stop: CancellationToken,
    ) {
        loop {
            match stop.run_until_cancelled(transitions.recv()).await {
                Some(Ok(transition)) => self.push(Message::of(&transition, &source)),
                Some(Err(RecvError::Lagged(missed))) => self.dropped(missed),
                Some(Err(RecvError::Closed)) | None => break,
            }
        }
        while let Ok(transition) = transitions.try_recv() {
            self.push(Message::of(&transition, &source));
        }
        self.waiting().is_complete = true;
        self.changed.notify_one();
    }

    pub(super) fn push(&self, message: Option<Message>) {
        let Some(message) = message else {
            return;
        };
        let mut waiting = self.waiting();
        waiting.messages.push_back(message);
        let oldest = (waiting.messages.len() > MOST).then(|| waiting.messages.pop_front());
        drop(waiting);
        self.changed.notify_one();
        if let Some(oldest) = oldest.flatten() {
            self.deliveries.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                "the webhook will not be told of {oldest}: more than {MOST} messages wait"
            );
        }
    }

    fn dropped(&self, count: u64) {
        self.deliveries.dropped.fetch_add(count, Ordering::Relaxed);
        tracing::error!(
            "{count} changes of alerts came too fast, and the webhook is not told of them"
        );
    }

    /// Returns the oldest message once there is one; nothing once there will be none.
    pub(super) async fn next(&self) -> Option<Message> {
        loop {
            {
                let mut waiting = self.waiting();
                if let Some(message) = waiting.messages.pop_front() {
                    return Some(message);
                }
                if waiting.is_complete {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    pub(super) fn delivered<T, E>(&self, delivered: &Result<T, E>) {
        let counter = match delivered {
            Ok(_) => &self.deliveries.delivered,
            Err(_) => &self.deliveries.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many messages are given up: those that wait, and the one under way.
    pub(super) fn abandon(&self) -> u64 {
        let left = self.waiting().messages.drain(..).count() as u64 + 1;
        self.deliveries.failed.fetch_add(left, Ordering::Relaxed);
        left
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
