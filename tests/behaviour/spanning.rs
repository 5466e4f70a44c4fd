//! Transactions over several logical databases and tenants: both or neither, whatever goes wrong.

mod faults;
mod refused;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use futures_util::{TryStreamExt, future::join_all};
use models::{
    admin_server::{Admin, Setting, User, setting::SettingValue, user::UserRole},
    customer_services::{Customer, Member, Plan},
};
use mongoplex::{
    Collection, Database, Error, Result,
    audit::{Action, Entry},
    bson::doc,
};

use crate::house::House;

fn user(email: &str) -> User {
    User {
        email: email.into(),
        first_name: "Ada".into(),
        last_name: "Lovelace".into(),
        role: UserRole::Support,
        is_active: true,
        password_hash: None,
    }
}

fn member(email: &str) -> Member {
    let fields = doc! { "email": email, "firstName": "Ada", "lastName": "Lovelace" };
    mongoplex::bson::deserialize_from_document(fields).unwrap()
}

/// A counter in each of the two databases, and what a transaction does to both.
struct Counters {
    admin: Database<Admin>,
    customer: Database<Customer>,
}

impl Counters {
    async fn of(house: &House) -> Self {
        let (admin, customer) = (house.admin(), house.customer());
        let setting = Setting {
            key: "n".into(),
            value: SettingValue::Whole(0),
            description: None,
            category: None,
            is_public: false,
        };
        admin.collection().insert_one(setting).await.unwrap();
        let plan = Plan {
            code: "n".into(),
            name: "n".into(),
            monthly_price: 0,
        };
        customer.collection().insert_one(plan).await.unwrap();
        Self { admin, customer }
    }

    /// Counts both up in one transaction; `runs` counts how often its body runs.
    async fn up(&self, runs: &Arc<AtomicU32>) -> Result<()> {
        let runs = runs.clone();
        let both = self.customer.transaction().with(&self.admin);
        both.run(async move |(customer, admin)| {
            runs.fetch_add(1, Ordering::SeqCst);
            let plans = customer.collection::<Plan>();
            let more = doc! { "$inc": { "monthlyPrice": 1 } };
            plans.update_one(doc! { "code": "n" }, more).await?;
            let settings = admin.collection::<Setting>();
            let more = doc! { "$inc": { "value": 1_i64 } };
            settings
                .update_one(doc! { "key": "n" }, more)
                .await
                .map(drop)
        })
        .await
    }

    /// Returns both.
    async fn read(&self) -> (i64, i64) {
        let plan = self.customer.collection::<Plan>().find_one(doc! {}).await;
        let setting = self.admin.collection::<Setting>().find_one(doc! {}).await;
        let SettingValue::Whole(value) = setting.unwrap().unwrap().value else {
            panic!("no number");
        };
        (plan.unwrap().unwrap().monthly_price, value)
    }
}

