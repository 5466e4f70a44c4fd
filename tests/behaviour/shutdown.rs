//! Going down: calls in flight end, the rest is cut off, every client closes within a bound.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use models::customer_services::Plan;
use mongoplex::{Error, Shutdown, bson::doc};
use mongoplex_testing::shared;

use crate::house::{House, eventually};

fn plan(number: i64) -> Plan {
    let code = format!("p{number}");
    Plan {
        name: code.clone(),
        code,
        monthly_price: number,
    }
}

async fn stocked(test: &str) -> House {
    let house = House::on(shared(), test, &[("DB_READ_DEADLINE", "60s")]).await;
    house
        .customer()
        .collection::<Plan>()
        .insert_many((0..300).map(plan))
        .await
        .unwrap();
    house
}

#[tokio::test]
async fn calls_in_flight_end_and_later_ones_are_refused() {
    let house = stocked("shutdown_drain").await;
    let plans = house.customer().collection::<Plan>();
    let slow = plans.find_one(doc! { "code": "p0", "$where": "sleep(700) || true" });

    let (answer, (how, refused)) = tokio::join!(slow.into_future(), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let going = house.databases.shutdown(Duration::from_secs(20));
        let late = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            plans.find_one(doc! {}).await
        };
        tokio::join!(going, late)
    });

    assert!(answer.unwrap().is_some());
    assert_eq!(how, Shutdown::Complete);
    assert!(matches!(refused, Err(Error::ShuttingDown)), "{refused:?}");
    house.close().await;
}

#[tokio::test]
async fn calls_that_outlast_the_grace_are_cut_off_and_counted() {
    let house = stocked("shutdown_cut").await;
    let plans = house.customer().collection::<Plan>();
    let slow = || {
        plans
            .find_one(doc! { "$where": "sleep(1000) || false" })
            .into_future()
    };

    let (first, second, how) = tokio::join!(slow(), slow(), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        house.databases.shutdown(Duration::from_millis(200)).await
    });

    assert!(matches!(first, Err(Error::ShuttingDown)), "{first:?}");
    assert!(matches!(second, Err(Error::ShuttingDown)), "{second:?}");
    assert_eq!(how, Shutdown::CutOff { calls: 2 });
    let again = house.databases.shutdown(Duration::ZERO).await;
    assert_eq!(again, how, "safe to call twice");
    house.close().await;
}

#[tokio::test]
async fn databases_that_are_forgotten_leave_no_probe_behind() {
    let names = mongoplex_testing::TestDatabases::new("shutdown_forgotten");
    let config = crate::house::config(&names, &[]);
    let builder = mongoplex::Databases::builder(crate::house::registry(), config);
    let databases = builder.connect().await.unwrap();
    let health = databases.health().clone();
    eventually("probed", async || health.snapshot().is_ready()).await;

    drop(databases);

    eventually("nobody looks any more", async || {
        !health.snapshot().is_ready()
    })
    .await;
    names.drop().await;
}

#[tokio::test]
async fn an_open_cursor_and_session_do_not_hold_it_up() {
    let house = stocked("shutdown_cursor").await;
    let plans = house.customer().collection::<Plan>();
    let mut cursor = plans.find(doc! {}).batch_size(2_u32).await.unwrap();
    cursor.next().await.unwrap().unwrap();
    let _session = house.customer().start_session().await.unwrap();

    let started = Instant::now();
    let how = house.databases.shutdown(Duration::from_secs(5)).await;

    assert_eq!(how, Shutdown::Complete);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    let rest: Vec<_> = cursor.collect().await;
    assert!(
        rest.iter().any(Result::is_err),
        "a cursor of closed databases says so"
    );
    house.close().await;
}
