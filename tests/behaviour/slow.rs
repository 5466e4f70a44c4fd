//! Slow operations: every one is kept, by its shape and without a value, and explained where it went.

mod explained;
mod scene;

use std::{future::IntoFuture, time::Duration};

use self::scene::{BLOCKED, Scene};
use crate::house::{eventually, send};
use futures_util::{TryStreamExt, future::join_all};
use models::customer_services::{Client, Plan};
use mongoplex::{Error, bson::doc, monitor::SlowView, options::ReturnDocument};

fn plan(code: &str) -> Plan {
    Plan {
        code: code.into(),
        name: "CANARY".into(),
        monthly_price: 1,
    }
}

fn row(operation: &'static str, shape: &str, count: u64) -> (&'static str, String, u64) {
    (operation, shape.to_owned(), count)
}

#[tokio::test]
async fn every_slow_call_of_every_kind_is_kept_and_no_quick_one() {
    let scene = Scene::new("slow_every", &[]).await;
    let plans = scene.house.customer().collection::<Plan>();
    plans.insert_one(plan("a")).await.unwrap();
    for _ in 0..20 {
        plans.find_one(doc! { "name": "CANARY" }).await.unwrap();
    }
    assert_eq!(scene.counts(), [], "all of them were quick");
    let all = [
        "find",
        "insert",
        "update",
        "delete",
        "aggregate",
        "distinct",
        "findAndModify",
    ];
    let fault = scene.slowed(all).await;

    let finds = (0..7).map(|at| plans.find_one(doc! { "name": at.to_string(), "CANARY": at }));
    let (finds, inserted, updated, replaced, deleted, changed, found, counted, values, sums) = tokio::join!(
        join_all(finds.map(IntoFuture::into_future)),
        plans.insert_one(plan("b")).into_future(),
        plans
            .update_one(
                doc! { "code": "CANARY" },
                doc! { "$set": { "name": "CANARY" } }
            )
            .into_future(),
        plans
            .replace_one(doc! { "code": "CANARY" }, plan("c"))
            .into_future(),
        plans.delete_one(doc! { "code": "CANARY" }).into_future(),
        plans
            .find_one_and_update(
                doc! { "code": "CANARY" },
                doc! { "$inc": { "monthlyPrice": 1 } }
            )
            .sort(doc! { "monthlyPrice": -1 })
            .return_document(ReturnDocument::After)
            .into_future(),
        plans
            .find(doc! { "monthlyPrice": { "$gt": 733_519 } })
            .sort(doc! { "name": 1 })
            .into_future(),
        plans
            .count_documents(doc! { "code": { "$in": ["CANARY"] } })
            .into_future(),
        plans
            .distinct("name", doc! { "code": "CANARY" })
            .into_future(),
        plans
            .aggregate([
                doc! { "$match": { "code": "CANARY" } },
                doc! { "$group": { "_id": "$name", "CANARY": { "$sum": 1 } } }
            ])
            .into_future(),
    );

    assert!(finds.iter().all(Result::is_ok));
    inserted.unwrap();
    updated.unwrap();
    replaced.unwrap();
    deleted.unwrap();
    changed.unwrap();
    found.unwrap();
    counted.unwrap();
    values.unwrap();
    sums.unwrap();
    drop(fault);
    let slow = scene.counts();
    // As they are sent: with what the library keeps.
    let expected = [
        row(
            "aggregate",
            "[{ $match: { code: ? } }, { $group: { _id: $name, ?: { $sum: ? } } }]",
            1,
        ),
        row("count_documents", "{ code: { $in: ? } }", 1),
        row("delete_one", "{ code: ? }", 1),
        row("distinct", "{ code: ? } field name", 1),
        row("find", "{ monthlyPrice: { $gt: ? } } sort { name: 1 }", 1),
        row("find_one", "{ name: ?, ?: ? }", 7),
        row(
            "find_one_and_update",
            "{ code: ? } update { $inc: { monthlyPrice: ?, version: ? }, $set: { updatedAt: ? }, \
             $setOnInsert: { createdAt: ? } } sort { monthlyPrice: -1 }",
            1,
        ),
        row("insert_one", "document", 1),
        row("replace_one", "{ code: ? } replacement", 1),
        row(
            "update_one",
            "{ code: ? } update { $set: { name: ?, updatedAt: ? }, $setOnInsert: { createdAt: ? }, \
             $inc: { version: ? } }",
            1,
        ),
    ];
    assert_eq!(slow, expected);
    for own in scene.slow() {
        assert_eq!((own.database, own.collection), ("customer", "plans"));
        assert!(own.p95_ms >= 1_000.0 && own.p95_ms <= own.max_ms, "{own:?}");
    }
    scene.house.close().await;
}

