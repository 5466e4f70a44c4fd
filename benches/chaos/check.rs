//! Holds what callers were told against what lies in the database, read past the library.

use std::{
    collections::{HashMap, HashSet},
    fmt::Arguments,
    path::Path,
};

use mongoplex::{
    Model,
    bson::{doc, oid::ObjectId},
    mongodb::Database,
};
use mongoplex_testing::raw;
use serde::Deserialize;

use super::{
    Failure,
    ledger::Said,
    stock::{Card, Change, Counter, Line},
    told::{Key, Told},
};

/// How many findings are told one by one.
const EXAMPLES: usize = 10;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) entries: u64,
    pub(crate) done: u64,
    pub(crate) unknown: u64,
    /// Acknowledged, and not there or not as it was acknowledged.
    pub(crate) lost: u64,
    /// There more often than it was asked for.
    pub(crate) doubled: u64,
    /// There, though the caller was told that it was not done, or nobody asked for it.
    pub(crate) denied: u64,
    pub(crate) examples: Vec<String>,
}

/// A document as it lies there.
#[derive(Deserialize)]
struct Lying<M> {
    #[serde(rename = "_id")]
    id: ObjectId,
    /// Of a card.
    version: Option<i64>,
    #[serde(flatten)]
    model: M,
}

/// Returns what the ledger in a file and the database at a URI say of each other.
pub(crate) async fn check(path: &Path, uri: &str) -> Result<Checked, Failure> {
    let told = Told::read(path)?;
    let mut checked = Checked {
        entries: told.entries,
        done: told.done,
        unknown: told.unknown,
        ..Checked::default()
    };
    let client = raw(&format!("{uri}&readConcernLevel=majority")).await;
    let shop = client.database("shop");
    checked.lines(&told, all(&shop).await?);
    checked.cards(&told, all(&shop).await?);
    checked.counters(&told, &all(&shop).await?);
    client.shutdown().immediate(true).await;
    Ok(checked)
}

async fn all<M: Model>(shop: &Database) -> Result<Vec<Lying<M>>, Failure> {
    let collection = shop.collection::<Lying<M>>(M::COLLECTION);
    let mut cursor = collection.find(doc! {}).await?;
    let mut found = Vec::new();
    while cursor.advance().await? {
        found.push(cursor.deserialize_current()?);
    }
    Ok(found)
}

impl Checked {
    fn lines(&mut self, told: &Told, lines: Vec<Lying<Line>>) {
        let mut found = HashSet::new();
        for line in lines {
            let key = (line.model.worker, line.model.number);
            match told.lines.get(&key) {
                _ if !found.insert(key) => self.doubles(1, format_args!("line {key:?}")),
                Some((Said::Done, id)) if *id != Some(line.id) => {
                    self.loses(1, format_args!("line {key:?} has another id than was told"));
                }
                Some((Said::Failed, _)) | None => self.denies(format_args!("line {key:?}")),
                Some(_) => {}
            }
        }
        for (key, (said, _)) in &told.lines {
            if *said == Said::Done && !found.contains(key) {
                self.loses(1, format_args!("line {key:?}"));
            }
        }
    }

    fn cards(&mut self, told: &Told, cards: Vec<Lying<Card>>) {
        let (mut found, mut there) = (HashSet::new(), HashSet::new());
        for card in cards {
            there.insert(card.id);
            let history = card.model.history;
            // It was made with version 1, and each change adds one.
            let should = 2..=card.version.unwrap_or_default();
            if !history.iter().map(|change| change.version).eq(should) {
                self.doubles(1, format_args!("history of {}: {history:?}", card.id));
            }
            for change in &history {
                self.change(told, card.id, change, &mut found);
            }
        }
        for card in told.cards.difference(&there) {
            self.loses(1, format_args!("card {card}"));
        }
        for (key, (said, card, version)) in &told.changes {
            if *said == Said::Done && !found.contains(key) {
                self.loses(
                    1,
                    format_args!("change {key:?} of {card}, version {version}"),
                );
            }
        }
    }

    fn change(&mut self, told: &Told, card: ObjectId, change: &Change, found: &mut HashSet<Key>) {
        let key = (change.worker, change.number);
        match told.changes.get(&key) {
            _ if !found.insert(key) => self.doubles(1, format_args!("change {key:?} of {card}")),
            Some((Said::Done, of, version)) if (*of, *version) != (card, change.version) => {
                self.loses(1, format_args!("change {key:?} lies elsewhere: {change:?}"));
            }
            Some((Said::Failed, ..)) | None => {
                self.denies(format_args!("change {key:?} of {card}: {change:?}"));
            }
            Some(_) => {}
        }
    }

    fn counters(&mut self, told: &Told, counters: &[Lying<Counter>]) {
        let counted: HashMap<_, _> = counters.iter().map(|is| (is.id, is.model.count)).collect();
        for (id, (done, unknown)) in &told.counts {
            let is = counted.get(id).copied().unwrap_or(0);
            let most = done + unknown;
            let what = format_args!("counter {id}: {is}, told {done} to {most}");
            if is < *done {
                self.loses(done.abs_diff(is), what);
            } else if is > most {
                self.doubles(is.abs_diff(most), what);
            }
        }
    }

    fn loses(&mut self, count: u64, what: Arguments<'_>) {
        self.lost += count;
        self.example("lost", what);
    }

    fn doubles(&mut self, count: u64, what: Arguments<'_>) {
        self.doubled += count;
        self.example("doubled", what);
    }

    fn denies(&mut self, what: Arguments<'_>) {
        self.denied += 1;
        self.example("there though it was not done", what);
    }

    fn example(&mut self, kind: &str, what: Arguments<'_>) {
        if self.examples.len() < EXAMPLES {
            self.examples.push(format!("{kind}: {what}"));
        }
    }
}
