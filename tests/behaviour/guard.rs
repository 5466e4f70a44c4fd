//! Every call has a deadline, tells the server of it, and is recorded.

use std::{
    future::IntoFuture,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use models::customer_services::Plan;
use mongoplex::{
    Deadline, Error,
    bson::doc,
    guard::{Observer, Outcome, Record, Resend},
};
use mongoplex_testing::{FailPoint, Fault, Nodes, own_set, shared};

use crate::house::House;

#[derive(Default)]
struct Seen(Mutex<Vec<(&'static str, Outcome, Resend)>>);

impl Observer for Seen {
    fn record(&self, record: &Record) {
        let operation = &record.operation;
        self.0
            .lock()
            .unwrap()
            .push((operation.name, record.outcome, operation.resend));
    }
}

/// Sleeps on the server, and honours `maxTimeMS`.
fn slow(ms: u32) -> mongoplex::bson::Document {
    doc! { "$where": format!("sleep({ms}) || true") }
}

#[tokio::test]
async fn a_call_ends_by_its_deadline_and_keeps_its_connection() {
    let set = own_set(Nodes::One).await;
    let variables = [("DB_READ_DEADLINE", "300ms"), ("DB_MIN_POOL_SIZE", "4")];
    let house = House::on(&set, "guard_deadline", &variables).await;
    let plans = house.customer().collection::<Plan>();
    plans.insert_one(plan()).await.unwrap();
    let outside = mongoplex_testing::raw(&set.uri("admin")).await;
    plans.find_one(doc! {}).await.unwrap();
    let before = created(&outside).await;

    let started = Instant::now();
    let answers = join_all((0..4).map(|_| plans.find_one(slow(5_000)).into_future())).await;

    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    for answer in answers {
        let limit = Duration::from_millis(300);
        assert!(
            matches!(answer, Err(Error::DeadlineExceeded { limit: found, .. }) if found == limit),
            "{answer:?}"
        );
    }
    // Had our timer cut them off, each would have cost its connection.
    let after = created(&outside).await;
    assert!(
        after <= before + 1,
        "{before} connections were made before, {after} after"
    );
    house.close().await;
    set.stop().await;
}

/// Returns how many connections the server has accepted so far.
async fn created(outside: &mongoplex::mongodb::Client) -> i64 {
    let status = outside
        .database("admin")
        .run_command(doc! { "serverStatus": 1 })
        .await
        .unwrap();
    let found = status
        .get_document("connections")
        .unwrap()
        .get("totalCreated")
        .unwrap();
    found.as_i64().or(found.as_i32().map(i64::from)).unwrap()
}

fn plan() -> Plan {
    Plan {
        code: "a".into(),
        name: "A".into(),
        monthly_price: 1,
    }
}

#[tokio::test]
async fn a_write_without_max_time_ends_by_its_deadline_too() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "guard_write", &[("DB_WRITE_DEADLINE", "300ms")]).await;
    let plans = house.customer().collection::<Plan>();
    let fault = Fault::of(["insert"], "guard_write/customer").block(Duration::from_secs(5));
    let blocked = FailPoint::set(&set.uri("admin"), fault).await;

    let started = Instant::now();
    let answer = plans.insert_one(plan()).await;

    assert!(
        matches!(answer, Err(Error::DeadlineExceeded { .. })),
        "{answer:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    blocked.off().await;
    house.close().await;
    set.stop().await;
}

#[tokio::test]
async fn a_handles_deadline_is_shared_by_its_calls_and_only_shortens() {
    let house = House::new("guard_within").await;
    let acme = house.tenant("acme").await;
    drop(acme);
    let within = house
        .customer()
        .within(Deadline::within(Duration::from_millis(400)));
    let plans = within.collection::<Plan>();
    house
        .customer()
        .collection::<Plan>()
        .insert_one(plan())
        .await
        .unwrap();

    let started = Instant::now();
    let answer = plans
        .find_one(slow(5_000))
        .timeout(Duration::from_secs(60))
        .await;
    assert!(
        matches!(answer, Err(Error::DeadlineExceeded { .. })),
        "{answer:?}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );

    tokio::time::sleep(Duration::from_millis(50)).await;
    let late = plans.find_one(doc! {}).await;
    assert!(
        matches!(late, Err(Error::DeadlineExceeded { .. })),
        "{late:?}"
    );
    let tenant = within.tenant(&"acme".parse().unwrap()).await;
    assert!(
        matches!(tenant, Err(Error::DeadlineExceeded { .. })),
        "{tenant:?}"
    );
    house.close().await;
}

#[tokio::test]
async fn every_call_is_recorded_with_its_outcome() {
    let seen = Arc::new(Seen::default());
    let house = House::observed(shared(), "guard_record", &[], vec![seen.clone()]).await;
    let plans = house.customer().collection::<Plan>();
    seen.0.lock().unwrap().clear();

    let plan = plan();
    plans.insert_one(&plan).await.unwrap();
    plans.insert_one(&plan).await.unwrap_err();
    plans.find_one(doc! {}).await.unwrap();
    plans
        .find_one(slow(2_000))
        .timeout(Duration::from_millis(100))
        .await
        .unwrap_err();
    plans.find_one(doc! { "$nonsense": 1 }).await.unwrap_err();
    plans
        .update_one(
            doc! { "code": &plan.code },
            doc! { "$inc": { "monthlyPrice": 1_i64 } },
        )
        .await
        .unwrap();

    let expected = [
        ("insert_one", Outcome::Ok, Resend::PinnedInsert),
        ("insert_one", Outcome::Refused, Resend::PinnedInsert),
        ("find_one", Outcome::Ok, Resend::Read),
        ("find_one", Outcome::Late, Resend::Read),
        ("find_one", Outcome::Failed, Resend::Read),
        ("update_one", Outcome::Ok, Resend::UnsentOnly),
    ];
    assert_eq!(*seen.0.lock().unwrap(), expected);
    house.close().await;
}

#[tokio::test]
async fn a_call_that_is_dropped_or_comes_too_late_is_recorded_too() {
    let seen = Arc::new(Seen::default());
    let house = House::observed(shared(), "guard_dropped", &[], vec![seen.clone()]).await;
    let plans = house.customer().collection::<Plan>();
    plans.insert_one(plan()).await.unwrap();
    seen.0.lock().unwrap().clear();

    let abandoned = plans.find_one(slow(2_000)).into_future();
    tokio::time::timeout(Duration::from_millis(100), abandoned)
        .await
        .unwrap_err();
    house.databases.shutdown(Duration::from_secs(5)).await;
    plans.find_one(doc! {}).await.unwrap_err();

    let outcomes: Vec<Outcome> = seen
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, outcome, _)| *outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Abandoned, Outcome::Rejected]);
    house.close().await;
}

#[tokio::test]
async fn a_cursors_batches_are_recorded_one_by_one() {
    let seen = Arc::new(Seen::default());
    let house = House::observed(shared(), "guard_batches", &[], vec![seen.clone()]).await;
    let plans = house.customer().collection::<Plan>();
    let many = (0..10).map(|number| Plan {
        code: format!("p{number}"),
        ..plan()
    });
    plans.insert_many(many).await.unwrap();
    seen.0.lock().unwrap().clear();

    use futures_util::TryStreamExt;
    let found: Vec<Plan> = plans
        .find(doc! {})
        .batch_size(5_u32)
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();

    assert_eq!(found.len(), 10);
    let names: Vec<&str> = seen
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(name, ..)| *name)
        .collect();
    assert_eq!(names[0], "find");
    let batches = names[1..].iter().filter(|name| **name == "getMore").count();
    assert!(
        (2..=3).contains(&batches),
        "by batch, not by document: {names:?}"
    );
    house.close().await;
}
