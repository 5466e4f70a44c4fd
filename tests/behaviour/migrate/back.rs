//! Taking migrations back.

use mongoplex::{
    bson::doc,
    migrate::{Error, Migration, Obstacle, Step},
};

use super::yard::{Yard, apply};

fn makes(collection: &'static str) -> Migration {
    Migration::up([Step::collection(collection)]).down([Step::drop_collection(collection)])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_has_applied_is_taken_back_and_nothing_else() {
    let list = apply::tenants([
        ("m20261101000000_one", makes("one")),
        ("m20261102000000_two", makes("two")),
    ]);
    let yard = Yard::new("migrate_of_run", vec![list]).await;
    yard.tenants_without_records(&["acme", "globex"]).await;
    let only = |id: &str| yard.migrator().tenants([id.parse().unwrap()]);
    let first = only("acme").to("20261101000000_one").up().await.unwrap();
    let second = yard.migrator().up().await.unwrap();
    assert_eq!((first.migrations, second.migrations), (1, 3));

    let back = yard
        .migrator()
        .of_run(&second.runs[0])
        .down()
        .await
        .unwrap();

    assert_eq!((back.done, back.migrations), (2, 3));
    let (acme, globex) = (yard.tenant("acme"), yard.tenant("globex"));
    assert!(yard.has(&acme, "one").await && !yard.has(&acme, "two").await);
    assert!(!yard.has(&globex, "one").await && !yard.has(&globex, "two").await);
    let record = yard.record(&acme).await;
    let history = record.get_document("history").unwrap();
    assert_eq!(history.len(), 1, "what was taken back is told: {history}");
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_taken_back_is_found_before_anything_is_changed() {
    let list = apply::tenants([
        ("m20261101000000_one", makes("one")),
        (
            "m20261102000000_two",
            Migration::up([Step::collection("two")]),
        ),
        ("m20261103000000_three", makes("three")),
    ]);
    let yard = Yard::new("migrate_lasting", vec![list]).await;
    yard.tenants_without_records(&["acme"]).await;
    yard.migrator().up().await.unwrap();
    let before = yard.record(&yard.tenant("acme")).await;

    let refused = yard.migrator().steps(3).down().await;

    let Err(Error::Blocked(blocked)) = refused else {
        panic!("{refused:?}")
    };
    let id = "20261102000000_two".to_owned();
    assert_eq!(blocked[0].obstacle, Obstacle::Irreversible { id });
    assert_eq!(yard.record(&yard.tenant("acme")).await, before);
    assert!(yard.has(&yard.tenant("acme"), "three").await);
    let locks = yard
        .control()
        .collection::<mongoplex::bson::Document>("locks");
    let lock = locks.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(lock.get_i64("fence").unwrap(), 1, "no lock was taken");
    yard.close().await;
}
