//! A second run changes nothing, as the server's own records say.

use mongoplex::{
    bson::{Document, Timestamp, doc},
    mongodb::Client,
};
use mongoplex_testing::TestDatabases;

use super::{last, outside, run};

/// Watches what a run does: every command that the server profiles, and every entry of its oplog.
struct Watch<'a> {
    client: &'a Client,
    databases: &'a [String],
    since: Timestamp,
}

impl<'a> Watch<'a> {
    async fn begin(client: &'a Client, databases: &'a [String]) -> Self {
        for name in databases {
            let database = client.database(name);
            let profile = |level: i32| database.run_command(doc! { "profile": level });
            profile(0).await.unwrap();
            database
                .collection::<Document>("system.profile")
                .drop()
                .await
                .unwrap();
            profile(2).await.unwrap();
        }
        Self {
            client,
            databases,
            since: last(client, "").await,
        }
    }

    /// Returns the commands of our clients, but for the probe's, and how many changes there were.
    async fn end(self) -> (Vec<String>, usize) {
        let mut commands = Vec::new();
        for name in self.databases {
            let database = self.client.database(name);
            database.run_command(doc! { "profile": 0 }).await.unwrap();
            let profiled = database.collection::<Document>("system.profile");
            let ours = doc! { "appName": { "$regex": "^insightserenity/" } };
            let mut found = profiled.find(ours).await.unwrap();
            while found.advance().await.unwrap() {
                let entry = found.deserialize_current().unwrap();
                if !entry.get_str("ns").unwrap().ends_with(".mongoplex_probe") {
                    let command = entry.get_document("command").unwrap();
                    // Writes are profiled as statements, without the command's name.
                    let name = command.keys().next().cloned().unwrap_or_default();
                    commands.push(format!("{} {name}", entry.get_str("op").unwrap()));
                }
            }
        }
        let any: Vec<String> = self
            .databases
            .iter()
            .map(|name| format!("^{name}[.]"))
            .collect();
        let since = doc! { "ts": { "$gt": self.since }, "ns": { "$regex": any.join("|") } };
        let oplog = self
            .client
            .database("local")
            .collection::<Document>("oplog.rs");
        let changes = oplog.count_documents(since).await.unwrap();
        (commands, changes as usize)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_sends_no_command_that_changes_anything() {
    let names = TestDatabases::new("sync_twice");
    let client = outside(&names).await;
    let customer = names.name("customer");
    let mut databases = vec![names.name("admin"), customer.clone()];
    let first = Watch::begin(&client, &databases).await;
    let (code, output) = run(&names, "sync");
    assert_eq!(code, Some(0), "{output}");
    let (commands, changes) = first.end().await;
    for seen in ["command create", "command createIndexes"] {
        assert!(commands.iter().any(|name| name == seen), "{commands:?}");
    }
    assert!(changes > 0, "the watch sees what there is to see");
    for id in ["acme", "globex"] {
        assert_eq!(run(&names, &format!("tenants create {id}")).0, Some(0));
        databases.push(format!("{customer}__{id}"));
    }

    let second = Watch::begin(&client, &databases).await;
    let (code, output) = run(&names, "sync --all-tenants");

    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.contains("those of 2 tenants: 0 added, 0 missing"),
        "{output}"
    );
    let (commands, changes) = second.end().await;
    let reads = [
        "command count",
        "command dbStats",
        "command listCollections",
        "command listIndexes",
        "command ping",
        "query find",
    ];
    let others = |name: &&String| !reads.contains(&name.as_str());
    assert_eq!(commands.iter().find(others), None, "{commands:?}");
    let looks = |name: &&String| *name == "command listIndexes";
    let looked = commands.iter().filter(looks).count();
    assert!(
        looked >= databases.len(),
        "each was looked at: {commands:?}"
    );
    assert_eq!(changes, 0);
    names.drop().await;
}
