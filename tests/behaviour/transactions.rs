//! Transactions: all or nothing, run again where MongoDB asks for it. Over several databases: spanning.rs.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use models::customer_services::{Client, Plan};
use mongoplex::{
    Deadline, Error, Result,
    bson::doc,
    guard::{Observer, Outcome, Record},
};
use mongoplex_testing::{FailPoint, Fault, Nodes, own_set};
use tokio::sync::Barrier;

use crate::house::House;

fn plan(code: &str) -> Plan {
    Plan {
        code: code.into(),
        name: code.into(),
        monthly_price: 1,
    }
}

#[tokio::test]
async fn all_writes_are_there_or_none() {
    let house = House::new("transaction_all").await;
    let (customer, acme) = (house.customer(), house.tenant("acme").await);
    let (plans, clients) = (customer.collection::<Plan>(), acme.collection::<Client>());
    let write = async |code: &str, fail: bool| {
        let code = code.to_owned();
        let transaction = customer.transaction().with(&acme);
        transaction
            .run(async move |(customer, acme)| -> Result<()> {
                let plans = customer.collection::<Plan>();
                plans.insert_one(plan(&code)).await?;
                let client = doc! { "clientCode": &code, "companyName": "A" };
                let client: Client = mongoplex::bson::deserialize_from_document(client).unwrap();
                acme.collection::<Client>().insert_one(&client).await?;
                match fail {
                    true => plans.insert_one(plan(&code)).await.map(drop),
                    false => Ok(()),
                }
            })
            .await
    };

    write("a", false).await.unwrap();
    let failed = write("b", true).await.unwrap_err();

    assert!(
        matches!(failed, Error::Duplicate { .. }),
        "the body's own error: {failed:?}"
    );
    assert_eq!(plans.count_documents(doc! {}).await.unwrap(), 1);
    assert_eq!(clients.count_documents(doc! {}).await.unwrap(), 1);
    house.close().await;
}

/// Both read one plan and then change it: MongoDB lets one commit and asks the other to begin anew.
#[tokio::test]
async fn a_conflict_runs_the_body_again() {
    let house = House::new("transaction_conflict").await;
    let customer = house.customer();
    let plans = customer.collection::<Plan>();
    plans.insert_one(plan("a")).await.unwrap();
    let (runs, both) = (Arc::new(AtomicU32::new(0)), Arc::new(Barrier::new(2)));
    let raise = || {
        let (runs, both) = (runs.clone(), both.clone());
        let transaction = customer.transaction();
        transaction.run(async move |customer| -> Result<()> {
            let plans = customer.collection::<Plan>();
            let read = plans.find_one(doc! { "code": "a" }).await?.unwrap();
            if runs.fetch_add(1, Ordering::SeqCst) < 2 {
                both.wait().await;
            }
            let set = doc! { "$set": { "monthlyPrice": read.monthly_price + 1 } };
            plans.update_one(doc! { "code": "a" }, set).await.map(drop)
        })
    };

    let (one, two) = tokio::join!(raise(), raise());

    one.unwrap();
    two.unwrap();
    assert!(runs.load(Ordering::SeqCst) >= 3, "one of them ran again");
    assert_eq!(
        plans
            .find_one(doc! {})
            .await
            .unwrap()
            .unwrap()
            .monthly_price,
        3
    );
    house.close().await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_asked_for_again() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "transaction_commit", &[]).await;
    let customer = house.customer();
    let plans = customer.collection::<Plan>();
    let fault = Fault::of(["commitTransaction"], "transaction_commit/customer").close_connection();
    let lost = FailPoint::set(&set.uri("admin"), fault).await;

    let transaction = customer.transaction();
    let done = transaction.run(async move |customer| -> Result<()> {
        let plans = customer.collection::<Plan>();
        plans.insert_one(plan("a")).await.map(drop)
    });
    done.await.unwrap();

    assert!(lost.off().await >= 1);
    assert_eq!(plans.count_documents(doc! {}).await.unwrap(), 1);
    house.close().await;
}

