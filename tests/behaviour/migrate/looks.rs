//! What only looks, what it finds, and ways out of what it finds.

use std::sync::{Arc, Mutex};

use mongoplex::{
    Index,
    migrate::{Error, List, Migration, Migrator, Obstacle, Repair, Step},
    mongodb::event::{EventHandler, command::CommandEvent},
};

use mongoplex_testing::shared;

use super::yard::{Yard, apply};

const THINGS: &str = "m20261101000000_things";
const MORE: &str = "m20261103000000_more";

fn things() -> Migration {
    Migration::up([
        Step::collection("things"),
        Step::indexes("things", [Index::on(&["colour"])]),
    ])
}

fn more() -> Migration {
    Migration::up([Step::indexes("things", [Index::on(&["size"])])])
}

fn list() -> List {
    apply::tenants([(THINGS, things()), (MORE, more())])
}

fn obstacles(answer: Result<mongoplex::migrate::Outcome, Error>) -> Vec<Obstacle> {
    match answer {
        Err(Error::Blocked(blocked)) => blocked
            .into_iter()
            .map(|blocked| blocked.obstacle)
            .collect(),
        answer => panic!("{answer:?}"),
    }
}

async fn applied(test: &str) -> Yard {
    // What health checks ask is no part of what is looked at.
    let calm = [("ENABLE_HEALTH_CHECKS", "false")];
    let yard = Yard::on(shared(), test, &calm, vec![list()]).await;
    yard.tenants_without_records(&["acme", "globex"]).await;
    assert!(yard.migrator().up().await.unwrap().is_whole());
    yard
}

