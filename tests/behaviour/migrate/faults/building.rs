//! An index build whose process is killed goes on at the server.

use futures_util::TryStreamExt;
use mongoplex::{
    bson::{Bson, Document, doc},
    migrate::Direction,
};
use mongoplex_testing::{Nodes, Program, Signal, own_set};

use super::{lists, process};
use crate::{house::eventually, migrate::yard::Yard};

/// Switches a fail point on or off that holds index builds in their middle, where they hold no lock.
async fn hold(yard: &Yard, mode: &str) {
    let held = doc! { "configureFailPoint": "hangAfterStartingIndexBuildUnlocked", "mode": mode };
    yard.database("admin").run_command(held).await.unwrap();
}

/// Returns how many clients wait for the build.
async fn waiting(yard: &Yard) -> usize {
    let admin = yard.database("admin");
    let own = doc! { "$currentOp": { "allUsers": true } };
    let builds = doc! { "$match": { "command.createIndexes": "people" } };
    let found = admin.aggregate([own, builds]).await.unwrap();
    let found: Vec<Document> = found.try_collect().await.unwrap();
    found.len()
}

async fn is_being_built(yard: &Yard) -> bool {
    let command = doc! { "listIndexes": "people", "includeBuildUUIDs": true };
    let listed = yard.tenant("acme").run_cursor_command(command).await;
    let listed: Vec<Document> = listed.unwrap().try_collect().await.unwrap();
    listed.iter().any(|index| index.contains_key("buildUUID"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_build_whose_process_was_killed_is_told_of_and_joined() {
    let set = own_set(Nodes::One).await;
    let yard = Yard::on(&set, "migrate_build", &[], vec![lists::named("index")]).await;
    yard.not_new().await;
    yard.people("acme").await;
    hold(&yard, "alwaysOn").await;
    let mut killed = Program::start(&mut process::command(&yard, "index"));
    eventually("no build", async || is_being_built(&yard).await).await;
    killed.signal(Signal::KILL);
    killed.end();

    let verified = yard.migrator().verify().await.unwrap();
    let status = yard.migrator().status().await.unwrap();

    assert_eq!(verified[0].unsound.len(), 1, "{verified:?}");
    let unsound = &verified[0].unsound[0];
    assert!(unsound.is_building(), "{unsound:?}");
    let finding = &unsound.findings[0];
    assert_eq!(finding.migration, "20261101000000_last");
    assert!(finding.what.contains("last_1"), "{finding:?}");
    let pending = &status[0].pending[0].migrations;
    assert_eq!(
        *pending,
        [("20261101000000_last".to_owned(), Direction::Up)]
    );

    let before = waiting(&yard).await;
    let let_go = async {
        eventually("nobody joins", async || waiting(&yard).await > before).await;
        assert!(is_being_built(&yard).await);
        hold(&yard, "off").await;
    };
    let migrator = yard.migrator();
    let (joined, ()) = tokio::join!(migrator.up(), let_go);

    let joined = joined.unwrap();
    assert!(joined.is_whole(), "{joined:?}");
    let verified = yard.migrator().verify().await.unwrap();
    assert!(verified[0].unsound.is_empty(), "{verified:?}");
    assert!(!is_being_built(&yard).await);
    let ledger = yard.record(&yard.tenant("acme")).await;
    let entry = ledger.get_document("ledger").unwrap();
    let entry = entry.get_document("20261101000000_last").unwrap();
    assert_eq!(entry.get("state"), Some(&Bson::from("applied")));
    yard.close().await;
    set.stop().await;
}
