//! `seed` as a program: what it writes, what it refuses, how it ends, and what it never prints.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use futures_util::TryStreamExt;
use mongoplex::{
    bson::{Document, doc},
    mongodb::{Client, Database},
};
use mongoplex_testing::{Program, Project, Signal, TestDatabases, raw};
use serde_json::Value;

use crate::house::{MONGOPLEX, project};

/// A command on the test's databases.
fn command(project: &Project, names: &TestDatabases, environment: &str, line: &str) -> Command {
    let mut command = project.command(MONGOPLEX);
    command
        .args(line.split(' '))
        .env("MONGOPLEX_ENV", environment)
        .env("LOG_FORMAT", "text")
        .env("CONTROL_DATABASE", names.name("control"))
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"));
    command
}

/// What a command printed and how it ended.
struct Ran {
    code: Option<i32>,
    output: String,
    events: Vec<Value>,
}

impl Ran {
    fn summary(&self) -> &Value {
        let summary = self
            .events
            .last()
            .unwrap_or_else(|| panic!("{}", self.output));
        assert_eq!(
            (&summary["v"], &summary["event"]),
            (&1.into(), &"summary".into()),
            "{summary}"
        );
        summary
    }
}

fn run(command: &mut Command) -> Ran {
    let (code, output) = Program::run(command);
    let objects = output.lines().filter(|line| line.starts_with('{'));
    let events = objects
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    Ran {
        code,
        output,
        events,
    }
}

/// Returns databases with their schema and two tenants, and the folder of the commands.
fn given(test: &str) -> (TestDatabases, Project) {
    let (names, project) = (TestDatabases::new(test), project());
    for line in ["sync", "tenants create acme", "tenants create globex"] {
        let ran = run(&mut command(&project, &names, "test", line));
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.output);
    }
    (names, project)
}

async fn outside(names: &TestDatabases) -> Client {
    raw(&names.uri("admin")).await
}

async fn all(database: &Database, collection: &str) -> Vec<Document> {
    let collection = database.collection::<Document>(collection);
    let found = collection.find(doc! {});
    found
        .sort(doc! { "_id": 1 })
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap()
}

/// Returns all documents of all databases of the test, but for locks, which every run changes.
async fn everything(client: &Client, names: &TestDatabases) -> Vec<(String, Vec<Document>)> {
    let mut everything = Vec::new();
    for name in names.existing().await {
        let database = client.database(&name);
        let mut collections = database.list_collection_names().await.unwrap();
        collections.sort();
        for collection in collections.iter().filter(|name| *name != "locks") {
            everything.push((
                format!("{name}.{collection}"),
                all(&database, collection).await,
            ));
        }
    }
    everything
}

