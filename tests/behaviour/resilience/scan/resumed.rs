//! How a scan goes on: from where, with which filter, how often, and across which ids.

use std::{future::IntoFuture, sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt};
use mongoplex::{
    Databases, Error, Force,
    bson::{Bson, DateTime, Document, RawDocumentBuf, doc, oid::ObjectId},
    error::Failure,
    guard::{Observer, Outcome, Record},
    mongodb::{Client, IndexModel},
};
use mongoplex_testing::{FailPoint, Fault, Nodes, OwnSet, own_set, raw};
use tokio::sync::mpsc;

use super::{BATCH, assert_each_once, fill, read};
use crate::resilience::{
    failover::SETTINGS,
    shop::{Card, Line, Order, cards, close, forget, lines, open_at, open_with, shop},
};

/// Tells of each call that ended, as it ends.
struct Seen(mpsc::UnboundedSender<(&'static str, Outcome)>);

impl Observer for Seen {
    fn record(&self, record: &Record) {
        // The test may have ended.
        let _ = self.0.send((record.operation.name, record.outcome));
    }
}

/// A set of one node with its shop, and the way past it.
struct Scene {
    set: OwnSet,
    databases: Databases,
    outside: Client,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let set = own_set(Nodes::One).await;
        let databases = open_at(name, |database| set.uri(database), &SETTINGS).await;
        let outside = raw(&set.uri("admin")).await;
        Self {
            set,
            databases,
            outside,
        }
    }

    async fn forget(&self, database: &str, collection: &str) -> usize {
        forget(&self.outside, database, collection).await
    }

    async fn close(self) {
        close(self.databases).await;
        self.outside.shutdown().immediate(true).await;
        self.set.stop().await;
    }
}

#[tokio::test]
async fn a_cursor_that_the_server_forgot_ends_a_find_and_not_a_scan() {
    let scene = Scene::new("scan_forgotten").await;
    fill(&scene.databases, 2_000).await;
    let lines = lines(&scene.databases);
    let index = IndexModel::builder().keys(doc! { "worker": 1 }).build();
    lines.create_indexes([index]).await.unwrap();
    let seven = || doc! { "worker": 7 };
    let mut find = lines.find(seven()).batch_size(BATCH).await.unwrap();
    let mut scan = lines.scan(seven()).batch_size(BATCH).await.unwrap();
    read(&mut find, 500).await;
    let mut numbers = read(&mut scan, 500).await;

    assert_eq!(scene.forget("shop", "lines").await, 2);
    let lost = find.next().await.unwrap().unwrap_err();
    let profile = doc! { "profile": 2 };
    let shop = scene.outside.database("shop");
    shop.run_command(profile).await.unwrap();
    numbers.extend(read(&mut scan, 750).await);
    shop.run_command(doc! { "profile": 0 }).await.unwrap();
    assert_eq!(scene.forget("shop", "lines").await, 1);
    numbers.extend(read(&mut scan, 750).await);

    let code = match &lost {
        Error::Driver { cause, .. } => cause.code(),
        _ => None,
    };
    assert_eq!(code, Some(43), "{lost}");
    assert_each_once(&numbers, 2_000);
    assert!(scan.next().await.is_none());
    // It went on in the index on `_id`, not from the start, and not along what may change meanwhile.
    let profile = shop.collection::<Document>("system.profile");
    let resumed = doc! { "op": "query", "ns": "shop.lines" };
    let resumed = profile.find_one(resumed).await.unwrap().unwrap();
    let count = |of| resumed.get(of).and_then(Bson::as_i32).unwrap();
    assert_eq!(count("nreturned"), 500, "{resumed}");
    assert!(count("keysExamined") <= 501, "{resumed}");
    assert_eq!(resumed.get_str("planSummary").unwrap(), "IXSCAN { _id: 1 }");
    scene.close().await;
}

#[tokio::test]
async fn a_scan_that_goes_on_keeps_filter_marks_of_deletion_limit_and_projection() {
    let scene = Scene::new("scan_filter").await;
    let cards = cards(&scene.databases);
    let text = |number: i32| match number % 3 {
        0 => format!("x{number}"),
        _ => format!("a{number}"),
    };
    let all = (0..300).map(|number| Card { text: text(number) });
    let ids = cards.insert_many(all).await.unwrap().inserted_ids;
    for number in (0..300).step_by(10) {
        cards.delete_by_id(ids[&number].clone()).await.unwrap();
    }
    let wanted = (0..300).filter(|number| number % 3 != 0 && number % 10 != 0);
    let wanted: Vec<Bson> = wanted.map(|number| ids[&number].clone()).collect();
    let of_a = || {
        cards
            .scan(doc! { "text": { "$regex": "^a" } })
            .batch_size(7)
    };

    let mut stored = of_a().stored().await.unwrap();
    let mut projected = of_a().limit(150).projection(doc! { "_id": 0, "text": 1 });
    projected = projected.batch_size(11);
    let mut projected = projected.raw().await.unwrap();
    let (mut found, mut limited) = (Vec::new(), Vec::<RawDocumentBuf>::new());
    while let Some(card) = stored.try_next().await.unwrap() {
        found.push(Bson::from(card.id));
        limited.extend(projected.try_next().await.unwrap());
        if found.len() % 25 == 0 && found.len() < 150 {
            assert_eq!(scene.forget("shop", "cards").await, 2);
        }
    }

    assert_eq!(found, wanted);
    assert_eq!(limited.len(), 150);
    for (document, id) in limited.iter().zip(&wanted) {
        let keys: Vec<_> = document.iter().map(|field| field.unwrap().0).collect();
        assert_eq!(keys, ["_id", "text"]);
        assert_eq!(
            Some(document.get_object_id("_id").unwrap()),
            id.as_object_id()
        );
    }
    let deleted = cards.deleted().scan(doc! {}).batch_size(7).await.unwrap();
    assert_eq!(deleted.count().await, 30);
    scene.close().await;
}

#[tokio::test]
async fn a_scan_goes_on_across_ids_of_all_types() {
    let scene = Scene::new("scan_types").await;
    let ids = [
        Bson::MinKey,
        Bson::Null,
        Bson::Double(f64::NAN),
        Bson::Int32(-1),
        Bson::Double(0.5),
        Bson::Int64(1 << 40),
        Bson::from("$text"),
        Bson::from(""),
        Bson::from(doc! { "a": "$b" }),
        Bson::from(ObjectId::new()),
        Bson::Boolean(false),
        Bson::from(DateTime::now()),
        Bson::MaxKey,
    ];
    let collection = scene.outside.database("shop").collection("lines");
    let documents = ids.iter().map(|id| doc! { "_id": id, "worker": 1 });
    collection.insert_many(documents).await.unwrap();
    let scan = lines(&scene.databases).scan(doc! { "worker": 1 });
    let mut scan = scan.batch_size(1).raw().await.unwrap();

    let mut found = Vec::new();
    while let Some(document) = scan.try_next().await.unwrap() {
        found.push(Document::try_from(document).unwrap());
        assert!(found.len() <= ids.len(), "it goes in circles");
        scene.forget("shop", "lines").await;
    }

    let sorted = collection.find(doc! {}).sort(doc! { "_id": 1 });
    let sorted: Vec<Document> = sorted.await.unwrap().try_collect().await.unwrap();
    let texts = |all: &[Document]| all.iter().map(Document::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&found), texts(&sorted));
    assert_eq!(found.len(), ids.len());
    scene.close().await;
}