#[tokio::test]
async fn a_transaction_ends_with_its_handles_deadline() {
    let house = House::new("transaction_late").await;
    let customer = house
        .customer()
        .within(Deadline::within(Duration::from_millis(300)));
    let plans = house.customer().collection::<Plan>();

    let transaction = customer.transaction();
    let late = transaction.run(async move |customer| -> Result<()> {
        customer.collection().insert_one(plan("a")).await?;
        std::future::pending().await
    });
    let late = tokio::time::timeout(Duration::from_secs(5), late)
        .await
        .unwrap();

    assert!(
        matches!(late, Err(Error::DeadlineExceeded { .. })),
        "{late:?}"
    );
    assert_eq!(plans.count_documents(doc! {}).await.unwrap(), 0);
    house.close().await;
}

/// Its abort is not answered either: the transaction ends all the same.
#[tokio::test]
async fn a_transaction_on_a_server_that_hangs_ends_with_the_deadline_of_a_write() {
    let set = own_set(Nodes::One).await;
    let house = House::on(&set, "transaction_hang", &[("DB_WRITE_DEADLINE", "500ms")]).await;
    let customer = house.customer();
    // Once the server goes on, the insert may come after its abort, on another connection, and would stay open
    // for the 60 s that are usual.
    let outside = house.outside("admin").await;
    let short = doc! { "setParameter": 1, "transactionLifetimeLimitSeconds": 1 };
    outside.run_command(short).await.unwrap();
    set.nodes()[0].pause();

    let transaction = customer.transaction();
    let late = transaction.run(async move |customer| -> Result<()> {
        let plans = customer.collection();
        plans.insert_one(plan("a")).await.map(drop)
    });
    let late = tokio::time::timeout(Duration::from_secs(5), late).await;
    set.nodes()[0].resume();

    assert!(matches!(late, Ok(Err(_))), "{late:?}");
    house.close().await;
}

#[tokio::test]
async fn what_the_body_refuses_is_no_failure_of_the_database() {
    let seen = Arc::new(Outcomes::default());
    let house = House::observed(
        mongoplex_testing::shared(),
        "transaction_refusal",
        &[],
        vec![seen.clone()],
    )
    .await;

    let customer = house.customer();
    let refused = customer.transaction();
    let refused = refused.run(async move |_| -> Result<()> { Err(Error::NotRegistered("x")) });
    let refused = refused.await;

    assert!(
        matches!(refused, Err(Error::NotRegistered("x"))),
        "{refused:?}"
    );
    let seen: Vec<_> = seen.0.lock().unwrap().clone();
    let of_it = seen.iter().filter(|(name, _)| *name == "transaction");
    let outcomes: Vec<Outcome> = of_it.map(|(_, outcome)| *outcome).collect();
    assert_eq!(outcomes, [Outcome::Ok]);
    house.close().await;
}

#[derive(Default)]
struct Outcomes(Mutex<Vec<(&'static str, Outcome)>>);

impl Observer for Outcomes {
    fn record(&self, record: &Record) {
        let outcome = (record.operation.name, record.outcome);
        self.0.lock().unwrap().push(outcome);
    }
}

#[tokio::test]
async fn tenants_are_audited_where_they_are_created() {
    use mongoplex::audit::Entry;
    let house = House::new("transaction_tenants").await;
    let entries = house.admin().collection::<Entry>();
    let tenancy = house.databases.tenancy().unwrap().acting_as("somebody");

    for _ in 0..2 {
        tenancy
            .create(&"acme".parse().unwrap(), "Acme")
            .await
            .unwrap();
    }

    let entry = entries.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(
        (entry.actor.as_str(), entry.document.as_str()),
        ("somebody", "acme")
    );
    assert_eq!(
        entries.count_documents(doc! {}).await.unwrap(),
        1,
        "made once"
    );
    let fault = entries.find_one(doc! { "fields": "Acme" }).await.unwrap();
    assert!(fault.is_none(), "names of fields, no values");
    house.close().await;
}
