//! The application that is hurt: what is inserted, counted, and changed by version.

use std::sync::{Mutex, PoisonError};

use mongoplex::{
    Collection, Config, Database, Databases, Model, Registry, Sources, Upkeep,
    bson::{doc, oid::ObjectId},
    schema::Mode,
};
use mongoplex_testing::OwnSet;
use serde::{Deserialize, Serialize};

use super::{
    Failure,
    ledger::{Ledger, Said},
};

/// Under which name the servers know the clients; fail points strike nobody else.
pub(crate) const NAME: &str = "chaos";

/// A pool as in production, and ten times the patience: an election takes a second or two on one
/// machine, and on a busy one longer.
pub(crate) const SETTINGS: [(&str, &str); 5] = [
    ("DB_MAX_POOL_SIZE", "50"),
    ("DB_READ_DEADLINE", "20s"),
    ("DB_WRITE_DEADLINE", "30s"),
    ("DB_SCAN_DEADLINE", "30s"),
    ("DB_OUTAGE_GRACE", "20s"),
];

const COUNTERS: usize = 4;
const CARDS: usize = 8;

/// Inserted once; nobody else inserts the same.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) worker: u64,
    pub(crate) number: u64,
}

impl Model for Line {
    const COLLECTION: &str = "lines";
}

/// Counted up by many.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counter {
    pub(crate) count: i64,
}

impl Model for Counter {
    const COLLECTION: &str = "counters";
}

/// Changed by many, a version at a time; each change leaves itself in the history.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Card {
    pub(crate) history: Vec<Change>,
}

/// One change of a card, which made `version` of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) version: i64,
    pub(crate) worker: u64,
    pub(crate) number: u64,
}

impl Model for Card {
    const COLLECTION: &str = "cards";
    const UPKEEP: Upkeep = Upkeep::Stamps;
}

mongoplex::logical_database! { pub(crate) Shop = "shop", common: [Line, Counter, Card] }

/// The collections, and the documents that are worked on.
pub(crate) struct Stock {
    pub(crate) lines: Collection<Line>,
    pub(crate) counters: Collection<Counter>,
    pub(crate) cards: Collection<Card>,
    pub(crate) counted: Vec<ObjectId>,
    dealt: Vec<Mutex<ObjectId>>,
}

impl Stock {
    pub(crate) async fn fill(databases: &Databases, ledger: &Ledger) -> Result<Self, Failure> {
        let shop: Database<Shop> = databases.database()?;
        let counters: Collection<Counter> = shop.collection();
        let cards: Collection<Card> = shop.collection();
        let (mut counted, mut dealt) = (Vec::new(), Vec::new());
        for _ in 0..COUNTERS {
            let inserted = counters.insert_one(Counter { count: 0 }).await?;
            let id = inserted.inserted_id.as_object_id();
            counted.push(id.ok_or("a counter has another id than ours")?);
        }
        for _ in 0..CARDS {
            let card = cards.create(Card { history: vec![] }).await?;
            ledger.note(Said::Done, format_args!("card {}", card.id))?;
            dealt.push(Mutex::new(card.id));
        }
        Ok(Self {
            lines: shop.collection(),
            counters,
            cards,
            counted,
            dealt,
        })
    }

    /// Returns the card that lies there now.
    pub(crate) fn card(&self, place: u64) -> ObjectId {
        *self
            .place(place)
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Lays a new card in place of a full one: a long history costs memory and time at every read.
    pub(crate) fn deal(&self, place: u64, card: ObjectId) {
        *self
            .place(place)
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = card;
    }

    fn place(&self, place: u64) -> &Mutex<ObjectId> {
        &self.dealt[place as usize % self.dealt.len()]
    }
}

pub(crate) async fn open(at: impl Fn(&str) -> String) -> Result<Databases, Failure> {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_SHOP_URI", at("shop"));
    let sources = SETTINGS.iter().fold(sources, |sources, (name, value)| {
        sources.variable(*name, *value)
    });
    let registry = Registry::new().with::<Shop>();
    let config = Config::load(&registry, &[], &sources)?;
    let builder = Databases::builder(registry, config).application(NAME);
    let databases = builder.connect().await?;
    databases.schema().common(Mode::Add).await?;
    Ok(databases)
}

/// Returns the version of a set's mongod.
pub(crate) async fn version(set: &OwnSet) -> Result<String, Failure> {
    let client = mongoplex_testing::raw(&set.uri("admin")).await;
    let admin = client.database("admin");
    let info = admin.run_command(doc! { "buildInfo": 1 }).await?;
    Ok(info.get_str("version")?.to_owned())
}
