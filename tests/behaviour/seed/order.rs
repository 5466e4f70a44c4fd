//! Order, references, and what must be there before a seed writes.

use models::{
    admin_server::{Admin, Role, Setting},
    customer_services::{Client, Customer, Project},
};
use mongoplex::{
    bson::{Document, doc},
    migrate::Tenants,
    seed::{List, Row, Seed, SeedError, by_key},
};

use super::{Bed, counts, roles};
use crate::house::{House, config, registry};

fn clients() -> Seed<Client> {
    let client = |code: &str| {
        Row::new(
            &doc! { "clientCode": code, "companyName": code, "status": "lead", "addresses": [] },
        )
    };
    Seed::demo("clients")
        .key(&["clientCode"])
        .rows(move |_| Ok(vec![client("a"), client("b")]))
}

fn projects(client: &'static str) -> Seed<Project> {
    Seed::demo("projects")
        .key(&["code"])
        .after("clients")
        .rows(move |_| {
            let project = doc! { "code": "p", "name": "P", "type": "support" };
            Ok(vec![Row::new(&project).refer(
                "clientId",
                by_key::<Client>(doc! { "clientCode": client }, "_id"),
            )])
        })
}

fn tenants(client: &'static str) -> Vec<List> {
    // The other way round: the order follows what waits for what.
    vec![
        List::of::<Tenants<Customer>>()
            .with(projects(client))
            .with(clients())
            .end(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_looked_up_in_the_database_of_each_tenant() {
    let bed = Bed::new("seed_references", tenants("b")).await;
    for tenant in ["acme", "globex"] {
        bed.house.tenant(tenant).await;
    }
    let planned = bed.seeder().plan().await.unwrap();
    assert_eq!(planned.rows, counts(6, 0, 0, 0, 0));

    let outcome = bed.seeder().run().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
    for tenant in ["acme", "globex"] {
        let database = bed.tenant(tenant);
        let client = bed
            .one(&database, "clients", doc! { "clientCode": "b" })
            .await
            .unwrap();
        let project = bed.one(&database, "projects", doc! {}).await.unwrap();
        assert_eq!(project.get("clientId"), client.get("_id"));
        assert_eq!(
            project.get_str("status").unwrap(),
            "draft",
            "the model's default"
        );
    }
    bed.writes();
    assert_eq!(
        bed.seeder().run().await.unwrap().rows,
        counts(0, 0, 6, 0, 0)
    );
    assert_eq!(bed.writes(), Vec::<String>::new());
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_seed_keeps_only_those_from_running_that_wait_for_it() {
    let failing = Seed::<Role>::reference("failing")
        .key(&["slug"])
        .rows(|_| Err(SeedError::refused("not today")));
    let list = List::of::<Admin>()
        .with(failing)
        .with(roles(Seed::reference("waiting"), &["a"], 5).after("failing"))
        .with(roles(Seed::reference("last"), &["b"], 5).after("waiting"))
        .with(roles(Seed::reference("other"), &["c"], 5))
        .end();
    let bed = Bed::new("seed_failed", vec![list]).await;

    let outcome = bed.seeder().run().await.unwrap();

    let reasons: Vec<_> = outcome
        .failed
        .iter()
        .map(|failed| (failed.at.seed, failed.reason.as_str()))
        .collect();
    assert_eq!(
        reasons,
        [
            ("failing", "not today"),
            ("waiting", "it waits for `failing`, which failed"),
            ("last", "it waits for `waiting`, which failed"),
        ]
    );
    let found = bed.all(&bed.database("admin"), "roles").await;
    assert_eq!(
        found
            .iter()
            .map(|role| role.get_str("slug").unwrap())
            .collect::<Vec<_>>(),
        ["c"]
    );
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_to_nothing_fails_and_writes_nothing() {
    let bed = Bed::new("seed_dangling", tenants("nobody")).await;
    bed.house.tenant("acme").await;

    let outcome = bed.seeder().run().await.unwrap();

    let [failed] = &outcome.failed[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!(failed.at.seed, "projects");
    assert!(
        failed
            .reason
            .contains("`clientId` of a row refers to a document of clients"),
        "{}",
        failed.reason
    );
    assert!(!failed.reason.contains("nobody"), "no values");
    assert!(bed.all(&bed.tenant("acme"), "projects").await.is_empty());
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_unique_index_nothing_is_written() {
    let by_level = Seed::<Role>::reference("by-level")
        .key(&["level"])
        .rows(|_| {
            Ok(vec![Row::new(
                &doc! { "slug": "a", "name": "A", "level": 5 },
            )])
        });
    let list = List::of::<Admin>().with(by_level).end();
    let bed = Bed::new("seed_index", vec![list]).await;
    bed.writes();

    let outcome = bed.seeder().run().await.unwrap();

    let [failed] = &outcome.failed[..] else {
        panic!("{outcome:?}")
    };
    assert!(failed.is_precondition);
    assert!(
        failed
            .reason
            .contains("roles has no unique index on exactly level"),
        "{}",
        failed.reason
    );
    assert!(bed.all(&bed.database("admin"), "roles").await.is_empty());
    // A part of a longer index, one that is not unique, and one that leaves documents out are none either.
    let roles = bed.database("admin").collection::<Document>("roles");
    for (keys, options) in [
        (doc! { "level": 1, "name": 1 }, doc! { "unique": true }),
        (doc! { "level": 1 }, doc! {}),
        (
            doc! { "level": -1 },
            doc! { "unique": true, "sparse": true },
        ),
    ] {
        let mut index = doc! { "key": &keys, "name": keys.to_string() };
        index.extend(options);
        let command = doc! { "createIndexes": roles.name(), "indexes": [index] };
        bed.database("admin").run_command(command).await.unwrap();
        assert_eq!(bed.seeder().run().await.unwrap().failed.len(), 1, "{keys}");
    }
    let index = doc! { "key": { "level": 1, }, "name": "own", "unique": true, "partialFilterExpression": { "deletedAt": null } };
    bed.database("admin")
        .run_command(doc! { "createIndexes": "roles", "indexes": [index] })
        .await
        .unwrap();
    assert_eq!(bed.seeder().run().await.unwrap().rows.inserted, 1);
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_that_make_no_sense_are_told_before_anything_is_sent() {
    let empty = |name| roles(Seed::reference(name), &[], 5);
    let list = List::of::<Admin>()
        .with(empty("one").after("two"))
        .with(empty("two").after("one"))
        .with(empty("Three"))
        .with(empty("four").after("nobody"))
        .with(Seed::<Setting>::reference("five"))
        .with(
            Seed::<Setting>::reference("five")
                .key(&["key"])
                .rows(|_| Ok(Vec::new())),
        )
        .end();
    let names = mongoplex_testing::TestDatabases::new("seed_faults");
    let builder = mongoplex::Databases::builder(registry(), config(&names, &[])).seeds(list);

    let faults = builder.connect().await.unwrap_err().to_string();

    for part in [
        "they wait for each other: one, two",
        "its name is not 1–60",
        "waits for `nobody`, which is not in the list",
        "it has no natural key",
        "it has no rows",
        "another one has its name",
    ] {
        assert!(faults.contains(part), "{part} is not in: {faults}");
    }
    assert!(names.existing().await.is_empty());
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_does_not_fit_its_model_fails_without_its_values() {
    for row in [
        doc! { "slug": "a", "name": "A", "level": 5, "colour": "canary" },
        doc! { "slug": "a", "name": "A", "level": "canary" },
        doc! { "slug": "a", "name": "A", "level": 5, "version": "canary" },
        doc! { "slug": "a canary", "name": "A", "level": 5 },
    ] {
        let seed = Seed::<Role>::reference("roles").key(&["slug"]);
        let seed = seed.rows(move |_| Ok(vec![Row::new(&row)]));
        let bed = Bed::new("seed_unfit", vec![List::of::<Admin>().with(seed).end()]).await;

        let outcome = bed.seeder().run().await.unwrap();

        let [failed] = &outcome.failed[..] else {
            panic!("{outcome:?}")
        };
        assert!(!failed.reason.contains("canary"), "{}", failed.reason);
        assert!(bed.all(&bed.database("admin"), "roles").await.is_empty());
        bed.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_and_status_write_nothing() {
    let bed = Bed::new(
        "seed_plan",
        vec![super::admin(roles(Seed::reference("roles"), &["a"], 5))],
    )
    .await;
    bed.writes();

    let planned = bed.seeder().plan().await.unwrap();
    let status = bed.seeder().status().await.unwrap();

    assert_eq!(
        (planned.rows, planned.is_pending),
        (counts(1, 0, 0, 0, 0), true)
    );
    assert_eq!((status[0].never, status[0].is_pending()), (1, true));
    assert_eq!(bed.writes(), Vec::<String>::new());
    bed.seeder().run().await.unwrap();
    bed.writes();
    let status = bed.seeder().status().await.unwrap();
    assert_eq!(
        (status[0].done, status[0].written, status[0].is_pending()),
        (1, 1, false)
    );
    assert!(!bed.seeder().plan().await.unwrap().is_pending);
    assert_eq!(bed.writes(), Vec::<String>::new());
    let House { databases, .. } = &bed.house;
    assert!(databases.seeder().only(&["nobody"]).status().await.is_err());
    bed.close().await;
}
