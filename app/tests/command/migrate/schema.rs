//! The schema of `--json`: the keys of every object, in their order.
//!
//! `paused` needs a deployment that goes away in mid-run: it is held beside the code.

use mongoplex::bson::doc;
use mongoplex_testing::Program;
use serde_json::Value;

use super::{Ground, TENANTS, objects, of, summary};

/// Returns the keys behind `v` and `event`, which every object has.
fn keys(object: &Value) -> String {
    assert_eq!(object["v"], 1, "{object}");
    let keys: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    match keys.as_slice() {
        ["v", "event", rest @ ..] => rest.join(" "),
        _ => panic!("{object}"),
    }
}

fn inner(object: &Value) -> String {
    let keys: Vec<&str> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.join(" ")
}

const FAILED: &str = "target database tenant state migration step code reason";
const BLOCKED: &str = "target database targets kind migration reason";
const SUMMARY: &str = "verb exitCode reason done migrations failed blocked quarantined interrupted pending stopped runs";

/// Puts two clients into a tenant's database that share a code, as no migration bears.
async fn poison(ground: &Ground, tenant: &str) {
    let clients = ground.of_tenant(tenant, "clients");
    let client = |id: i32| doc! { "_id": id, "clientCode": "canary", "companyName": "canary" };
    clients.insert_many([client(1), client(2)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runs_objects_have_the_keys_of_the_schema() {
    let ground = Ground::new("migrate_schema", &["acme", "globex"]).await;
    poison(&ground, "globex").await;

    let (code, output) = Program::run(&mut ground.command("up --max-failures 0 --json"));
    let (_, told) = ground.told("up");

    assert_eq!(code, Some(6), "{output}");
    assert!(!output.contains("canary"), "{output}");
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let first = objects(&lines.collect::<Vec<_>>().join("\n"));
    let began = of(&first, "began");
    assert_eq!(keys(began[0]), "target direction targets run");
    assert_eq!(
        (&began[2]["target"], &began[2]["targets"]),
        (&TENANTS.into(), &2.into())
    );
    let done = "target direction database tenant migrations elapsedMs";
    assert_eq!(keys(of(&first, "done")[0]), done);
    let failed = of(&first, "failed");
    assert_eq!(keys(failed[0]), FAILED);
    assert_eq!(
        (&failed[0]["tenant"], &failed[0]["state"]),
        (&"globex".into(), &"quarantined".into())
    );
    assert_eq!(failed[0]["step"], "index clients");
    assert_eq!(keys(of(&first, "halted")[0]), "target reason");
    let end = summary(&first);
    assert_eq!(keys(end), SUMMARY);
    assert_eq!((&end["exitCode"], &end["failed"]), (&6.into(), &1.into()));
    let end = summary(&told);
    assert_eq!(
        (&end["exitCode"], &end["quarantined"]),
        (&6.into(), &1.into())
    );
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repaired_is_tried_again_by_its_tenants_name() {
    let ground = Ground::new("migrate_repaired", &["acme", "globex"]).await;
    poison(&ground, "globex").await;
    let (code, output) = ground.run("up");
    assert_eq!(code, Some(6), "{output}");
    assert!(output.contains("quarantined"), "{output}");
    assert!(output.contains("index clients"), "{output}");
    let clients = ground.of_tenant("globex", "clients");
    clients.delete_one(doc! { "_id": 2 }).await.unwrap();

    let (left_out, _) = ground.run("up");
    let (code, told) = ground.told("up --tenant globex");

    assert_eq!(left_out, Some(6));
    assert_eq!(code, Some(0), "{told:?}");
    assert_eq!(summary(&told)["migrations"], 7);
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lists_objects_have_the_keys_of_the_schema() {
    let ground = Ground::new("migrate_looks", &["acme", "globex"]).await;

    let (_, plan) = ground.told("plan");
    poison(&ground, "globex").await;
    assert_eq!(ground.run("up").0, Some(6));
    let changed = doc! { "$set": { "ledger.20260901093000_plans_and_subscriptions.hash": "other", "digest": "other" } };
    let targets = ground.collection("control", "targets");
    let customer = doc! { "_id": ground.names.name("customer") };
    targets.update_one(customer, changed).await.unwrap();
    let (code, status) = ground.told("status");
    let (refused, up) = ground.told("up");

    assert_eq!(plan.len(), 4);
    let list = of(&plan, "plan")[0];
    assert_eq!(keys(list), "target direction targets pending blocked");
    let pending = &list["pending"][0];
    assert_eq!(inner(pending), "database targets isNew migrations");
    let migration = &pending["migrations"][0];
    assert_eq!(
        inner(migration),
        "id direction isReversible isDestructive steps"
    );
    assert_eq!(inner(&migration["steps"][0]), "name kind");
    assert_eq!(keys(summary(&plan)), SUMMARY);
    assert_eq!((code, refused), (Some(4), Some(4)), "{status:?}");
    let lists = of(&status, "status");
    let all = "target migrations targets atHead states pending failed blocked";
    assert_eq!(keys(lists[1]), all);
    assert_eq!(inner(&lists[1]["blocked"][0]), BLOCKED);
    assert_eq!(lists[1]["blocked"][0]["kind"], "changed");
    assert_eq!(inner(&lists[2]["failed"][0]), FAILED);
    assert_eq!(lists[2]["states"]["quarantined"], 1);
    assert_eq!(keys(summary(&status)), SUMMARY);
    assert_eq!(keys(of(&up, "blocked")[0]), BLOCKED);
    assert_eq!(summary(&up)["blocked"], 1);
    ground.names.drop().await;
}
