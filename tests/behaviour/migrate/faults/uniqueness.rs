//! An index that is to be unique, over documents that are not.

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{Migration, Repair, Step, TargetState},
    mongodb::error::{ErrorKind, WriteFailure},
};

use crate::migrate::yard::{Yard, apply};

/// Returns a yard with a tenant where the migration has failed over two documents of one number.
async fn failed(test: &str) -> Yard {
    let unique = Step::unique("people", Index::on(&["number"]).unique());
    let list = apply::tenants([("m20261101000000_unique", Migration::up([unique]))]);
    let yard = Yard::new(test, vec![list]).await;
    yard.not_new().await;
    yard.people("acme").await;
    let twin = doc! { "_id": "twin", "number": 7, "first": "F", "last": "L" };
    let people = yard.tenant("acme").collection("people");
    people.insert_one(twin).await.unwrap();

    let outcome = yard.migrator().up().await.unwrap();

    let failed = &outcome.failed[0];
    assert_eq!(failed.state, TargetState::Quarantined);
    assert_eq!(failed.failure.step, "unique people");
    let reason = &failed.failure.reason;
    for part in ["share a key", "make them differ"] {
        assert!(reason.contains(part), "no `{part}` in: {reason}");
    }
    yard
}

/// Makes the two differ.
async fn mend(yard: &Yard) {
    let people = yard.tenant("acme").collection::<Document>("people");
    let other = doc! { "$set": { "number": 1_000 } };
    people
        .update_one(doc! { "_id": "twin" }, other)
        .await
        .unwrap();
}

async fn is_unique(yard: &Yard) -> bool {
    let people = yard.tenant("acme").collection::<Document>("people");
    let mut found = people.list_indexes().await.unwrap();
    let mut is_unique = false;
    while found.advance().await.unwrap() {
        let index = found.deserialize_current().unwrap();
        is_unique |= index
            .options
            .is_some_and(|options| options.unique == Some(true));
    }
    is_unique
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_quarantine_a_target_and_new_ones_are_refused_meanwhile() {
    let yard = failed("migrate_unique").await;

    let people = yard.tenant("acme").collection("people");
    let refused = people
        .insert_one(doc! { "_id": "third", "number": 7 })
        .await;
    let again = yard.migrator().up().await.unwrap();

    let kind = *refused.unwrap_err().kind;
    let ErrorKind::Write(WriteFailure::WriteError(error)) = kind else {
        panic!("{kind:?}");
    };
    assert_eq!(error.code, 11000);
    assert_eq!((again.done, again.quarantined_before), (0, 1));
    assert!(!is_unique(&yard).await);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_whose_duplicates_are_mended_is_released_and_ends_unique() {
    let yard = failed("migrate_released").await;
    mend(&yard).await;

    let released = yard.migrator().repair(&Repair::Release).await.unwrap();
    let outcome = yard.migrator().up().await.unwrap();

    assert_eq!(released.done, 1);
    assert!(outcome.is_whole(), "{outcome:?}");
    assert!(is_unique(&yard).await);
    let status = yard.migrator().status().await.unwrap();
    assert_eq!(status[0].states, [(TargetState::Ready, 1)]);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_named_is_tried_again_without_a_release() {
    let yard = failed("migrate_named").await;
    mend(&yard).await;

    let named = yard.migrator().tenants(["acme".parse().unwrap()]);
    let outcome = named.up().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
    assert!(is_unique(&yard).await);
    yard.close().await;
}
