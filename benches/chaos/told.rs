//! The ledger, read: what callers were told, by what it speaks of.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    str::{FromStr, Split},
};

use mongoplex::bson::oid::ObjectId;

use super::{Failure, ledger::Said};

/// A line or a change: its caller, and the caller's number for it.
pub(crate) type Key = (u64, u64);

#[derive(Default)]
pub(crate) struct Told {
    pub(crate) entries: u64,
    pub(crate) done: u64,
    pub(crate) unknown: u64,
    pub(crate) lines: HashMap<Key, (Said, Option<ObjectId>)>,
    /// With the card and the version that it should have made.
    pub(crate) changes: HashMap<Key, (Said, ObjectId, i64)>,
    /// How often a counter surely was counted up, and how often perhaps.
    pub(crate) counts: HashMap<ObjectId, (i64, i64)>,
    pub(crate) cards: HashSet<ObjectId>,
}

impl Told {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let mut told = Self::default();
        for line in BufReader::new(File::open(path)?).lines() {
            let line = line?;
            if told.take(&line).is_none() {
                return Err(format!("`{line}` is no entry of a ledger, or its second").into());
            }
        }
        Ok(told)
    }

    /// Takes an entry; `None` where it is none, or speaks of what another one speaks of.
    fn take(&mut self, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        let said = Said::parse(words.next()?)?;
        self.entries += 1;
        self.done += u64::from(said == Said::Done);
        self.unknown += u64::from(said == Said::Unknown);
        let is_new = match words.next()? {
            "line" => {
                let (key, id) = (key(&mut words)?, words.next()?.parse().ok());
                self.lines.insert(key, (said, id)).is_none()
            }
            "change" => {
                let (key, card) = (key(&mut words)?, next(&mut words)?);
                let change = (said, card, next(&mut words)?);
                self.changes.insert(key, change).is_none()
            }
            "count" => {
                let (done, unknown) = self.counts.entry(next(&mut words)?).or_default();
                *done += i64::from(said == Said::Done);
                *unknown += i64::from(said == Said::Unknown);
                true
            }
            "card" if said == Said::Done => self.cards.insert(next(&mut words)?),
            "card" => true,
            _ => false,
        };
        is_new.then_some(())
    }
}

fn key(words: &mut Split<'_, char>) -> Option<Key> {
    Some((next(words)?, next(words)?))
}

fn next<T: FromStr>(words: &mut Split<'_, char>) -> Option<T> {
    words.next()?.parse().ok()
}
