//! What ends a run before it has changed anything, each with its own exit code.

use mongoplex::bson::{DateTime, Document, doc};
use mongoplex_testing::{FailPoint, Fault, Lone, Nodes, Program, TestDatabases, own_set};

use super::{Ground, of, summary};
use crate::house::{MONGOPLEX, project};

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_wrong_usage_with_the_nearest_name() {
    let ground = Ground::new("migrate_usage", &["acme"]).await;

    for (line, expected) in [
        ("up --db custmer", "did you mean `customer`?"),
        ("plan --tenant acne", "did you mean `acme`?"),
        (
            "up --to 20260915093000_unique_plan_code",
            "did you mean `20260915093000_unique_plan_codes`?",
        ),
        ("up --allow-late 1", "no migration `1`"),
        (
            "up --db admin --to 20260915093000_unique_plan_codes",
            "of none of these lists: admin",
        ),
        ("down --steps 0", "a number from 1"),
        ("up --max-failures some", "such as `1%`"),
        ("status --tenant acme --all-tenants", "cannot be used with"),
    ] {
        let (code, output) = ground.run(line);

        assert_eq!(code, Some(2), "{line}: {output}");
        assert!(output.contains(expected), "{line}: {output}");
    }
    assert_eq!(ground.records().await, Vec::<Document>::new());
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_migration_is_exit_code_3_and_a_missing_one_4() {
    let ground = Ground::new("migrate_drift", &["acme"]).await;
    assert_eq!(ground.run("up").0, Some(0));
    let targets = ground.collection("control", "targets");
    let customer = doc! { "_id": ground.names.name("customer") };
    let late = "20260915093000_unique_plan_codes";
    let mut gone = doc! { "$set": { "digest": "other" } };
    gone.insert("$unset", doc! { format!("ledger.{late}"): true });
    targets.update_one(customer.clone(), gone).await.unwrap();

    let (refused, told) = ground.told("up");
    let (allowed, _) = ground.told(&format!("up --allow-late {late}"));
    let unknown = format!("ledger.{late}");
    let unknown = doc! { "$rename": { unknown: "ledger.20260915093000_other" }, "$set": { "digest": "other" } };
    targets.update_one(customer, unknown).await.unwrap();
    let (missing, output) = ground.run("up");

    assert_eq!(refused, Some(3), "{told:?}");
    assert_eq!(of(&told, "blocked")[0]["kind"], "late");
    assert_eq!(allowed, Some(0));
    assert_eq!(missing, Some(4), "{output}");
    assert!(output.contains("bring its file back"), "{output}");
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_cut_off_is_exit_code_7() {
    let ground = Ground::new("migrate_cut_off", &["acme", "globex"]).await;
    assert_eq!(ground.run("up").0, Some(0));
    let targets = ground.collection("control", "targets");
    let acme = doc! { "tenant": "acme" };
    let half = doc! { "$set": { "state": "interrupted", "digest": "" } };
    targets.update_one(acme, half).await.unwrap();

    let (code, told) = ground.told("up");

    assert_eq!(code, Some(7), "{told:?}");
    assert_eq!(summary(&told)["interrupted"], 1);
    assert_eq!(ground.run("up --tenant globex").0, Some(0));
    ground.names.drop().await;
}

/// Locks the customers' database for another machine, whose processes nobody here can look at.
pub(super) async fn lock(ground: &Ground) {
    let later = DateTime::from_millis(DateTime::now().timestamp_millis() + 600_000);
    let owner = doc! { "run": "of-another", "host": "elsewhere", "pid": 1_i64, "space": "there", "began": "1" };
    let lock = doc! {
        "_id": ground.names.name("customer"), "fence": 1_i64, "owner": owner, "verb": "up",
        "takenAt": DateTime::now(), "renewedAt": DateTime::now(), "expiresAt": later,
    };
    let locks = ground.collection("control", "locks");
    locks.insert_one(lock).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_is_held_is_exit_code_5_and_says_by_whom() {
    let ground = Ground::new("migrate_held", &["acme"]).await;
    lock(&ground).await;

    let (code, output) = ground.run("up --db customer");
    let (waited, told) = ground.told("up --db customer --wait 1200ms");
    let (looked, _) = ground.run("status");

    assert_eq!((code, waited), (Some(5), Some(5)), "{output}");
    assert!(output.contains("host `elsewhere`"), "{output}");
    assert_eq!(summary(&told)["done"], 0);
    assert_eq!(looked, Some(0), "looking needs no lock");
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_rights_are_exit_code_9_and_name_the_variable() {
    // A fail point of one server is one: this test's own.
    let set = own_set(Nodes::One).await;
    let ground = Ground::on(TestDatabases::on(&set, "migrate_rights"), &["acme"]).await;
    let refused = Fault::of(["aggregate"], "insightserenity/customer").error(13, []);
    let refused = FailPoint::set(&ground.names.uri("admin"), refused.always()).await;

    let (code, output) = ground.run("up --db customer");

    assert!(refused.off().await > 0);
    assert_eq!(code, Some(9), "{output}");
    assert!(
        output.contains("the user of DATABASE_CUSTOMER_URI"),
        "{output}"
    );
    let control = ground.names.name("control");
    assert!(
        output.contains(&format!("database `{control}`")),
        "{output}"
    );
    drop(ground);
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standalone_is_exit_code_9() {
    let lone = Lone::start(&[]).await;
    let project = project();
    let mut command = project.command(MONGOPLEX);
    let uri = |name: &str| format!("mongodb://{}/{name}?directConnection=true", lone.address());
    command
        .args(["migrate", "up"])
        .env("MONGOPLEX_ENV", "test")
        .env("DATABASE_ADMIN_URI", uri("house"))
        .env("DATABASE_CUSTOMER_URI", uri("customer"));

    let (code, output) = Program::run(&mut command);

    assert_eq!(code, Some(9), "{output}");
    assert!(output.contains("is no replica set"), "{output}");
}