/// Creates an administrator who is a member of a tenant too, with an entry of it.
async fn employ(house: &House, email: &'static str, fails: bool) -> Result<()> {
    let (admin, acme) = (house.admin(), house.tenant("acme").await);
    let all = admin.transaction().with(&acme).with(&house.customer());
    all.run(async move |(admin, acme, customer)| -> Result<()> {
        let users = admin.collection::<User>();
        let id = users.insert_one(user(email)).await?.inserted_id;
        acme.collection::<Member>()
            .insert_one(member(email))
            .await?;
        let plans = customer.collection::<Plan>();
        assert_eq!(plans.count_documents(doc! {}).await?, 0);
        let entry = Entry::new(
            "somebody",
            Action::Create,
            "users",
            id.to_string(),
            Vec::new(),
        );
        admin.audit_trail().write(&entry).await?;
        if fails {
            users.insert_one(user(email)).await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn two_databases_and_a_tenants_hold_all_of_it_or_nothing() {
    let house = House::new("spanning_all").await;
    let (admin, acme) = (house.admin(), house.tenant("acme").await);

    employ(&house, "a@example.org", false).await.unwrap();
    let failed = employ(&house, "b@example.org", true).await.unwrap_err();

    assert!(matches!(failed, Error::Duplicate { .. }), "{failed:?}");
    let users = admin.collection::<User>().count_documents(doc! {});
    let members = acme.collection::<Member>().count_documents(doc! {});
    let entries = admin.collection::<Entry>();
    let entries = entries.count_documents(doc! { "collection": "users" });
    assert_eq!(users.await.unwrap(), 1);
    assert_eq!(members.await.unwrap(), 1);
    assert_eq!(entries.await.unwrap(), 1);
    house.close().await;
}

#[tokio::test]
async fn conflicts_run_bodies_again_until_each_has_counted_once() {
    let house = House::on(
        mongoplex_testing::shared(),
        "spanning_conflict",
        &[("DB_WRITE_DEADLINE", "30s")],
    )
    .await;
    let counters = Counters::of(&house).await;
    let runs = Arc::new(AtomicU32::new(0));

    let all = join_all((0..12).map(|_| counters.up(&runs))).await;

    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(counters.read().await, (12, 12));
    assert!(runs.load(Ordering::SeqCst) > 12, "some ran again");
    house.close().await;
}

/// Several batches, each lent the session anew, with a write between two of them.
#[tokio::test]
async fn a_cursor_in_a_transaction_sees_its_writes_and_lets_others_in_between() {
    let house = House::new("spanning_cursor").await;
    let both = house.customer().transaction().with(&house.admin());

    let seen = both.run(async move |(customer, admin)| -> Result<Vec<String>> {
        let plans = customer.collection::<Plan>();
        let plan = |n: i32| Plan {
            code: n.to_string(),
            name: "p".into(),
            monthly_price: 1,
        };
        plans.insert_many((0..7).map(plan)).await?;
        let mut found = plans.find(doc! {}).batch_size(2_u32).await?;
        let mut codes = Vec::new();
        while let Some(plan) = found.try_next().await? {
            let email = format!("{}@example.org", plan.code);
            admin.collection().insert_one(user(&email)).await?;
            codes.push(plan.code);
        }
        Ok(codes)
    });

    assert_eq!(seen.await.unwrap(), ["0", "1", "2", "3", "4", "5", "6"]);
    let users = house.admin().collection::<User>();
    assert_eq!(users.count_documents(doc! {}).await.unwrap(), 7);
    house.close().await;
}

#[tokio::test]
async fn a_scan_is_refused_in_a_transaction_which_ends_with_its_primary() {
    let house = House::new("spanning_scan").await;

    let scanned = house.customer().transaction();
    let scanned = scanned.run(async move |customer| -> Result<()> {
        customer.collection::<Plan>().scan(doc! {}).await.map(drop)
    });

    let error = scanned.await.unwrap_err();
    assert!(matches!(error, Error::Transaction { .. }), "{error}");
    house.close().await;
}

/// Handed out of the body, a collection would write on its own, or into the next attempt.
#[tokio::test]
async fn beyond_its_body_and_with_another_session_a_collection_is_refused() {
    let house = House::new("spanning_beyond").await;
    let (customer, kept) = (house.customer(), Arc::new(Mutex::new(None)));
    let (keep, other) = (kept.clone(), Arc::new(customer.clone()));

    let given = customer.transaction();
    let given = given.run(async move |customer| -> Result<()> {
        let plans = customer.collection::<Plan>();
        let mut session = other.start_session().await?;
        *keep.lock().unwrap() = Some(plans.clone());
        plans
            .find_one(doc! {})
            .session(&mut session)
            .await
            .map(drop)
    });
    let given = given.await;
    let beyond: Collection<Plan> = kept.lock().unwrap().take().unwrap();
    let beyond = beyond.find_one(doc! {}).await;

    assert!(matches!(given, Err(Error::Transaction { .. })), "{given:?}");
    let beyond = beyond.unwrap_err().to_string();
    assert!(beyond.contains("`customer`: it is over"), "{beyond}");
    house.close().await;
}

/// The server has ended the transaction, and would answer every further call by asking for a new try.
#[tokio::test]
async fn a_body_that_goes_on_after_a_failed_call_commits_nothing_and_runs_once() {
    let house = House::new("spanning_ignored").await;
    let (admin, runs) = (house.admin(), Arc::new(AtomicU32::new(0)));
    let users = admin.collection::<User>();
    let ignoring = |goes_on: bool| {
        let runs = runs.clone();
        admin.transaction().run(async move |admin| -> Result<()> {
            runs.fetch_add(1, Ordering::SeqCst);
            let users = admin.collection::<User>();
            users.insert_one(user("a@example.org")).await?;
            let again = users.insert_one(user("a@example.org")).await;
            assert!(matches!(again, Err(Error::Duplicate { .. })), "{again:?}");
            match goes_on {
                true => users.find_one(doc! {}).await.map(drop),
                false => Ok(()),
            }
        })
    };

    for goes_on in [false, true] {
        let refused = ignoring(goes_on).await.unwrap_err();
        let refused = refused.to_string();
        assert!(refused.contains("a call of it failed"), "{refused}");
    }

    assert_eq!(runs.load(Ordering::SeqCst), 2, "once each");
    assert_eq!(users.count_documents(doc! {}).await.unwrap(), 0);
    house.close().await;
}

#[tokio::test]
async fn a_tenants_seal_holds_in_a_transaction() {
    let house = House::new("spanning_seal").await;
    let acme = house.tenant("acme").await;
    let both = house.admin().transaction().with(&acme);

    let refused = both.run(async move |(_, acme)| -> Result<()> {
        let there = doc! { "$lookup": { "from": { "db": "other", "coll": "x" }, "as": "x", "pipeline": [] } };
        let found = acme.collection::<Member>().aggregate([there]).await?;
        found.try_collect::<Vec<_>>().await.map(drop)
    });
    let refused = refused.await;

    assert!(
        matches!(refused, Err(Error::OutOfScope { .. })),
        "{refused:?}"
    );
    house.close().await;
}
