//! Conflicts with others, as the server answers them, at random.

use mongoplex::{
    bson::doc,
    migrate::{List, Migration, Step, TransactionHandle},
};
use mongoplex_testing::{FailPoint, Fault};

use crate::migrate::yard::{Yard, apply};

/// A conflict of writes, a snapshot that is gone, a lock that was not to be had.
const CODES: [i32; 3] = [112, 246, 24];

/// So many that some are struck: that none is happens once in a million times.
const STEPS: i32 = 40;

/// Where they strike: one write of the body, and the other.
const PLACES: [(&str, &str); 2] = [("lines", "insert"), ("counts", "update")];

/// A migration of many transactions per code and place.
fn counting() -> List {
    let ids = [
        "m20261101000000_one",
        "m20261102000000_two",
        "m20261103000000_three",
        "m20261104000000_four",
        "m20261105000000_five",
        "m20261106000000_six",
    ];
    apply::customer(ids.map(|id| (id, Migration::up((0..STEPS).map(counted)))))
}

fn counted(number: i32) -> Step {
    let body = async |tx: TransactionHandle| {
        let (lines, counts) = (tx.collection("lines"), tx.collection("counts"));
        lines.insert_one(doc! { "kind": "line" }).await?;
        let once = doc! { "$inc": { "number": 1 } };
        counts.update_one(doc! { "_id": "all" }, once).await?;
        Ok(())
    };
    Step::transaction("count", 1, body).named(format!("count {number}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_meet_conflicts_are_repeated_and_take_effect_once() {
    let yard = Yard::new("migrate_conflicts", vec![counting()]).await;
    yard.not_new().await;
    let customer = yard.customer().await;
    customer.create_collection("lines").await.unwrap();
    let counts = customer.collection("counts");
    let none = doc! { "_id": "all", "number": 0 };
    counts.insert_one(none).await.unwrap();
    let uri = yard.house.names.uri("admin");

    let all = CODES
        .into_iter()
        .flat_map(|code| PLACES.map(|place| (code, place)));
    for ((code, (on, command)), round) in all.zip(1..) {
        let fault = Fault::of([command], "migrate_conflicts/customer").code(code);
        let fault = fault.on(&format!("{}.{on}", customer.name()));
        let point = FailPoint::set(&uri, fault.sometimes(0.3)).await;

        let outcome = yard.migrator().steps(1).up().await.unwrap();

        let struck = point.off().await;
        assert!(outcome.is_whole(), "{code} at {on}: {outcome:?}");
        assert!(struck > 0, "{code} never struck {on}");
        let counted = yard.all(&customer, "counts").await;
        assert_eq!(counted, [doc! { "_id": "all", "number": round * STEPS }]);
        let lines = yard.all(&customer, "lines").await;
        assert_eq!(lines.len(), usize::try_from(round * STEPS).unwrap());
    }
    yard.close().await;
}
