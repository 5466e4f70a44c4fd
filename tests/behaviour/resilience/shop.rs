//! A small application to hurt: two logical databases, a model of each kind.

use std::{collections::HashMap, time::Duration};

use futures_util::TryStreamExt;
use mongoplex::{
    Collection, Config, Connect, Database, Databases, GuardState, Model, Registry, Sources, Upkeep,
    bson::{Document, doc},
    mongodb::Client,
    schema::Mode,
};
use mongoplex_testing::raw;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

/// As the caller says, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) worker: i64,
    pub(super) number: i64,
}

impl Model for Line {
    const COLLECTION: &str = "lines";
}

/// With an id that the caller chooses.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Named {
    #[serde(rename = "_id")]
    pub(super) id: String,
    pub(super) number: i64,
}

impl Model for Named {
    const COLLECTION: &str = "named";
}

/// With stamps and a mark of deletion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Card {
    pub(super) text: String,
}

impl Model for Card {
    const COLLECTION: &str = "cards";
    const UPKEEP: Upkeep = Upkeep::SoftDelete;
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) number: i64,
}

impl Model for Order {
    const COLLECTION: &str = "orders";
}

mongoplex::logical_database! {
    pub(super) Shop = "shop", per_tenant: [Order], common: [mongoplex::Tenant, Line, Named, Card]
}

/// What the market sells, elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Offer {
    pub(super) name: String,
}

impl Model for Offer {
    const COLLECTION: &str = "offers";
}

mongoplex::logical_database! { pub(super) Market = "market", common: [Offer] }

/// Returns the shop's databases at a URI, the market beside it or at one of its own.
pub(super) async fn open(
    name: &str,
    uris: &[(&str, String)],
    settings: &[(&str, &str)],
) -> Databases {
    connect(name, uris, settings, |builder| builder).await
}

async fn connect(
    name: &str,
    uris: &[(&str, String)],
    settings: &[(&str, &str)],
    with: impl FnOnce(Connect) -> Connect,
) -> Databases {
    let registry = Registry::new().with::<Shop>().with::<Market>();
    let sources = Sources::default().variable("MONGOPLEX_ENV", "test");
    let sources = uris
        .iter()
        .fold(sources, |sources, (name, uri)| sources.variable(*name, uri));
    let sources = settings.iter().fold(sources, |sources, (name, value)| {
        sources.variable(*name, *value)
    });
    let config = Config::load(&registry, &[], &sources).unwrap();
    let builder = Databases::builder(registry, config).application(name);
    let databases = with(builder).connect().await.unwrap();
    databases.schema().common(Mode::Add).await.unwrap();
    databases
}

/// Returns both on one deployment, whose URI `at` makes of a database's name.
pub(super) async fn open_at(
    name: &str,
    at: impl Fn(&str) -> String,
    settings: &[(&str, &str)],
) -> Databases {
    open_with(name, at, settings, |builder| builder).await
}

/// The same, with more told to whoever connects them.
pub(super) async fn open_with(
    name: &str,
    at: impl Fn(&str) -> String,
    settings: &[(&str, &str)],
    with: impl FnOnce(Connect) -> Connect,
) -> Databases {
    let uris = [
        ("DATABASE_SHOP_URI", at("shop")),
        ("DATABASE_MARKET_URI", at("market")),
    ];
    connect(name, &uris, settings, with).await
}

pub(super) fn shop(databases: &Databases) -> Database<Shop> {
    databases.database().unwrap()
}

pub(super) fn lines(databases: &Databases) -> Collection<Line> {
    shop(databases).collection()
}

pub(super) fn cards(databases: &Databases) -> Collection<Card> {
    shop(databases).collection()
}

pub(super) fn state(databases: &Databases, database: &str) -> GuardState {
    let guards = databases.guards();
    guards
        .into_iter()
        .find(|guard| guard.database == database)
        .unwrap()
}

/// Runs calls at the same time, on all threads, and returns their answers in any order.
pub(super) async fn together<F>(calls: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    calls.collect::<JoinSet<_>>().join_all().await
}

pub(super) async fn close(databases: Databases) {
    databases.shutdown(Duration::from_secs(5)).await;
}

/// Returns how often each worker's numbers are stored, read past the library.
pub(super) async fn stored(uri: &str) -> HashMap<(i64, i64), u32> {
    let client = raw(uri).await;
    let collection = client.database("shop").collection::<Line>("lines");
    let mut cursor = collection.find(doc! {}).await.unwrap();
    let mut found = HashMap::new();
    while cursor.advance().await.unwrap() {
        let line = cursor.deserialize_current().unwrap();
        *found.entry((line.worker, line.number)).or_default() += 1;
    }
    client.shutdown().immediate(true).await;
    found
}

/// Lets the server forget all cursors of a collection that nobody reads from just now; returns how many.
pub(super) async fn forget(outside: &Client, database: &str, collection: &str) -> usize {
    let current = doc! { "$currentOp": { "allUsers": true, "idleCursors": true } };
    let namespace = format!("{database}.{collection}");
    let idle = doc! { "$match": { "type": "idleCursor", "ns": namespace } };
    let admin = outside.database("admin");
    let found = admin.aggregate([current, idle]).await.unwrap();
    let found: Vec<Document> = found.try_collect().await.unwrap();
    let id = |idle: &Document| idle.get_document("cursor").unwrap().get_i64("cursorId");
    let ids: Vec<i64> = found.iter().map(|idle| id(idle).unwrap()).collect();
    let kill = doc! { "killCursors": collection, "cursors": &ids };
    let killed = outside.database(database).run_command(kill).await.unwrap();
    let killed = killed.get_array("cursorsKilled").unwrap().len();
    assert_eq!(killed, ids.len());
    killed
}