#[tokio::test(flavor = "multi_thread")]
async fn the_applications_seeds_are_written_once_and_found_again() {
    let (names, project) = given("seed_all");
    let client = outside(&names).await;
    let seed = |line: &str| {
        let mut command = command(&project, &names, "test", line);
        run(command
            .env("SUPER_ADMIN_EMAIL", "ann@example.org")
            .env("SUPER_ADMIN_PASSWORD", "canary-canary"))
    };
    assert_eq!(seed("seed plan --exit-code").code, Some(3));

    let first = seed("seed run --json");
    let after = everything(&client, &names).await;
    let second = seed("seed run --json");

    assert_eq!(first.code, Some(0), "{}", first.output);
    assert_eq!(
        first.summary()["inserted"],
        40 + 6 + 1 + 5 + 2 * (6 + 7 + 6 + 6)
    );
    assert_eq!(
        (second.code, &second.summary()["inserted"]),
        (Some(0), &0.into())
    );
    assert_eq!(second.summary()["unchanged"], first.summary()["inserted"]);
    assert!(
        everything(&client, &names).await == after,
        "nothing was written"
    );
    assert_eq!(seed("seed plan --exit-code").code, Some(0));
    assert_eq!(
        seed("seed status --exit-code --only roles --only projects").code,
        Some(0)
    );
    let admin = client.database(&names.name("admin"));
    let mut roles: Vec<(i32, String)> = all(&admin, "roles")
        .await
        .iter()
        .map(|role| {
            (
                role.get_i32("level").unwrap(),
                role.get_str("slug").unwrap().to_owned(),
            )
        })
        .collect();
    roles.sort();
    let expected = [
        "viewer",
        "support",
        "billing-admin",
        "moderator",
        "admin",
        "super-admin",
    ];
    let expected: Vec<_> = [10, 30, 40, 50, 80, 100]
        .into_iter()
        .zip(expected.map(str::to_owned))
        .collect();
    assert_eq!(roles, expected);
    assert_eq!(all(&admin, "permissions").await.len(), 40);
    for ran in [first, second] {
        assert!(!ran.output.contains("canary"), "{}", ran.output);
    }
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_nobody_chose_is_in_its_file_and_nowhere_else() {
    let (names, project) = given("seed_password");
    let client = outside(&names).await;
    let seed = || {
        let mut command = command(&project, &names, "production", "seed run --json --db admin");
        run(command
            .env("SUPER_ADMIN_EMAIL", "Ann@Example.org")
            .env("LOG_LEVEL", "trace"))
    };

    let first = seed();
    let second = seed();

    assert_eq!(
        (first.code, second.code),
        (Some(0), Some(0)),
        "{}",
        first.output
    );
    let told = first
        .events
        .iter()
        .find(|event| event["event"] == "password")
        .unwrap();
    let file = PathBuf::from(told["file"].as_str().unwrap());
    assert!(file.starts_with(project.path()));
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let password = fs::read_to_string(&file).unwrap();
    let password = password.trim();
    assert_eq!(password.len(), 48);
    assert!(
        second
            .events
            .iter()
            .all(|event| event["event"] != "password")
    );
    for ran in [&first, &second] {
        assert!(!ran.output.contains(password));
    }
    let everything = format!("{:?}", everything(&client, &names).await);
    assert!(!everything.contains(password));
    assert!(
        !everything.contains("passwordHash\": 1"),
        "no mark of it in the ledger"
    );
    let users = all(&client.database(&names.name("admin")), "users").await;
    let hash = users[0].get_str("passwordHash").unwrap();
    assert!(hash.starts_with("$argon2id$"));
    assert_eq!(users[0].get_str("email").unwrap(), "ann@example.org");
    let records = all(&client.database(&names.name("control")), "seed_rows").await;
    assert!(!format!("{records:?}").contains("passwordHash"));
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_volume_and_reset_are_refused_in_production_whatever_the_flags() {
    let (names, project) = given("seed_refused");
    let client = outside(&names).await;
    let before = everything(&client, &names).await;
    let customer = names.name("customer");
    for line in [
        "seed run --only clients --json".to_owned(),
        "seed run --volume 10 --json".to_owned(),
        "seed plan --volume 10 --json".to_owned(),
        format!(
            "seed reset --yes --confirm {customer} --confirm {} --json",
            names.name("admin")
        ),
    ] {
        for environment in ["production", "staging"] {
            let ran = run(&mut command(&project, &names, environment, &line));
            assert_eq!(ran.code, Some(8), "{line}: {}", ran.output);
            assert_eq!(ran.summary()["code"], 8);
        }
    }
    assert!(
        everything(&client, &names).await == before,
        "nothing was written"
    );
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_wants_yes_and_the_databases_names() {
    let (names, project) = given("seed_reset");
    let client = outside(&names).await;
    let (admin, customer) = (names.name("admin"), names.name("customer"));
    let seed = |line: &str| run(&mut command(&project, &names, "test", line));
    assert_eq!(seed("seed run --volume 20").code, Some(0));

    for line in [
        "seed reset",
        "seed reset --yes",
        &format!("seed reset --yes --confirm {admin}"),
    ] {
        let ran = seed(line);
        assert_eq!(ran.code, Some(2), "{}", ran.output);
        assert!(
            ran.output
                .contains("documents that seeds have inserted would be taken away"),
            "{}",
            ran.output
        );
        assert!(
            ran.output.contains(&format!("--confirm {customer}")),
            "{}",
            ran.output
        );
    }
    let done = seed(&format!(
        "seed reset --yes --confirm {admin} --confirm {customer} --json"
    ));

    assert_eq!(done.code, Some(0), "{}", done.output);
    for collection in ["roles", "permissions"] {
        assert!(all(&client.database(&admin), collection).await.is_empty());
    }
    for tenant in ["acme", "globex"] {
        let database = client.database(&format!("{customer}__{tenant}"));
        for collection in ["clients", "projects", "products", "members"] {
            assert!(
                all(&database, collection).await.is_empty(),
                "{tenant} {collection}"
            );
        }
    }
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn volume_is_the_same_each_time_and_a_killed_run_is_finished_by_the_next() {
    let (names, project) = given("seed_volume");
    let client = outside(&names).await;
    let customer = names.name("customer");
    let line = "seed run --all-tenants --volume 6000 --json --wait 1m";
    let tenants =
        ["acme", "globex"].map(|tenant| client.database(&format!("{customer}__{tenant}")));
    let whole = async || {
        let mut whole = Vec::new();
        for tenant in &tenants {
            for collection in ["clients", "projects", "products"] {
                let drawn: Vec<Document> = all(tenant, collection)
                    .await
                    .into_iter()
                    .filter(|found| {
                        !found.values().any(|value| {
                            value.as_str().is_some_and(|text| text.starts_with("DEMO-"))
                        })
                    })
                    .collect();
                whole.push(drawn);
            }
        }
        whole
    };
    assert_eq!(
        run(&mut command(&project, &names, "test", line)).code,
        Some(0)
    );
    let uncrashed = whole().await;
    assert!(uncrashed.iter().map(Vec::len).sum::<usize>() > 3_000);
    let confirm = format!("seed reset --yes --confirm {customer} --all-tenants");
    assert_eq!(
        run(&mut command(&project, &names, "test", &confirm)).code,
        Some(0)
    );
    assert_eq!(whole().await.iter().map(Vec::len).sum::<usize>(), 0);

    let mut killed = Program::start(&mut command(&project, &names, "test", line));
    // Demo is written, and volume has begun: it is in the middle.
    killed.line("\"seed\":\"products\"");
    killed.signal(Signal::KILL);
    assert_ne!(killed.end().0.code(), Some(0));
    let finished = run(&mut command(&project, &names, "test", line));

    assert_eq!(finished.code, Some(0), "{}", finished.output);
    assert!(
        whole().await == uncrashed,
        "the same documents, byte by byte"
    );
    let again = run(&mut command(&project, &names, "test", line));
    assert_eq!(
        (again.code, &again.summary()["inserted"]),
        (Some(0), &0.into())
    );
    names.drop().await;
}

#[test]
fn on_a_private_set_nothing_has_to_be_prepared_or_confirmed() {
    let project = project();
    let seed = |line: &str| {
        let mut command = project.command(MONGOPLEX);
        run(command.args(line.split(' ')).env("LOG_FORMAT", "text"))
    };

    let first = seed("seed run --json");
    assert_eq!(first.code, Some(0), "{}", first.output);
    assert_eq!(first.summary()["inserted"], 40 + 6 + 5);
    assert!(
        first.output.contains("SUPER_ADMIN_EMAIL is not set"),
        "{}",
        first.output
    );
    let reset = seed("seed reset --yes --json");
    assert_eq!(
        (reset.code, &reset.summary()["pruned"]),
        (Some(0), &(40 + 6 + 5).into())
    );
    assert_eq!(seed("seed plan --exit-code").code, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_has_its_code() {
    let (names, project) = given("seed_codes");
    let seed = |line: &str| run(&mut command(&project, &names, "test", line));
    for (line, code, part) in [
        (
            "seed run --only nobody --json",
            2,
            "there is no seed `nobody`",
        ),
        ("seed run --only many-clients --json", 2, "--volume N"),
        ("seed run --tenant acmee --json", 2, "did you mean `acme`?"),
        ("seed run --db admi --json", 2, "did you mean `admin`?"),
        ("seed status --exit-code --json", 3, "something is pending"),
    ] {
        let ran = seed(line);
        assert_eq!(ran.code, Some(code), "{line}: {}", ran.output);
        assert_eq!(ran.summary()["code"], code);
        assert!(ran.output.contains(part), "{line}: {}", ran.output);
    }
    let client = outside(&names).await;
    let control = client.database(&names.name("control"));
    let held = doc! {
        "_id": names.name("admin"), "fence": 7_i64, "verb": "up",
        "owner": { "run": "other", "host": "elsewhere", "pid": 1_i64, "space": "", "began": "" },
        "renewedAt": mongoplex::bson::DateTime::now(),
        "expiresAt": mongoplex::bson::DateTime::from_millis(4_102_444_800_000),
    };
    let locks = control.collection::<Document>("locks");
    locks.insert_one(held).await.unwrap();
    let ran = seed("seed run --db admin --json");
    assert_eq!(ran.code, Some(5), "{}", ran.output);
    locks.delete_many(doc! {}).await.unwrap();
    let admin = client.database(&names.name("admin"));
    admin
        .run_command(doc! { "dropIndexes": "roles", "index": "slug_1" })
        .await
        .unwrap();
    let ran = seed("seed run --only roles --json");
    assert_eq!(ran.code, Some(9), "{}", ran.output);
    // A document of a person's that has the key of a drawn one.
    let acme = client.database(&format!("{}__acme", names.name("customer")));
    let now = mongoplex::bson::DateTime::now();
    let theirs = doc! {
        "sku": "V00000000", "name": "Theirs", "price": 1_i64, "taxPercent": 0.0, "stockQuantity": 0_i64,
        "isActive": true, "version": 1_i64, "createdAt": now, "updatedAt": now,
    };
    assert_eq!(
        seed("seed run --only plans").code,
        Some(0),
        "the customers' database is stamped"
    );
    acme.collection::<Document>("products")
        .insert_one(theirs)
        .await
        .unwrap();
    let ran = seed("seed run --only many-products --volume 10 --json");
    assert_eq!(ran.code, Some(6), "{}", ran.output);
    assert!(
        ran.output.contains("a unique index refused"),
        "{}",
        ran.output
    );
    names.drop().await;
}
