//! Tells a webhook of alerts, after the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>): signed, in order, tried again within bounds.
//!
//! It takes what the monitor has to tell into a queue of its own and delivers from there: whatever the
//! receiver does, no rule is looked at any later. What is beyond the bounds is dropped, counted and logged.

mod message;
mod queue;

use std::{sync::Arc, time::Duration};

use axum::http::{StatusCode, Uri};
use mongoplex::{Config, Databases, Fault, Faults, Result, config::WebhookConfig};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::queue::Deliveries;
use self::{
    message::{Key, Message, Source},
    queue::Queue,
};
use crate::outgoing::Outgoing;

/// The pauses between the tries of a message: two minutes in all.
static PAUSES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(8),
    Duration::from_secs(30),
    Duration::from_secs(80),
];

/// How long what waits may take to be delivered when the process goes down.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// A webhook that is told of alerts until [`finish`](Self::finish).
pub(crate) struct Webhook {
    stop: CancellationToken,
    tasks: JoinSet<()>,
    queue: Arc<Queue>,
}

impl Webhook {
    /// Begins to tell the webhook, if there is one.
    ///
    /// # Errors
    /// Faults of its settings that only a client finds.
    pub(crate) fn start(
        databases: &Databases,
        config: &Config,
        servers: &[&'static str],
        deliveries: Arc<Deliveries>,
    ) -> Result<Option<Self>> {
        let Some(webhook) = &config.alerts.webhook else {
            return Ok(None);
        };
        let stop = CancellationToken::new();
        let queue = Arc::new(Queue::new(deliveries));
        let sender = Sender {
            outgoing: Outgoing::new(config.https_ca_file.as_deref())?,
            uri: uri(webhook)?,
            key: Key::new(webhook.key.expose()),
            pauses: &PAUSES,
            stop: stop.clone(),
        };
        let source = Source::new(servers, config.environment);
        let (already, transitions) = databases.monitor().transitions();
        for transition in already {
            queue.push(Message::of(&transition, &source));
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(queue.clone().fill(transitions, source, stop.clone()));
        tasks.spawn(sender.run(queue.clone()));
        Ok(Some(Self { stop, tasks, queue }))
    }

    /// Delivers what waits, each message with one more try, within five seconds in all.
    pub(crate) async fn finish(mut self) {
        self.stop.cancel();
        let mut all = async || while self.tasks.join_next().await.is_some() {};
        if timeout(FLUSH_LIMIT, all()).await.is_err() {
            self.tasks.shutdown().await;
            let left = self.queue.abandon();
            tracing::error!("{left} messages of alerts were not delivered before the end");
        }
    }
}

fn uri(webhook: &WebhookConfig) -> Result<Uri, Faults> {
    let uri = webhook.url.expose().parse();
    uri.map_err(|_| {
        let mut faults = Faults::default();
        let problem = "is no address that can be asked";
        faults.push(Fault::new("ALERT_WEBHOOK_URL", problem, "correct it"));
        faults
    })
}

/// Delivers one message after the other.
struct Sender {
    outgoing: Outgoing,
    uri: Uri,
    key: Key,
    pauses: &'static [Duration],
    stop: CancellationToken,
}

/// What came of a try.
enum Tried {
    Taken,
    /// Another try may help.
    Later(String),
    /// None will.
    Refused(String),
}

impl Sender {
    /// Delivers until there is nothing more and never will be.
    async fn run(self, queue: Arc<Queue>) {
        while let Some(message) = queue.next().await {
            let delivered = self.deliver(&message).await;
            queue.delivered(&delivered);
            match delivered {
                Ok(()) => tracing::debug!("the webhook was told of {message}"),
                Err(reason) => {
                    tracing::error!("the webhook was not told of {message}: {reason}");
                }
            }
        }
    }

    /// Tries until the message is taken, or no try is left.
    async fn deliver(&self, message: &Message) -> Result<(), String> {
        let mut reason = String::new();
        for pause in [Duration::ZERO].iter().chain(self.pauses) {
            self.stop.run_until_cancelled(sleep(*pause)).await;
            // Going down there is one try more, at once.
            let is_last = self.stop.is_cancelled();
            match self.attempt(message).await {
                Tried::Taken => return Ok(()),
                Tried::Refused(reason) => return Err(reason),
                Tried::Later(why) => reason = why,
            }
            if is_last {
                break;
            }
        }
        Err(reason)
    }

    async fn attempt(&self, message: &Message) -> Tried {
        let request = message.request(&self.uri, &self.key);
        let Ok(request) = request else {
            return Tried::Refused("no request can be made of it".into());
        };
        let status = match self.outgoing.send(request).await {
            Ok(response) => response.status(),
            Err(failed) => return Tried::Later(failed.to_string()),
        };
        let reason = format!("it answered {}", status.as_u16());
        match status {
            status if status.is_success() => Tried::Taken,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Tried::Later(reason),
            status if status.is_server_error() => Tried::Later(reason),
            status if status.is_redirection() => {
                Tried::Refused(format!("{reason}, and redirects are not followed"))
            }
            _ => Tried::Refused(reason),
        }
    }
}

#[cfg(test)]
mod tests;
