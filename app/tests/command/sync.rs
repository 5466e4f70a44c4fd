//! `sync` shows what differs, adds what cannot hurt, and a second run changes nothing.

mod build;
mod fleet;
mod twice;

use std::process::Command;

use mongoplex::{
    bson::{Document, Timestamp, doc},
    mongodb::{Client, Database, IndexModel},
};
use mongoplex_testing::{Program, Project, Signal, TestDatabases, http, raw};
use serde_json::{Value, json};

use crate::house::{MONGOPLEX, Ports, create, mongods, project, up};

/// A command on the test's databases, in a folder of its own.
fn command(project: &Project, names: &TestDatabases, line: &str) -> Command {
    let mut command = project.command(MONGOPLEX);
    command
        .args(line.split(' '))
        .env("MONGOPLEX_ENV", "test")
        .env("DATABASE_ADMIN_URI", names.uri("admin"))
        .env("DATABASE_CUSTOMER_URI", names.uri("customer"));
    command
}

fn run(names: &TestDatabases, line: &str) -> (Option<i32>, String) {
    Program::run(&mut command(&project(), names, line))
}

/// Runs a command with `--json` and returns its exit code and object.
fn told(names: &TestDatabases, line: &str) -> (Option<i32>, Value) {
    let (code, output) = run(names, &format!("{line} --json"));
    let object = output.lines().find(|line| line.starts_with('{'));
    let object = object.unwrap_or_else(|| panic!("no object in:\n{output}"));
    (code, serde_json::from_str(object).unwrap())
}

async fn outside(names: &TestDatabases) -> Client {
    raw(&names.uri("admin")).await
}

/// Returns `collection kind part cure` of a list of differences, several of a sort in a row once.
fn short(list: &Value) -> Vec<String> {
    let word = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let line = |found: &Value| {
        let namespace = word(found, "namespace");
        let collection = namespace.split_once('.').unwrap().1;
        let rest = ["kind", "part", "cure"].map(|key| word(found, key));
        format!("{collection} {}", rest.join(" "))
    };
    let mut lines: Vec<String> = list.as_array().unwrap().iter().map(line).collect();
    lines.dedup();
    lines
}

/// Returns when a database whose name begins so was last written to: other tests share the server.
async fn last(client: &Client, prefix: &str) -> Timestamp {
    let oplog = client.database("local").collection::<Document>("oplog.rs");
    let own = doc! { "ns": { "$regex": format!("^{prefix}") } };
    let newest = oplog.find_one(own).sort(doc! { "$natural": -1 }).await;
    newest.unwrap().unwrap().get_timestamp("ts").unwrap()
}