#[tokio::test]
async fn a_tenants_scan_goes_on_in_the_tenants_database() {
    let scene = Scene::new("scan_tenant").await;
    let mut streams = Vec::new();
    for (tenant, first) in [("acme", 0), ("globex", 1_000)] {
        let id = tenant.parse().unwrap();
        let tenancy = scene.databases.tenancy().unwrap();
        tenancy.create(&id, tenant).await.unwrap();
        let orders = shop(&scene.databases).tenant(&id).await.unwrap();
        let orders = orders.collection::<Order>();
        let some = (first..first + 10).map(|number| Order { number });
        orders.insert_many(some).await.unwrap();
        let scan = orders.scan(doc! {}).batch_size(2).await.unwrap();
        streams.push((scan, first, orders.namespace().database.clone()));
    }

    for (scan, first, database) in streams {
        assert_eq!(scene.forget(&database, "orders").await, 1);
        let orders: Vec<Order> = scan.try_collect().await.unwrap();
        let numbers: Vec<i64> = orders.iter().map(|order| order.number).collect();
        assert_eq!(numbers, Vec::from_iter(first..first + 10));
    }
    scene.close().await;
}

#[tokio::test]
async fn resumes_without_a_further_document_end_and_those_with_one_do_not() {
    let name = "scan_vain";
    let scene = Scene::new(name).await;
    fill(&scene.databases, 100).await;
    let app = format!("{name}/shop");
    let lines = lines(&scene.databases);
    let mut scan = lines.scan(doc! {}).batch_size(10).await.unwrap();
    read(&mut scan, 10).await;
    // QueryPlanKilled: interrupted, and nothing that the driver tries again.
    let fault = Fault::of(["find", "getMore"], &app).error(175, []).always();
    let failing = FailPoint::set(&scene.set.uri("admin"), fault).await;

    let lost = scan.next().await.unwrap().unwrap_err();

    // The batch, and one find, whose attempts are the guard's.
    assert_eq!(failing.off().await, 1 + 3);
    assert!(matches!(&lost, Error::Driver { cause, .. } if cause.code() == Some(175)));
    assert!(scan.next().await.is_none());

    // Its finds are answered, with no document, and each of their batches fails.
    let mut scan = lines.scan(doc! {}).batch_size(0).await.unwrap();
    let fault = Fault::of(["getMore"], &app).error(43, []).always();
    let failing = FailPoint::set(&scene.set.uri("admin"), fault).await;
    let lost = scan.next().await.unwrap().unwrap_err();
    assert_eq!(failing.off().await, 1 + 3);
    assert!(matches!(&lost, Error::Driver { cause, .. } if cause.code() == Some(43)));

    let mut scan = lines.scan(doc! {}).batch_size(10).await.unwrap();
    let fault = Fault::of(["getMore"], &app).error(43, []).always();
    let failing = FailPoint::set(&scene.set.uri("admin"), fault).await;
    assert_each_once(&read(&mut scan, 100).await, 100);
    assert!(scan.next().await.is_none());
    // One after each batch but for the last one, which may be full or empty.
    let struck = failing.off().await;
    assert!((9..=10).contains(&struck), "{struck}");
    scene.close().await;
}

