//! Migrations against the driver that sends the same commands: schema and documents over many tenants, and
//! a backfill against one long update.

use std::{
    cell::Cell,
    error::Error,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, TryStreamExt, stream};
use mongoplex::{
    Config, Databases, Index, Model, Registry, Sources, TenantId,
    bson::{DateTime, Document, doc},
    migrate::{Backfill, List, Migration, Step, Tenants},
    mongodb::{Client, Collection, IndexModel},
};
use mongoplex_figures::{Arguments, Figure, Goal, Report, Side, alternate};
use mongoplex_testing::{Nodes, OwnSet, binary, own_set, raw};
use serde::{Deserialize, Serialize};

type Failure = Box<dyn Error + Send + Sync>;

/// What tenants have a database for; no migration looks at it.
#[derive(Debug, Serialize, Deserialize)]
struct Thing {
    number: i64,
}

impl Model for Thing {
    const COLLECTION: &'static str = "things";
}

mongoplex::logical_database! { Shop = "shop", per_tenant: [Thing], common: [mongoplex::Tenant] }

/// How many tenants are worked on at once, on both sides.
const AT_ONCE: usize = 4;

/// How many tenants one run works on.
const TENANTS: usize = 40;

/// How many documents each of them has that are to be changed.
const DOCUMENTS: usize = 100;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let set = own_set(Nodes::Three).await;
    let mut report = Report::new(binary().version());
    let rounds = arguments.choose(5, 1);
    let mut schema = Vec::new();
    for round in 0..rounds {
        Report::note(&format!("schema, round {}", round + 1));
        schema.push(speed(Kind::Schema, &set, round).await?);
    }
    let name = "tenants a second: a collection with two indexes";
    report.add(Figure::ratio(name, Goal::AtLeast(0.85), schema));
    let mut documents = Vec::new();
    for round in 0..rounds {
        Report::note(&format!("documents, round {}", round + 1));
        documents.push(speed(Kind::Documents, &set, round).await?);
    }
    let name = "tenants a second: documents changed in a transaction with its record";
    report.add(Figure::ratio(name, Goal::AtLeast(0.85), documents));
    for figure in backfill(&set, arguments.choose(60_000, 10_000)).await? {
        report.add(figure);
    }
    set.stop().await;
    Ok(report.finish()?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Schema,
    Documents,
}

/// Runs both sides in turn, each time at tenants that nobody has worked on. Returns ours to raw, and raw to
/// itself, as speeds.
async fn speed(kind: Kind, set: &OwnSet, round: usize) -> Result<(f64, f64), Failure> {
    let place = format!("{kind:?}{round}").to_lowercase();
    let client = raw(&set.uri(&place)).await;
    let databases = connect(set, &place, list(kind)).await?;
    let runs = 6 * 3;
    let names: Vec<String> = (0..runs * TENANTS)
        .map(|number| format!("t{number:04}"))
        .collect();
    prepare(kind, &client, &place, &names).await?;
    let next = Cell::new(0);
    let times = alternate(6, |side| {
        let from = next.replace(next.get() + TENANTS);
        let names = names[from..from + TENANTS].to_vec();
        let (client, databases, place) = (client.clone(), databases.clone(), place.clone());
        async move {
            match side {
                Side::Raw => by_hand(kind, &client, &place, names).await,
                Side::Ours => ours(&databases, names).await,
            }
        }
    });
    let (slower, control) = times.await?.latency();
    databases.shutdown(Duration::from_secs(5)).await;
    for name in client.list_database_names().await? {
        if name.starts_with(&place) {
            client.database(&name).drop().await?;
        }
    }
    Ok((1.0 / slower, 1.0 / control))
}

fn list(kind: Kind) -> List {
    let migration = match kind {
        Kind::Schema => Migration::up([
            Step::collection("things"),
            Step::indexes("things", [Index::on(&["colour"]), Index::on(&["size"])]),
        ]),
        Kind::Documents => Migration::up([Step::transaction("count", 1, async |tx| {
            let counted = doc! { "$inc": { "count": 1 } };
            tx.collection("things")
                .update_many(doc! {}, counted)
                .await?;
            Ok(())
        })]),
    };
    List::new::<Tenants<Shop>>(vec![("m20261101000000_things", migration)])
}

async fn connect(set: &OwnSet, place: &str, list: List) -> Result<Databases, Failure> {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "development")
        .variable("CONTROL_DATABASE", format!("{place}_control"))
        .variable("DATABASE_SHOP_URI", set.uri(place));
    let registry = Registry::new().with::<Shop>();
    let config = Config::load(&registry, &[], &sources)?;
    let databases = Databases::builder(registry, config).migrations(list);
    Ok(databases.connect().await?)
}

