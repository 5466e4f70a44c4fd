//! Many tenants, some of which fail.

use mongoplex::{
    Index,
    bson::doc,
    migrate::{Budget, Migration, Retry, Step, StepError, TargetState},
    mongodb::IndexModel,
};

use super::yard::{Yard, apply};

const TENANTS: usize = 300;

fn ids() -> Vec<String> {
    (0..TENANTS).map(|number| format!("t{number:03}")).collect()
}

/// A unique index, a document that a validator may refuse, and code that may refuse to go on.
fn delicate(revision: u32) -> Migration {
    Migration::up([
        Step::collection("things"),
        Step::unique("things", Index::on(&["number"]).unique()),
        Step::transaction("first", 1, async |tx| {
            let things = tx.collection("things");
            things
                .insert_one(doc! { "_id": "first", "number": -1 })
                .await?;
            Ok(())
        }),
        Step::raw("look", revision, Retry::Safe, move |raw| async move {
            let stop = doc! { "_id": "stop" };
            let found = raw.collection("things").find_one(stop).await?;
            match found.is_some() && revision == 1 {
                true => Err(StepError::refused("somebody says stop")),
                false => Ok(()),
            }
        }),
    ])
}

/// Makes seven tenants whose data the migration does not fit.
async fn poison(yard: &Yard) {
    for id in ["t010", "t111"] {
        let things = yard.tenant(id).collection("things");
        things
            .insert_many([doc! { "number": 5 }, doc! { "number": 5 }])
            .await
            .unwrap();
    }
    for id in ["t020", "t222"] {
        let options = mongoplex::options::IndexOptions::builder()
            .name("number_1".to_owned())
            .build();
        let index = IndexModel::builder()
            .keys(doc! { "other": 1 })
            .options(options)
            .build();
        let things = yard
            .tenant(id)
            .collection::<mongoplex::bson::Document>("things");
        things.create_index(index).await.unwrap();
    }
    let strict = doc! { "colour": { "$exists": true } };
    yard.tenant("t030")
        .create_collection("things")
        .validator(strict)
        .await
        .unwrap();
    let view = doc! { "create": "things", "viewOn": "others", "pipeline": [] };
    yard.tenant("t040").run_command(view).await.unwrap();
    let things = yard.tenant("t050").collection("things");
    things.insert_one(doc! { "_id": "stop" }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_poisoned_tenants_of_three_hundred_stop_nobody_else_and_are_tried_alone() {
    let yard = Yard::new(
        "migrate_poison",
        vec![apply::tenants([("m20261101000000_things", delicate(1))])],
    )
    .await;
    yard.not_new().await;
    yard.rows_of(&ids()).await;
    poison(&yard).await;

    let first = yard.migrator().up().await.unwrap();

    assert_eq!(
        (first.done, first.failed.len()),
        (293, 7),
        "{:?}",
        first.failed
    );
    let told = |id: &str| {
        let of_id = |failed: &&mongoplex::migrate::Failed| failed.tenant.as_deref() == Some(id);
        let failed = first.failed.iter().find(of_id).unwrap();
        (
            failed.state,
            failed.failure.step.clone(),
            failed.failure.code,
        )
    };
    let quarantined = TargetState::Quarantined;
    for id in ["t010", "t111", "t020", "t222"] {
        assert_eq!(
            told(id),
            (quarantined, "unique things".into(), None),
            "{id}"
        );
    }
    assert_eq!(told("t030").1, "first");
    assert_eq!(told("t040").1, "create things");
    assert_eq!(told("t050"), (quarantined, "look".into(), None));

    // Nothing has changed: nobody is tried again, and they are told.
    let again = yard.migrator().up().await.unwrap();
    assert_eq!(
        (again.done, again.failed.len(), again.quarantined_before),
        (0, 0, 7)
    );
    assert!(!again.is_whole());

    // Three are mended, and only those are tried.
    for id in ["t010", "t111"] {
        let things = yard
            .tenant(id)
            .collection::<mongoplex::bson::Document>("things");
        things.delete_one(doc! { "number": 5 }).await.unwrap();
    }
    let things = yard
        .tenant("t050")
        .collection::<mongoplex::bson::Document>("things");
    things.delete_one(doc! { "_id": "stop" }).await.unwrap();
    let mended = ["t010", "t111", "t050"].map(|id| id.parse().unwrap());
    let third = yard.migrator().tenants(mended).up().await.unwrap();
    assert_eq!((third.done, third.failed.len()), (3, 0), "{third:?}");
    let status = yard.migrator().status().await.unwrap();
    assert_eq!((status[0].at_head, status[0].failed.len()), (296, 4));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_migration_that_was_mended_is_tried_again_and_blocks_what_follows_until_then() {
    let test = "migrate_mended";
    let follows = || Migration::up([Step::collection("follows")]);
    let lists = |revision| {
        vec![apply::tenants([
            ("m20261101000000_things", delicate(revision)),
            ("m20261102000000_follows", follows()),
        ])]
    };
    let yard = Yard::new(test, lists(1)).await;
    yard.tenants_without_records(&["acme"]).await;
    let acme = yard.tenant("acme");
    acme.collection("things")
        .insert_one(doc! { "_id": "stop" })
        .await
        .unwrap();

    let first = yard.migrator().up().await.unwrap();
    assert_eq!(first.failed.len(), 1);
    assert!(!yard.has(&acme, "follows").await, "what follows waits");

    let mended = yard.again(lists(2)).await;
    let second = mended.migrator().up().await.unwrap();

    assert!(second.failed.is_empty(), "{second:?}");
    assert_eq!((second.done, second.migrations), (1, 2));
    assert!(yard.has(&acme, "follows").await);
    mended.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_failures_than_allowed_end_the_claiming_and_a_mended_migration_goes_on() {
    let refuse = |revision| {
        Migration::up([Step::raw(
            "refuse",
            revision,
            Retry::Safe,
            move |_| async move {
                match revision {
                    1 => Err(StepError::refused("not in the mood")),
                    _ => Ok(()),
                }
            },
        )])
    };
    let lists = |revision| {
        vec![apply::tenants([(
            "m20261101000000_refuse",
            refuse(revision),
        )])]
    };
    let yard = Yard::new("migrate_budget", lists(1)).await;
    yard.not_new().await;
    yard.rows_of(&ids()).await;

    let halted = yard.migrator().budget(Budget::count(5)).up().await.unwrap();

    assert!(halted.halted.is_some());
    let failed = halted.failed.len();
    assert!((6..60).contains(&failed), "{failed} have failed");
    let mended = yard.again(lists(2)).await;
    let rest = mended.migrator().up().await.unwrap();
    assert_eq!((rest.done, rest.failed.len()), (TENANTS as u64, 0));
    mended.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_the_first_tenants_the_others_follow_only_where_the_gate_is_open() {
    let list = apply::tenants([(
        "m20261101000000_one",
        Migration::up([Step::collection("one")]),
    )]);
    let yard = Yard::new("migrate_canary", vec![list]).await;
    yard.not_new().await;
    let ids: Vec<String> = ids().into_iter().take(20).collect();
    yard.rows_of(&ids).await;

    let closed = yard
        .migrator()
        .canary(3)
        .gate(async || Err("error rate of 5 %".into()));
    let halted = closed.up().await.unwrap();

    assert_eq!(halted.done, 3);
    let reason = halted.halted.unwrap();
    assert!(
        reason.ends_with("the gate is closed: error rate of 5 %"),
        "{reason}"
    );
    let open = yard.migrator().canary(3).gate(async || Ok(()));
    assert_eq!(open.up().await.unwrap().done, 17);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_among_the_first_tenants_keeps_the_others_as_they_are() {
    let list = apply::tenants([("m20261101000000_things", delicate(1))]);
    let yard = Yard::new("migrate_canary_fails", vec![list]).await;
    yard.tenants_without_records(&["a", "b", "c", "d"]).await;
    let things = yard.tenant("b").collection("things");
    things.insert_one(doc! { "_id": "stop" }).await.unwrap();

    let halted = yard.migrator().canary(2).up().await.unwrap();

    assert_eq!((halted.done, halted.failed.len()), (1, 1));
    assert!(halted.halted.is_some());
    assert!(!yard.has(&yard.tenant("c"), "things").await);
    yard.close().await;
}