#[tokio::test]
async fn what_trying_again_does_not_help_ends_a_scan_at_once() {
    let name = "scan_refused";
    let scene = Scene::new(name).await;
    fill(&scene.databases, 100).await;
    let lines = lines(&scene.databases);

    let refused = lines.scan(doc! { "$nonsense": 1 }).await.unwrap_err();
    assert!(matches!(&refused, Error::Driver { cause, .. } if cause.failure() == Failure::Failed));

    let text = doc! { "$text": { "$search": "a" } };
    let refused = lines.scan(text).await.unwrap_err();
    assert!(matches!(&refused, Error::Driver { cause, .. } if cause.failure() == Failure::Failed));

    let mut scan = lines.scan(doc! {}).batch_size(10).await.unwrap();
    // Unauthorized.
    let fault = Fault::of(["getMore"], &format!("{name}/shop")).error(13, []);
    let denied = FailPoint::set(&scene.set.uri("admin"), fault.always()).await;
    read(&mut scan, 10).await;
    let lost = scan.next().await.unwrap().unwrap_err();
    assert!(matches!(&lost, Error::Driver { cause, .. } if cause.code() == Some(13)));
    assert!(scan.next().await.is_none());
    assert_eq!(denied.off().await, 1);
    scene.close().await;
}

#[tokio::test]
async fn a_scan_outlives_the_time_that_the_server_gives_one_cursor() {
    let scene = Scene::new("scan_long").await;
    fill(&scene.databases, 60).await;
    let lines = lines(&scene.databases);
    let (slow, limit) = (
        doc! { "$where": "sleep(50) || true" },
        Duration::from_secs(2),
    );

    let find = lines.find(slow.clone()).batch_size(4_u32).timeout(limit);
    let find: Result<Vec<Line>, Error> = find.await.unwrap().try_collect().await;
    let scan = lines.scan(slow).batch_size(4).timeout(limit).await.unwrap();
    let scanned: Vec<Line> = scan.try_collect().await.unwrap();

    assert!(
        matches!(find, Err(Error::DeadlineExceeded { .. })),
        "{find:?}"
    );
    let numbers: Vec<i64> = scanned.iter().map(|line| line.number).collect();
    assert_each_once(&numbers, 60);
    scene.close().await;
}

