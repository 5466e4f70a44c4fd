//! Migrations on real sets: what is applied, what is recorded, and what is refused.

mod back;
mod drill;
mod faults;
mod fleet;
mod lock;
mod looks;
mod policy;
mod yard;

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Step, TargetState},
};

use self::yard::{Yard, apply};

fn by_colour() -> Migration {
    Migration::up([
        Step::collection("things"),
        Step::indexes("things", [Index::on(&["colour"])]),
    ])
    .down([Step::drop_collection("things")])
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_are_applied_once_to_databases_and_tenants_and_taken_back() {
    let admin = apply::admin([("m20261101000000_things", by_colour())]);
    let tenants = apply::tenants([
        ("m20261101000000_things", by_colour()),
        (
            "m20261102000000_more",
            Migration::up([Step::indexes("things", [Index::on(&["size"])])])
                .down([Step::drop_index("things", "size_1")]),
        ),
    ]);
    let yard = Yard::new("migrate_once", vec![admin, tenants]).await;
    yard.tenants_without_records(&["acme", "globex"]).await;

    let first = yard.migrator().up().await.unwrap();
    let second = yard.migrator().up().await.unwrap();

    assert!(first.is_whole(), "{first:?}");
    assert_eq!((first.done, first.migrations), (3, 5));
    assert_eq!((second.done, second.migrations), (0, 0));
    for tenant in ["acme", "globex"] {
        let indexes = yard.indexes(&yard.tenant(tenant), "things").await;
        assert_eq!(indexes, ["_id_", "colour_1", "size_1"]);
    }
    let status = yard.migrator().status().await.unwrap();
    assert_eq!((status[1].at_head, status[1].targets), (2, 2));
    assert_eq!(status[1].states, [(TargetState::Ready, 2)]);

    let back = yard.migrator().all_tenants().down().await.unwrap();

    assert_eq!((back.done, back.migrations), (2, 2));
    let indexes = yard.indexes(&yard.tenant("acme"), "things").await;
    assert_eq!(indexes, ["_id_", "colour_1"]);
    let again = yard.migrator().up().await.unwrap();
    assert_eq!(again.migrations, 2);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_and_its_record_are_one() {
    let count = Migration::up([
        Step::collection("counts"),
        Step::transaction("count", 1, async |tx| {
            let counts = tx.collection("counts");
            counts
                .insert_one(doc! { "_id": "things", "number": 1 })
                .await?;
            Ok(())
        }),
    ]);
    let yard = Yard::new(
        "migrate_tx",
        vec![apply::customer([("m20261101000000_count", count)])],
    )
    .await;
    yard.not_new().await;

    let done = yard.migrator().up().await.unwrap();

    assert!(done.is_whole(), "{done:?}");
    let customer = yard.customer().await;
    let found: Vec<Document> = yard.all(&customer, "counts").await;
    assert_eq!(found, [doc! { "_id": "things", "number": 1 }]);
    yard.close().await;
}