#[tokio::test(flavor = "multi_thread")]
async fn status_plan_and_verify_write_nothing_and_status_asks_no_tenants_database() {
    let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let heard = seen.clone();
    let listen = EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            let what = (started.command_name.clone(), started.db.clone());
            heard.lock().unwrap().push(what);
        }
    });
    let yard = applied("migrate_reads").await;
    let newer = apply::tenants([
        (THINGS, things()),
        (MORE, more()),
        ("m20261104000000_new", things()),
    ]);
    let house = yard.listening(vec![newer], listen).await;
    seen.lock().unwrap().clear();

    let status = house.migrator().status().await.unwrap();
    assert_eq!(status[0].pending[0].targets, 2);
    let asked = std::mem::take(&mut *seen.lock().unwrap());
    house.migrator().status_of_down().await.unwrap();
    let verified = house.migrator().verify().await.unwrap();
    assert_eq!(verified[0].checked, 2);
    let looked = std::mem::take(&mut *seen.lock().unwrap());

    let tenants = |(_, database): &&(String, String)| database.contains("__");
    assert_eq!(
        asked.iter().find(tenants),
        None,
        "status has asked a tenant's database"
    );
    assert!(looked.iter().any(|asked| tenants(&asked)), "verify has not");
    const READS: [&str; 6] = [
        "count",
        "aggregate",
        "find",
        "getMore",
        "listCollections",
        "listIndexes",
    ];
    let reads = |(name, _): &(String, String)| READS.contains(&name.as_str());
    for command in asked.iter().chain(&looked) {
        assert!(reads(command), "{command:?}");
    }
    house.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_migration_is_refused_until_it_is_accepted() {
    let yard = applied("migrate_drift").await;
    let other = Migration::up([
        Step::collection("things"),
        Step::indexes("things", [Index::on(&["shape"])]),
    ]);
    let changed = yard
        .again(vec![apply::tenants([(THINGS, other), (MORE, more())])])
        .await;
    let id = THINGS[1..].to_owned();

    assert_eq!(
        obstacles(changed.migrator().up().await),
        [Obstacle::Changed { id: id.clone() }]
    );
    let status = changed.migrator().status().await.unwrap();
    assert_eq!(
        (status[0].blocked[0].count, status[0].blocked.len()),
        (2, 1)
    );

    changed
        .migrator()
        .repair(&Repair::Accept(id))
        .await
        .unwrap();

    assert!(changed.migrator().up().await.unwrap().is_whole());
    changed.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_is_refused_until_it_is_forgotten_and_a_late_one_until_it_is_allowed() {
    let yard = applied("migrate_late").await;
    let without = yard.again(vec![apply::tenants([(THINGS, things())])]).await;
    let id = MORE[1..].to_owned();
    assert_eq!(
        obstacles(without.migrator().up().await),
        [Obstacle::Missing { id: id.clone() }]
    );
    without.shutdown().await;

    let late = (
        "m20261102000000_late",
        Migration::up([Step::collection("late")]),
    );
    let late = yard
        .again(vec![apply::tenants([
            (THINGS, things()),
            late,
            (MORE, more()),
        ])])
        .await;
    let found = obstacles(late.migrator().up().await);
    let late_id = "20261102000000_late".to_owned();
    assert_eq!(
        found,
        [Obstacle::Late {
            id: late_id.clone(),
            after: id.clone()
        }]
    );

    assert_eq!(
        late.migrator()
            .allow_late(&late_id)
            .up()
            .await
            .unwrap()
            .migrations,
        2
    );
    late.shutdown().await;

    let without = yard
        .again(vec![apply::tenants([
            (THINGS, things()),
            (
                "m20261102000000_late",
                Migration::up([Step::collection("late")]),
            ),
        ])])
        .await;
    without
        .migrator()
        .repair(&Repair::Forget(id))
        .await
        .unwrap();
    assert!(without.migrator().up().await.unwrap().is_whole());
    without.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_restored_from_an_old_copy_is_found_and_brought_back_to_the_head() {
    let yard = applied("migrate_restored").await;
    let acme = yard.tenant("acme");
    let things = acme.collection::<mongoplex::bson::Document>("things");
    things.drop_index("size_1").await.unwrap();

    let found = yard.migrator().verify().await.unwrap();

    let unsound = &found[0].unsound;
    assert_eq!(unsound.len(), 1);
    assert_eq!(unsound[0].tenant.as_deref(), Some("acme"));
    assert_eq!(unsound[0].findings[0].migration, &MORE[1..]);
    assert_eq!(
        unsound[0].findings[0].what,
        "index `size_1` of `things` is missing"
    );
    let rewound = yard.migrator().rewind().await.unwrap();
    assert_eq!(rewound.done, 1);
    let up = yard.migrator().up().await.unwrap();
    assert_eq!((up.done, up.migrations), (1, 1));
    assert!(
        yard.migrator().verify().await.unwrap()[0]
            .unsound
            .is_empty()
    );

    acme.drop().await.unwrap();
    let found = yard.migrator().verify().await.unwrap();
    assert_eq!(
        found[0].unsound[0].findings.len(),
        1,
        "a database that is gone: {found:?}"
    );
    yard.migrator().rewind().await.unwrap();
    assert_eq!(yard.migrator().up().await.unwrap().migrations, 2);
    assert_eq!(
        yard.indexes(&acme, "things").await,
        ["_id_", "colour_1", "size_1"]
    );
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_records_and_changes_nothing() {
    let yard = Yard::new("migrate_baseline", vec![list()]).await;
    yard.tenants_without_records(&["acme"]).await;

    let said = yard
        .migrator()
        .to(&THINGS[1..])
        .baseline(None)
        .await
        .unwrap();

    assert_eq!(said.done, 1);
    assert!(!yard.has(&yard.tenant("acme"), "things").await);
    let pending = &yard.migrator().status().await.unwrap()[0].pending;
    assert_eq!(pending[0].migrations.len(), 1);
    assert_eq!(pending[0].migrations[0].0, &MORE[1..]);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_made_begins_at_the_head() {
    let yard = Yard::new("migrate_new_tenant", vec![list()]).await;
    yard.not_new().await;
    yard.house.tenant("acme").await;

    let up = yard.migrator().up().await.unwrap();

    assert_eq!((up.done, up.migrations), (0, 0));
    let status = yard.migrator().status().await.unwrap();
    assert_eq!((status[0].at_head, status[0].targets), (1, 1));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_gone_is_left_alone_and_one_that_never_was_makes_no_database() {
    let yard = applied("migrate_gone").await;
    let admin = yard.database(&yard.house.names.name("admin"));
    let rows = admin.collection::<mongoplex::bson::Document>("tenants");
    rows.delete_one(mongoplex::bson::doc! { "_id": "acme" })
        .await
        .unwrap();
    yard.tenant("acme").drop().await.unwrap();
    let newer = vec![apply::tenants([
        (THINGS, things()),
        (MORE, more()),
        ("m20261104000000_new", things()),
    ])];
    let newer = yard.again(newer).await;

    let up = newer.migrator().up().await.unwrap();
    let nobody = newer
        .migrator()
        .tenants(["nobody".parse().unwrap()])
        .up()
        .await;

    assert_eq!((up.done, up.migrations), (1, 1), "{up:?}");
    assert!(
        matches!(
            nobody,
            Err(Error::Database(mongoplex::Error::UnknownTenant(_)))
        ),
        "{nobody:?}"
    );
    for gone in ["acme", "nobody"] {
        assert!(!yard.has(&yard.tenant(gone), "things").await, "{gone}");
    }
    let status = newer.migrator().status().await.unwrap();
    assert_eq!((status[0].at_head, status[0].targets), (1, 1));
    // Its id may be used again.
    newer
        .tenancy()
        .create(&"acme".parse().unwrap(), "acme")
        .await
        .unwrap();
    assert_eq!(newer.migrator().up().await.unwrap().done, 0);
    newer.shutdown().await;
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_taken_out_while_its_tenant_was_made_comes_back() {
    let yard = applied("migrate_back").await;
    let targets = yard
        .control()
        .collection::<mongoplex::bson::Document>("targets");
    let gone = mongoplex::bson::doc! { "$set": { "tenants": "gone" } };
    let acme = mongoplex::bson::doc! { "_id": yard.tenant("acme").name() };
    targets.update_one(acme, gone).await.unwrap();
    assert_eq!(yard.migrator().status().await.unwrap()[0].at_head, 1);

    let up = yard.migrator().up().await.unwrap();

    assert_eq!((up.done, up.migrations), (0, 0), "its ledger was kept");
    let status = yard.migrator().status().await.unwrap();
    assert_eq!((status[0].at_head, status[0].targets), (2, 2));
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_goes_back_over_code_without_saying_how_far() {
    let count = Migration::up([Step::transaction("count", 1, async |tx| {
        let counts = tx.collection("counts");
        counts
            .insert_one(mongoplex::bson::doc! { "_id": "all" })
            .await?;
        Ok(())
    })]);
    let list = apply::tenants([(THINGS, things()), ("m20261102000000_count", count)]);
    let yard = Yard::new("migrate_rewind_code", vec![list]).await;
    yard.tenants_without_records(&["acme"]).await;
    assert!(yard.migrator().up().await.unwrap().is_whole());
    let things = yard
        .tenant("acme")
        .collection::<mongoplex::bson::Document>("things");
    things.drop_index("colour_1").await.unwrap();

    let refused = yard.migrator().rewind().await;

    assert!(
        matches!(&refused, Err(Error::Usage(why)) if why.contains("20261102000000_count")),
        "{refused:?}"
    );
    assert!(
        yard.migrator().status().await.unwrap()[0]
            .pending
            .is_empty()
    );
    yard.close().await;
}

/// The verbs are of one value that may be kept and used again.
#[expect(dead_code, reason = "it compiles")]
fn a_migrator_is_shared(migrator: Migrator) -> impl Send + Sync + Clone {
    migrator
}
