//! What is there already and is something else: refused, with the way out.

use std::collections::BTreeMap;

use mongoplex::{
    Index,
    bson::{Document, doc},
    migrate::{List, Migration, Step, TargetState},
    mongodb::{Database, IndexModel},
};

use crate::migrate::yard::{Yard, apply};

const FRENCH: &str = "fr";

/// A collection with options, an index with options, a rename.
fn list() -> List {
    let french = doc! { "collation": { "locale": FRENCH } };
    let capped = doc! { "capped": true, "size": 5_000 };
    let index = doc! {
        "key": { "size": 1 }, "name": "by_size", "collation": { "locale": FRENCH },
    };
    apply::tenants([
        (
            "m20261101000000_make",
            Migration::up([
                Step::collection_with("ring", capped),
                Step::collection_with("words", french),
                Step::collection("plain"),
            ]),
        ),
        (
            "m20261102000000_index",
            Migration::up([
                Step::indexes("things", [index]),
                Step::indexes("words", [Index::on(&["text"])]),
            ]),
        ),
        (
            "m20261103000000_more",
            Migration::up([Step::indexes("things", [Index::on(&["colour"])])]),
        ),
        (
            "m20261104000000_rename",
            Migration::up([Step::rename("old", "new")]),
        ),
    ])
}

async fn create(database: &Database, command: Document) {
    database.run_command(command).await.unwrap();
}

async fn index(database: &Database, keys: Document, name: &str) {
    let things = database.collection::<Document>("things");
    let options = mongoplex::mongodb::options::IndexOptions::builder().name(name.to_owned());
    let model = IndexModel::builder().keys(keys).options(options.build());
    things.create_index(model.build()).await.unwrap();
}

/// A tenant's name, what stands in its way, and what the refusal says.
const REFUSED: [(&str, &str, &[&str]); 6] = [
    (
        "options",
        "create ring",
        &["`ring`", "another `size`", "drop or rename it"],
    ),
    (
        "view",
        "create plain",
        &["`plain`", "no plain collection", "drop or rename it"],
    ),
    (
        "keys",
        "index things",
        &["same keys", "drop it in a step before"],
    ),
    (
        "named",
        "index things",
        &["same name", "drop it in a step before"],
    ),
    (
        "both",
        "rename old to new",
        &["`old` and `new`", "drop one of them"],
    ),
    (
        "neither",
        "rename old to new",
        &["no collection `old`", "a step before"],
    ),
];

async fn prepare(yard: &Yard, id: &str) {
    let database = yard.tenant(id);
    if id != "neither" {
        create(&database, doc! { "create": "old" }).await;
    }
    match id {
        "options" => {
            create(
                &database,
                doc! { "create": "ring", "capped": true, "size": 90_000 },
            )
            .await
        }
        "view" => {
            create(
                &database,
                doc! { "create": "plain", "viewOn": "old", "pipeline": [] },
            )
            .await
        }
        "keys" => index(&database, doc! { "colour": 1 }, "another").await,
        "named" => index(&database, doc! { "size": 1 }, "colour_1").await,
        "both" => create(&database, doc! { "create": "new" }).await,
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_and_something_else_is_refused_with_the_way_out() {
    let yard = Yard::new("migrate_refusals", vec![list()]).await;
    let ids = REFUSED.map(|(id, ..)| id);
    yard.tenants_without_records(&ids).await;
    for id in ids {
        prepare(&yard, id).await;
    }

    let outcome = yard.migrator().up().await.unwrap();

    let failed = outcome.failed.iter();
    let failed: BTreeMap<_, _> = failed
        .map(|failed| (failed.tenant.clone().unwrap(), failed))
        .collect();
    assert_eq!(failed.len(), REFUSED.len(), "{outcome:?}");
    for (id, step, parts) in REFUSED {
        let failed = failed[id];
        assert_eq!(failed.state, TargetState::Quarantined, "{failed:?}");
        assert_eq!(failed.failure.step, step, "{failed:?}");
        let reason = &failed.failure.reason;
        for part in parts {
            assert!(reason.contains(part), "no `{part}` in: {reason}");
        }
    }
    yard.close().await;
}

/// The server fills in what was not said of a collation, and rounds what a capped collection may take.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_as_it_was_asked_for_is_no_refusal_and_no_finding() {
    let yard = Yard::new("migrate_same", vec![list()]).await;
    yard.tenants_without_records(&["acme"]).await;
    let database = yard.tenant("acme");
    let french = doc! { "locale": FRENCH };
    create(
        &database,
        doc! { "create": "ring", "capped": true, "size": 5_000 },
    )
    .await;
    create(&database, doc! { "create": "words", "collation": &french }).await;
    create(&database, doc! { "create": "plain" }).await;
    let by_size = doc! { "key": { "size": 1 }, "name": "by_size", "collation": french };
    let indexes = doc! { "createIndexes": "things", "indexes": [by_size] };
    create(&database, indexes).await;
    create(&database, doc! { "create": "new" }).await;

    let outcome = yard.migrator().up().await.unwrap();
    let verified = yard.migrator().verify().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
    assert!(verified[0].unsound.is_empty(), "{verified:?}");
    yard.close().await;
}
