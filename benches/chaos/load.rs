//! The mixed load: sixteen callers that insert, change, count and read until they are stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use mongoplex::{Error, Result as Answer, bson::doc};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use super::{
    Failure,
    ledger::{Ledger, Said},
    stock::{Card, Line, Stock},
    tally::{Kind, Tally},
};

const WORKERS: u64 = 16;

/// Between two calls of a caller: the machine is for the faults, too.
const PAUSE: Duration = Duration::from_millis(5);

/// After a failure: those that come at once would else be all there is.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// From which version on a card is full.
const FULL: i64 = 40;

/// How long the callers may take to end: the longest deadline and some time on a busy machine.
const END_WITHIN: Duration = Duration::from_secs(45);

pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    workers: JoinSet<Result<(), Failure>>,
}

impl Load {
    pub(crate) fn start(stock: &Arc<Stock>, ledger: &Arc<Ledger>, tally: &Arc<Tally>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for worker in 0..WORKERS {
            let caller = Caller {
                worker,
                stock: stock.clone(),
                ledger: ledger.clone(),
                tally: tally.clone(),
            };
            workers.spawn(caller.work(stop.clone()));
        }
        Self { stop, workers }
    }

    /// Stops the callers and returns how many of them hang.
    pub(crate) async fn end(mut self) -> Result<usize, Failure> {
        self.stop.store(true, Ordering::Relaxed);
        let latest = Instant::now() + END_WITHIN;
        while let Ok(Some(ended)) = timeout_at(latest, self.workers.join_next()).await {
            ended??;
        }
        let hanging = self.workers.len();
        self.workers.shutdown().await;
        Ok(hanging)
    }
}

struct Caller {
    worker: u64,
    stock: Arc<Stock>,
    ledger: Arc<Ledger>,
    tally: Arc<Tally>,
}

impl Caller {
    async fn work(self, stop: Arc<AtomicBool>) -> Result<(), Failure> {
        for number in 0.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let said = match self.worker % 16 {
                0..6 => self.insert(number).await?,
                6..10 => self.change(number).await?,
                10..13 => self.count(number).await?,
                _ => self.read(number).await,
            };
            let is_well = said == Said::Done;
            sleep(if is_well { PAUSE } else { AFTER_FAILURE }).await;
        }
        Ok(())
    }

    async fn insert(&self, number: u64) -> Result<Said, Failure> {
        let worker = self.worker;
        let insert = self.stock.lines.insert_one(Line { worker, number });
        let answer = self.call(Kind::Write, insert).await;
        let said = said(&answer);
        let id = answer.ok().and_then(|done| done.inserted_id.as_object_id());
        let id = id.map_or_else(|| "-".to_owned(), |id| id.to_hex());
        let what = format_args!("line {worker} {number} {id}");
        self.ledger.note(said, what)?;
        Ok(said)
    }

    async fn change(&self, number: u64) -> Result<Said, Failure> {
        let (worker, id) = (self.worker, self.stock.card(number));
        let find = self.stock.cards.find_by_id(id).stored();
        let version = match self.call(Kind::Read, find).await {
            Ok(Some(card)) if card.version >= FULL => return self.deal(number).await,
            Ok(Some(card)) => card.version,
            Ok(None) => {
                self.tally.misses();
                return Ok(Said::Failed);
            }
            Err(_) => return Ok(Said::Failed),
        };
        let change =
            doc! { "version": version + 1, "worker": worker as i64, "number": number as i64 };
        let update = self.stock.cards.update_one(
            doc! { "_id": id, "version": version },
            doc! { "$push": { "history": change } },
        );
        let answer = self.call(Kind::Write, update).await;
        let is_stale = answer.as_ref().is_ok_and(|done| done.matched_count == 0);
        // Somebody else was first: the change must not be there.
        let said = if is_stale {
            Said::Failed
        } else {
            said(&answer)
        };
        let what = format_args!("change {worker} {number} {id} {}", version + 1);
        self.ledger.note(said, what)?;
        Ok(if is_stale { Said::Done } else { said })
    }

    async fn deal(&self, place: u64) -> Result<Said, Failure> {
        let create = self.stock.cards.create(Card { history: vec![] });
        let answer = self.call(Kind::Write, create).await;
        let said = said(&answer);
        match answer {
            Ok(card) => {
                self.ledger.note(said, format_args!("card {}", card.id))?;
                self.stock.deal(place, card.id);
            }
            Err(_) => self.ledger.note(said, format_args!("card -"))?,
        }
        Ok(said)
    }

    async fn count(&self, number: u64) -> Result<Said, Failure> {
        let counted = &self.stock.counted;
        let id = counted[number as usize % counted.len()];
        let increment = doc! { "$inc": { "count": 1_i64 } };
        let update = self.stock.counters.update_by_id(id, increment);
        let answer = self.call(Kind::Write, update).await;
        let said = said(&answer);
        self.ledger.note(said, format_args!("count {id}"))?;
        Ok(said)
    }

    async fn read(&self, number: u64) -> Said {
        if number.is_multiple_of(2) {
            let find = self.stock.counters.find_by_id(self.stock.counted[0]);
            let answer = self.call(Kind::Read, find).await;
            if let Ok(None) = answer {
                self.tally.misses();
            }
            return said(&answer);
        }
        let find = self.stock.lines.find(doc! {}).limit(20);
        said(&self.call(Kind::Read, find).await)
    }

    async fn call<T>(&self, kind: Kind, call: impl IntoFuture<Output = Answer<T>>) -> Answer<T> {
        let began = self.tally.begins();
        let answer = call.await;
        self.tally.ends(began, kind, said(&answer));
        answer
    }
}

fn said<T>(answer: &Result<T, Error>) -> Said {
    match answer {
        Ok(_) => Said::Done,
        Err(error) if error.is_ambiguous() => Said::Unknown,
        Err(_) => Said::Failed,
    }
}