#[tokio::test]
async fn each_class_has_its_own_threshold() {
    let settings = [
        ("DB_SLOWLOG_READ", "1s"),
        ("DB_SLOWLOG_WRITE", "1m"),
        ("DATABASE_CUSTOMER_SLOWLOG_SCAN", "1m"),
    ];
    let scene = Scene::new("slow_class", &settings).await;
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene.slowed(["find", "insert", "aggregate"]).await;

    let (read, write, scan) = tokio::join!(
        plans.find_one(doc! {}).into_future(),
        plans.insert_one(plan("a")).into_future(),
        plans.count_documents(doc! {}).into_future(),
    );

    assert!(read.is_ok() && write.is_ok() && scan.is_ok());
    drop(fault);
    assert_eq!(scene.counts(), [row("find_one", "{}", 1)]);
    scene.house.close().await;
}

#[tokio::test]
async fn late_failed_and_abandoned_calls_are_kept_and_those_that_were_refused_are_not() {
    // One place, and a long wait for it.
    let settings = [
        ("DB_MAX_POOL_SIZE", "3"),
        ("DB_POOL_RESERVE", "2"),
        ("DB_QUEUE_WAIT", "2s"),
        ("DB_RETRY_ATTEMPTS", "1"),
    ];
    let scene = Scene::new("slow_ends", &settings).await;
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene.slowed(["find"]).await;
    let late = plans
        .find_one(doc! { "name": "a" })
        .timeout(Duration::from_millis(1_020));
    assert!(matches!(late.await, Err(Error::DeadlineExceeded { .. })));
    let gone = plans.find_one(doc! { "code": "a" }).into_future();
    let left = tokio::time::timeout(Duration::from_millis(1_020), gone).await;
    assert!(left.is_err(), "its caller went away");
    fault.off().await;
    let fault = scene
        .faulty(["find"], |fault| fault.block(BLOCKED).error(2, []))
        .await;
    let failed = plans.find_one(doc! { "monthlyPrice": 1 }).await;
    assert!(matches!(failed, Err(Error::Driver { .. })), "{failed:?}");
    fault.off().await;

    let fault = scene
        .faulty(["find"], |fault| fault.block(BLOCKED * 3))
        .await;
    let (first, second) = tokio::join!(
        plans.find_one(doc! { "_id": 1 }).into_future(),
        plans.find_one(doc! { "_id": { "$gt": 1 } }).into_future(),
    );

    assert!(first.is_ok());
    assert!(
        matches!(second, Err(Error::Overloaded { .. })),
        "{second:?}"
    );
    drop(fault);
    let expected = [
        "{ _id: ? }",
        "{ code: ? }",
        "{ monthlyPrice: ? }",
        "{ name: ? }",
    ];
    assert_eq!(
        scene.counts(),
        expected.map(|shape| row("find_one", shape, 1))
    );
    scene.house.close().await;
}

