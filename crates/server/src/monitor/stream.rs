//! The snapshot once a second, as server-sent events, until the reader goes or the server drains.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use mongoplex::monitor::Monitor;
use tokio_util::sync::CancellationToken;

use super::{About, peers::Peers, rendered};
use crate::{extract::NoParameters, requests::Requests, run::Life, webhook::Deliveries};

/// What all readers share: the snapshot is rendered once a second, however many there are.
#[derive(Debug)]
pub(super) struct Live {
    monitor: Monitor,
    about: About,
    requests: Requests,
    draining: CancellationToken,
    deliveries: Arc<Deliveries>,
    peers: Peers,
    last: Mutex<Option<(u64, Arc<str>)>>,
}

impl Live {
    pub(super) fn new(monitor: Monitor, about: About, life: &Life, peers: Peers) -> Self {
        Self {
            monitor,
            about,
            requests: life.requests.clone(),
            draining: life.draining.clone(),
            deliveries: life.deliveries.clone(),
            peers,
            last: Mutex::new(None),
        }
    }

    pub(super) fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    pub(super) fn requests(&self) -> &Requests {
        &self.requests
    }

    pub(super) fn about(&self) -> About {
        self.about
    }

    pub(super) fn deliveries(&self) -> &Deliveries {
        &self.deliveries
    }

    pub(super) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Returns what is cancelled when the server drains.
    pub(super) fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Returns the snapshot of this second as JSON, on one line.
    pub(super) fn snapshot(&self) -> Arc<str> {
        let tick = *self.monitor.ticks().borrow();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, text)) = &*last
            && *of == tick
            && !self.draining.is_cancelled()
        {
            return text.clone();
        }
        let text: Arc<str> = rendered(&self.monitor, self.about).to_string().into();
        *last = Some((tick, text.clone()));
        text
    }
}

/// Where a reader is.
enum Next {
    First,
    Tick,
    End,
}

/// The events of one reader: `snapshot` at once and then each second, `drain` as the last. A reader that
/// is slow gets the newest snapshot and not every one.
pub(super) async fn stream(
    State(live): State<Arc<Live>>,
    _: NoParameters,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let ticks = live.monitor().ticks();
    let events = stream::unfold(
        (live, ticks, Next::First),
        |(live, mut ticks, next)| async move {
            match next {
                Next::First => ticks.mark_unchanged(),
                Next::Tick => {
                    let changed = live.draining.run_until_cancelled(ticks.changed()).await;
                    if !matches!(changed, Some(Ok(()))) {
                        let last = Event::default().event("drain").data("{}");
                        return Some((last, (live, ticks, Next::End)));
                    }
                }
                Next::End => return None,
            }
            let event = Event::default().event("snapshot").data(&*live.snapshot());
            Some((event, (live, ticks, Next::Tick)))
        },
    );
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::default())
}