#[tokio::test]
async fn a_scan_waits_where_the_circuit_opens_under_it() {
    let scene = Scene::new("scan_waits").await;
    fill(&scene.databases, 100).await;
    let scan = lines(&scene.databases).scan(doc! {}).batch_size(10);
    let scan = scan.timeout(Duration::from_secs(3));
    let (mut freed, mut left) = (
        scan.await.unwrap(),
        lines(&scene.databases).scan(doc! {}).batch_size(10),
    );
    left = left.timeout(Duration::from_millis(300));
    let mut left = left.await.unwrap();
    let mut numbers = read(&mut freed, 10).await;
    read(&mut left, 10).await;

    assert!(scene.databases.force_circuit("shop", Force::Open));
    let mut next = freed.next();
    assert!(futures_util::poll!(&mut next).is_pending());
    let refused = left.next().await.unwrap();
    scene.databases.force_circuit("shop", Force::Free);
    numbers.push(next.await.unwrap().unwrap().number);
    numbers.extend(read(&mut freed, 89).await);

    assert!(
        matches!(refused, Err(Error::CircuitOpen { .. })),
        "{refused:?}"
    );
    assert_each_once(&numbers, 100);
    scene.close().await;
}

#[tokio::test]
async fn a_server_that_is_busy_or_a_conflict_ends_no_scan() {
    let name = "scan_busy";
    let scene = Scene::new(name).await;
    fill(&scene.databases, 100).await;
    let scan = lines(&scene.databases).scan(doc! {}).batch_size(10);
    let mut scan = scan.await.unwrap();
    let mut numbers = read(&mut scan, 10).await;

    let overload = ["SystemOverloadedError", "RetryableError"].as_slice();
    for (code, labels) in [(462, overload), (112, &[]), (143, &[])] {
        let fault = Fault::of(["getMore"], &format!("{name}/shop"));
        let fault = fault.error(code, labels.iter().copied());
        let failing = FailPoint::set(&scene.set.uri("admin"), fault).await;
        numbers.extend(read(&mut scan, 20).await);
        assert_eq!(failing.off().await, 1, "{code}");
    }

    numbers.extend(read(&mut scan, 30).await);
    assert_each_once(&numbers, 100);
    scene.close().await;
}

#[tokio::test]
async fn a_scan_that_finds_no_place_goes_on_with_its_cursor() {
    let settings = [
        ("DB_MAX_POOL_SIZE", "1"),
        ("DB_POOL_RESERVE", "0"),
        ("DB_QUEUE_WAIT", "50ms"),
    ];
    let set = own_set(Nodes::One).await;
    let (refused, mut refusals) = mpsc::unbounded_channel();
    let seen = Arc::new(Seen(refused));
    let observed = |builder: mongoplex::Connect| builder.observer(seen);
    let databases = open_with("scan_full", |name| set.uri(name), &settings, observed).await;
    fill(&databases, 100).await;
    let scan = lines(&databases).scan(doc! {}).batch_size(10);
    let mut scan = scan.await.unwrap();
    let mut left = lines(&databases).scan(doc! {}).batch_size(10);
    left = left.timeout(Duration::from_millis(200));
    let mut left = left.await.unwrap();
    let mut numbers = read(&mut scan, 10).await;
    read(&mut left, 10).await;
    // Begun and not driven on: it keeps the only place.
    let mut other = lines(&databases).find_one(doc! {}).into_future();
    assert!(futures_util::poll!(&mut other).is_pending());

    let refused_for_good = left.next().await.unwrap();
    while refusals.try_recv().is_ok() {}
    let free = async {
        while refusals.recv().await != Some(("getMore", Outcome::Rejected)) {}
        drop(other);
    };
    let (rest, ()) = tokio::join!(read(&mut scan, 90), free);
    numbers.extend(rest);

    assert!(
        matches!(refused_for_good, Err(Error::Overloaded { .. })),
        "{refused_for_good:?}"
    );
    assert_each_once(&numbers, 100);
    // No further find was needed.
    let mut sent = std::iter::from_fn(|| refusals.try_recv().ok());
    assert!(sent.all(|(name, _)| name != "find"));
    close(databases).await;
    set.stop().await;
}