/// Writes tenants' rows, and their documents where some are to be changed.
async fn prepare(
    kind: Kind,
    client: &Client,
    place: &str,
    names: &[String],
) -> Result<(), Failure> {
    let now = DateTime::now();
    let row = |id: &String| doc! { "_id": id, "name": id, "status": "active", "createdAt": now };
    let rows = client.database(place).collection::<Document>("tenants");
    rows.insert_many(names.iter().map(row)).await?;
    if kind == Kind::Schema {
        return Ok(());
    }
    let filled = stream::iter(names).map(|id| async move {
        let things = things(client, place, id);
        let documents = (0..DOCUMENTS).map(|number| doc! { "number": number as i64 });
        things.insert_many(documents).await.map(drop)
    });
    Ok(filled.buffer_unordered(AT_ONCE).try_collect().await?)
}

fn things(client: &Client, place: &str, id: &str) -> Collection<Document> {
    client
        .database(&format!("{place}__{id}"))
        .collection("things")
}

async fn by_hand(
    kind: Kind,
    client: &Client,
    place: &str,
    names: Vec<String>,
) -> Result<(), Failure> {
    let worked = stream::iter(names).map(|id| async move {
        let things = things(client, place, &id);
        if kind == Kind::Documents {
            let counted = doc! { "$inc": { "count": 1 } };
            return things.update_many(doc! {}, counted).await.map(drop);
        }
        let database = client.database(&format!("{place}__{id}"));
        database.create_collection("things").await?;
        let indexes = ["colour", "size"].map(|field| {
            let mut keys = Document::new();
            keys.insert(field, 1);
            IndexModel::builder().keys(keys).build()
        });
        things.create_indexes(indexes).await.map(drop)
    });
    Ok(worked.buffer_unordered(AT_ONCE).try_collect().await?)
}

async fn ours(databases: &Databases, names: Vec<String>) -> Result<(), Failure> {
    let ids: Vec<TenantId> = names
        .iter()
        .map(|id| id.parse())
        .collect::<Result<_, _>>()?;
    let outcome = databases
        .migrator()
        .tenants(ids)
        .at_once(AT_ONCE)
        .up()
        .await?;
    match outcome.is_whole() {
        true => Ok(()),
        false => Err(format!("{outcome:?}").into()),
    }
}

/// A backfill against one update of everything, and what both do to somebody who writes meanwhile.
async fn backfill(set: &OwnSet, count: usize) -> Result<Vec<Figure>, Failure> {
    Report::note("backfill");
    let client = raw(&set.uri("backfill")).await;
    let filled = doc! { "$set": { "full": { "$concat": ["$first", " ", "$last"] } } };
    let step = Step::backfill(
        "full",
        Backfill::new("people", doc! { "full": null }, [filled.clone()]),
    );
    let list = List::new::<Shop>(vec![("m20261101000000_full", Migration::up([step]))]);
    let databases = connect(set, "backfill", list).await?;
    let people = client.database("backfill").collection::<Document>("people");
    let person = |number: usize| doc! { "first": format!("F{number}"), "last": "x".repeat(200) };
    for start in (0..count).step_by(1_000) {
        people
            .insert_many((start..start + 1_000).map(person))
            .await?;
    }
    let idle = meanwhile(&client, tokio::time::sleep(Duration::from_secs(3))).await?;
    let (began, pipeline) = (Instant::now(), vec![filled]);
    let once = meanwhile(&client, async {
        people.update_many(doc! {}, pipeline).await.map(drop)
    })
    .await?;
    let at_once = began.elapsed();
    people
        .update_many(doc! {}, doc! { "$unset": { "full": 1 } })
        .await?;
    let began = Instant::now();
    let migrator = databases.migrator();
    let batched = meanwhile(&client, async { migrator.up().await.map(drop) }).await?;
    let in_batches = began.elapsed();
    databases.shutdown(Duration::from_secs(5)).await;
    let speed = at_once.as_secs_f64() / in_batches.as_secs_f64();
    let name = format!(
        "speed of a backfill of {count} documents, to one `updateMany`, both beside a writer"
    );
    Ok(vec![
        Figure::plain(name, "x", Goal::AtLeast(0.65), [speed]),
        Figure::plain(
            "the writer's p99 beside the backfill, to idle",
            "x",
            Goal::AtMost(5.0),
            [batched / idle],
        ),
        Figure::plain(
            "the writer's p99 beside one `updateMany`, to idle",
            "x",
            Goal::None,
            [once / idle],
        ),
    ])
}

/// Writes one document after the other while something goes on; returns the 99th percentile in seconds.
async fn meanwhile<F: Future>(client: &Client, work: F) -> Result<f64, Failure> {
    let others = client.database("backfill").collection::<Document>("others");
    let mut times = Vec::new();
    let mut work = std::pin::pin!(work);
    loop {
        let began = Instant::now();
        let write = others.insert_one(doc! { "number": 1 });
        let mut write = std::pin::pin!(write.into_future());
        let is_over = tokio::select! {
            written = &mut write => { written?; false }
            _ = &mut work => true,
        };
        if is_over {
            break;
        }
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times
        .get(times.len() * 99 / 100)
        .copied()
        .unwrap_or_default())
}