#[tokio::test]
async fn batches_and_calls_of_sessions_and_transactions_are_kept_too() {
    let scene = Scene::new("slow_batches", &[]).await;
    let customer = scene.house.customer();
    let plans = customer.collection::<Plan>();
    plans
        .insert_many(["a", "b", "c", "d", "e"].map(plan))
        .await
        .unwrap();
    let mut session = customer.start_session().await.unwrap();
    let fault = scene.slowed(["getMore"]).await;

    let cursor = plans
        .find(doc! { "name": "CANARY" })
        .sort(doc! { "code": -1 })
        .batch_size(2_u32);
    let found: Vec<_> = cursor.await.unwrap().try_collect().await.unwrap();
    assert_eq!(found.len(), 5);
    let scan = plans.scan(doc! { "name": "CANARY" }).batch_size(3);
    let found: Vec<_> = scan.await.unwrap().try_collect().await.unwrap();
    assert_eq!(found.len(), 5);
    drop(fault);
    let fault = scene.slowed(["find"]).await;
    let read = plans.find_one(doc! { "code": "a" }).session(&mut session);
    read.await.unwrap();
    let part = customer.transaction().run(async |customer| {
        let plans = customer.collection::<Plan>();
        plans.find_one(doc! { "monthlyPrice": 1 }).await
    });
    part.await.unwrap();
    drop(fault);

    let expected = [
        row("find_one", "{ code: ? }", 1),
        row("find_one", "{ monthlyPrice: ? }", 1),
        row("getMore", "{ name: ? } sort { _id: 1 }", 1),
        row("getMore", "{ name: ? } sort { code: -1 }", 2),
    ];
    assert_eq!(scene.counts(), expected);
    // Batches are explained by the find that began them; what a session sees is its own.
    eventually("both are explained", async || {
        let slow = scene.slow();
        slow.iter().filter(|own| own.plan.is_some()).count() == 2
    })
    .await;
    let heard = scene.heard();
    let sorts = heard
        .iter()
        .map(|(_, command)| command.get_document("explain").unwrap());
    assert!(
        sorts
            .into_iter()
            .all(|command| command.contains_key("sort")),
        "{heard:?}"
    );
    scene.house.close().await;
}

#[tokio::test]
async fn tenants_share_a_group_and_nothing_of_theirs_is_shown_anywhere() {
    let scene = Scene::new("slow_shown", &[]).await;
    let tenants = [
        scene.house.tenant("acme").await,
        scene.house.tenant("globex").await,
    ];
    let server = scene.house.clients_server();
    let fault = scene.slowed(["find"]).await;

    let calls = tenants.iter().map(|tenant| {
        let clients = tenant.collection::<Client>();
        clients
            .find_one(doc! { "companyName": "CANARY", "CANARY": 1 })
            .into_future()
    });
    join_all(calls).await;
    drop(fault);

    let shown = send(&server, "GET /monitor/slow", &[], "").await.body;
    let snapshot = send(&server, "GET /monitor/snapshot", &[], "").await.body;
    assert_eq!(shown["slow"].as_array().unwrap().len(), 1);
    let own = &shown["slow"][0];
    assert_eq!(own["shape"], "{ companyName: ?, ?: ?, deletedAt: ? }");
    assert_eq!(
        (&own["count"], &own["operation"]),
        (&2.into(), &"find_one".into())
    );
    assert!(own["p95Ms"].as_f64() >= Some(1_000.0) && own["maxMs"].as_f64() >= Some(1_000.0));
    assert!(own["lastAt"].as_str().unwrap().ends_with('Z'), "{own}");
    for field in ["plan", "examined", "returned", "advice"] {
        assert!(own.get(field).is_some(), "{field} is there, known or not");
    }
    assert_eq!(snapshot["slow"][0]["shape"], own["shape"]);
    let metrics = crate::monitor::text(&server, "/metrics").await;
    let series = r#"mongoplex_slow_calls_total{db_system_name="mongodb",db_namespace="customer",db_collection_name="clients",db_operation_name="find_one"} 2"#;
    assert!(metrics.contains(series), "{metrics}");
    for text in [shown.to_string(), snapshot["slow"].to_string(), metrics] {
        assert!(!text.contains("CANARY"), "{text}");
    }
    scene.house.close().await;
}

#[tokio::test]
async fn without_metrics_nothing_is_kept_and_nothing_explained() {
    let scene = Scene::new("slow_off", &[("ENABLE_METRICS", "false")]).await;
    let plans = scene.house.customer().collection::<Plan>();
    let fault = scene.slowed(["find"]).await;

    plans.find_one(doc! { "name": "a" }).await.unwrap();

    drop(fault);
    assert_eq!(scene.slow(), []);
    let server = scene.house.clients_server();
    let answer = send(&server, "GET /monitor/slow", &[], "").await;
    assert_eq!(answer.status, 404);
    let heard = scene.heard.clone();
    scene.house.close().await;
    assert_eq!(*heard.lock().unwrap(), []);
}