/// Makes a difference of each kind in the database of the customers.
async fn spoil(database: &Database) {
    let plans = database.collection::<Document>("plans");
    plans.drop().await.unwrap();
    plans.insert_one(doc! { "name": "canary" }).await.unwrap();
    let index = |keys: Document| IndexModel::builder().keys(keys).build();
    for keys in [doc! { "code": 1 }, doc! { "age": 1 }] {
        plans.create_index(index(keys)).await.unwrap();
    }
    database.create_collection("old_plans").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_every_kind_of_difference_and_changes_nothing() {
    let names = TestDatabases::new("sync_kinds");
    let client = outside(&names).await;
    let (admin, customer) = (
        client.database(&names.name("admin")),
        client.database(&names.name("customer")),
    );
    assert_eq!(run(&names, "sync").0, Some(0));
    spoil(&customer).await;
    for name in ["tenants", "users"] {
        admin.collection::<Document>(name).drop().await.unwrap();
    }
    let fence = doc! { "$expr": true };
    let users = admin.create_collection("users").validator(fence.clone());
    users.capped(true).size(4096).await.unwrap();
    let user = doc! { "email": "canary" };
    admin
        .collection::<Document>("users")
        .insert_one(user)
        .await
        .unwrap();
    let view = admin
        .create_collection("tenants")
        .view_on("users".to_owned());
    view.await.unwrap();
    let before = last(&client, names.prefix()).await;

    let (code, checked) = told(&names, "sync --check");

    assert_eq!(code, Some(3), "{checked}");
    assert_eq!(
        short(&checked["differences"]),
        [
            "tenants different collection migration",
            "users different collection migration",
            "users missing index migration",
            "users different validator migration",
            "plans different index migration",
            "plans missing validator add",
            "plans unknown index nothing",
            "old_plans unknown collection nothing",
        ],
        "{checked:#}"
    );
    assert_eq!(
        (&checked["added"], &checked["complete"]),
        (&json!([]), &json!(false))
    );
    assert_eq!(
        last(&client, names.prefix()).await,
        before,
        "nothing was written"
    );

    let (code, synced) = told(&names, "sync");
    assert_eq!(code, Some(3), "{synced}");
    assert_eq!(short(&synced["added"]), ["plans missing validator add"]);
    let left = short(&synced["left"]);
    assert!(
        left.iter().all(|one| one.ends_with("migration")),
        "{left:?}"
    );
    assert_eq!(left.len(), 5, "{left:?}");
    let (code, output) = run(&names, "sync");
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("; for a migration: "), "{output}");
    assert!(!output.contains("canary"), "no document is shown: {output}");
    let mut kept = admin
        .list_collections()
        .filter(doc! { "name": "users" })
        .await
        .unwrap();
    assert!(kept.advance().await.unwrap());
    let kept = kept.deserialize_current().unwrap().options.validator;
    assert_eq!(kept, Some(fence), "somebody's fence stays");
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_things_alone_are_told_and_take_nothing_from_being_complete() {
    let names = TestDatabases::new("sync_unknown");
    assert_eq!(run(&names, "sync").0, Some(0));
    let database = outside(&names).await.database(&names.name("customer"));
    database.create_collection("old_plans").await.unwrap();

    let (code, output) = run(&names, "sync --check");

    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("a collection of no model"), "{output}");
    assert!(
        output.contains("0 missing or different, 1 unknown"),
        "{output}"
    );
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_is_all_that_is_looked_at() {
    let names = TestDatabases::new("sync_named");
    let (code, output) = run(&names, "sync --db admin");
    assert_eq!(code, Some(0), "{output}");
    assert_eq!(names.existing().await, [names.name("admin")]);
    assert_eq!(run(&names, "sync").0, Some(0));
    for id in ["acme", "globex"] {
        assert_eq!(run(&names, &format!("tenants create {id}")).0, Some(0));
        let own = format!("{}__{id}", names.name("customer"));
        outside(&names).await.database(&own).drop().await.unwrap();
    }
    assert_eq!(
        run(&names, "sync --check").0,
        Some(0),
        "tenants are not looked at"
    );

    let (code, synced) = told(&names, "sync --tenant acme");

    assert_eq!(code, Some(0), "{synced}");
    assert_eq!(synced["added"][0]["tenant"], "acme");
    assert_eq!(synced["tenants"], 1);
    let (code, output) = run(&names, "sync --check --all-tenants");
    assert_eq!(code, Some(3), "{output}");
    assert!(
        output.contains("__globex.clients") && !output.contains("acme"),
        "{output}"
    );
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_nobody_knows_is_wrong_usage_and_changes_nothing() {
    let names = TestDatabases::new("sync_usage");
    let (code, output) = run(&names, "sync --db custmer --db x");
    assert_eq!(code, Some(2), "{output}");
    assert!(
        output.contains("`custmer`: did you mean `customer`?"),
        "{output}"
    );
    assert!(
        output.contains("`x`: there are admin, customer"),
        "{output}"
    );
    assert_eq!(names.existing().await, Vec::<String>::new());
    assert_eq!(run(&names, "sync").0, Some(0));
    assert_eq!(run(&names, "tenants create globex").0, Some(0));

    let (code, output) = run(&names, "sync --tenant globx --tenant acme");

    assert_eq!(code, Some(2), "{output}");
    assert!(
        output.contains("`globx`: did you mean `globex`?"),
        "{output}"
    );
    assert!(
        output.contains("no tenant `acme`: `tenants list`"),
        "{output}"
    );
    names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_private_set_everything_is_built_over_documents_too() {
    let (project, ports) = (project(), Ports::free());
    let private = |line: &str| {
        let mut command = project.command(MONGOPLEX);
        Program::run(command.args(line.split(' ')))
    };
    let (code, output) = private("sync --check");
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("using private MongoDB"), "{output}");
    let (code, output) = private("sync");
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("added, 0 missing"), "{output}");
    assert_eq!(mongods(project.path()), Vec::<String>::new());
    let (mut program, told) = up(&mut ports.up(&project));
    assert_eq!(create(ports.customer, "C-1").unwrap().status, 201);
    let client = raw(told["uri"].as_str().unwrap()).await;
    let acme = client.database("insightserenity_customer__acme");
    let clients = acme.collection::<Document>("clients");
    clients.drop_index("clientCode_1").await.unwrap();

    // The check forecasts what the run then does, on a private set too.
    let (code, output) = private("sync --check --tenant acme");
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("`sync` adds: 1"), "{output}");
    assert!(!output.contains("for a migration"), "{output}");
    let (code, output) = private("sync --tenant acme");

    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("1 added, 0 missing"), "{output}");
    assert!(
        clients
            .list_index_names()
            .await
            .unwrap()
            .contains(&"clientCode_1".to_owned())
    );
    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));
}

/// What a tenant lacks is no less missing at the second look than at the first.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_cannot_be_built_for_a_tenant_is_left_and_keeps_up_from_being_ready() {
    let (project, ports) = (project(), Ports::free());
    let (mut program, told) = up(&mut ports.up(&project));
    let client = raw(told["uri"].as_str().unwrap()).await;
    let acme = client.database("insightserenity_customer__acme");
    let clients = acme.collection::<Document>("clients");
    clients.drop_index("clientCode_1").await.unwrap();
    for _ in 0..2 {
        let twin = clients.insert_one(doc! { "clientCode": "canary" });
        twin.bypass_document_validation(true).await.unwrap();
    }

    let mut sync = project.command(MONGOPLEX);
    let (code, output) = Program::run(sync.args(["sync", "--tenant", "acme"]));
    assert_eq!(code, Some(3), "{output}");
    assert!(output.contains("left in"), "{output}");
    assert!(output.contains("share a unique key"), "{output}");
    assert!(!output.contains("canary"), "{output}");
    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));

    let (mut program, told) = up(&mut ports.up(&project));
    assert_eq!(told["missing"].as_array().unwrap().len(), 1, "{told}");
    // Past the next look, which comes after five seconds.
    let looked = std::time::Instant::now() + std::time::Duration::from_secs(7);
    while std::time::Instant::now() < looked {
        let ready = http(ports.customer, "GET /health/ready", &[], "").unwrap();
        assert_eq!(ready.status, 503);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    program.signal(Signal::TERM);
    assert_eq!(program.end().0.code(), Some(0));
}
