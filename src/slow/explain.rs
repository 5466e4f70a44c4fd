//! Asks the server what it does for a slow read: `explain`, apart from the call, one at a time.
//!
//! It goes past the guard, on the connections that calls leave to such things. What it asks with holds
//! values: it lives in memory until it was answered, and is neither logged nor shown.

use std::time::Duration;

use mongodb::{
    Database,
    bson::{Document, doc},
    options::{ReadPreference, SelectionCriteria},
};
use tokio::{sync::mpsc, time::timeout};

use super::{
    Fields, Log,
    group::Key,
    plan::{self, Finding},
};
use crate::error::Cause;

/// How long the server may take, and all of it.
const SERVER_LIMIT: Duration = Duration::from_secs(1);
const LIMIT: Duration = Duration::from_secs(3);

/// How many shapes may wait for their turn. One that finds no place is asked at its next slow call.
const PLACES: usize = 32;

/// A read that can be explained. It holds values.
pub(crate) struct Question {
    /// Where the call went: a tenant's own, where it is a tenant's.
    pub(crate) database: Database,
    /// The command, as the call sent it.
    pub(crate) command: Document,
    /// The names that may be shown.
    pub(crate) fields: Fields,
    /// What to do where no index is used.
    pub(crate) cure: Option<String>,
    pub(crate) answer: Answer,
}

/// What comes back for what is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Documents as they lie there.
    Documents,
    /// Something made of them: a count, a sum.
    Made,
}

struct Asked {
    log: Log,
    key: Key,
    question: Question,
}

/// Where questions go. Clones share it.
#[derive(Clone)]
pub(crate) struct Queue(mpsc::Sender<Asked>);

/// Asks them, one at a time.
pub(crate) struct Explainer(mpsc::Receiver<Asked>);

/// Returns a queue and who reads it.
pub(crate) fn queue() -> (Queue, Explainer) {
    let (sender, receiver) = mpsc::channel(PLACES);
    (Queue(sender), Explainer(receiver))
}

impl Queue {
    /// Returns whether it is worth the while to make a question.
    pub(super) fn has_room(&self) -> bool {
        self.0.capacity() > 0
    }

    pub(super) fn ask(&self, log: &Log, key: Key, question: Question) {
        let asked = Asked {
            log: log.clone(),
            key,
            question,
        };
        if let Err(refused) = self.0.try_send(asked) {
            refused.into_inner().give_up();
        }
    }
}

impl Asked {
    fn give_up(&self) {
        self.log.room().unasked(&self.key);
    }
}

impl Explainer {
    /// Takes a question away and asks nothing.
    #[cfg(test)]
    pub(super) async fn take_one(&mut self) {
        drop(self.0.recv().await);
    }

    /// Asks what is queued until nobody is left who could; `may_ask` tells whether a logical database
    /// may be asked now.
    pub(crate) async fn run(mut self, may_ask: impl Fn(&'static str) -> bool) {
        while let Some(asked) = self.0.recv().await {
            if may_ask(asked.log.0.database) {
                let finding = explain(&asked.question).await;
                asked.log.room().found(&asked.key, finding);
            } else {
                asked.give_up();
            }
        }
    }
}

async fn explain(question: &Question) -> Finding {
    if is_large(&question.command) {
        return Finding::refused("it is too large to be asked about");
    }
    let ran = ask(question, "executionStats").await;
    // The slowest are those that most want a plan, which needs no running.
    let answer = match ran {
        Err(Refusal::TooLong) => ask(question, "queryPlanner").await,
        other => other,
    };
    match answer {
        Ok(reply) => plan::read(&reply, question),
        Err(Refusal::TooLong) => Finding::refused("no answer came in time"),
        Err(Refusal::Because(reason)) => Finding::refused(&reason),
    }
}

/// Why there is no answer.
enum Refusal {
    TooLong,
    /// In words, without the server's.
    Because(String),
}

async fn ask(question: &Question, verbosity: &str) -> Result<Document, Refusal> {
    let command = doc! {
        "explain": &question.command,
        "verbosity": verbosity,
        "maxTimeMS": i64::try_from(SERVER_LIMIT.as_millis()).unwrap_or(i64::MAX),
    };
    let anywhere = ReadPreference::SecondaryPreferred {
        options: Default::default(),
    };
    let asking = question
        .database
        .run_command(command)
        .selection_criteria(SelectionCriteria::ReadPreference(anywhere));
    match timeout(LIMIT, async { asking.await }).await {
        Ok(Ok(reply)) => Ok(reply),
        Ok(Err(error)) => Err(refusal(error)),
        Err(_) => Err(Refusal::TooLong),
    }
}

/// More than this is not kept waiting, nor sent for an explanation.
const LARGEST: usize = 256 * 1024;

fn is_large(command: &Document) -> bool {
    mongodb::bson::serialize_to_vec(command).map_or(true, |bytes| bytes.len() > LARGEST)
}

fn refusal(error: mongodb::error::Error) -> Refusal {
    let cause = Cause::new(error);
    Refusal::Because(match cause.code() {
        Some(50) => return Refusal::TooLong,
        Some(13) => "the user has no right to".into(),
        Some(code) => format!("the server refused it with code {code}"),
        None => "no server answered".into(),
    })
}
