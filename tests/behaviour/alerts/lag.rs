//! A secondary that really falls behind, and the rules that are built in.

use std::time::Duration;

use mongoplex::{
    bson::{Document, doc},
    monitor::Transition,
    options::{Acknowledgment, WriteConcern},
};
use mongoplex_testing::{Nodes, own_set, raw};
use tokio::sync::broadcast::Receiver;

use crate::house::House;

/// Longer than a secondary needs to be 15 s behind, and an alert to be over.
const PATIENCE: Duration = Duration::from_secs(90);

/// Returns the next change of the alert, once it changes.
fn heard(changes: &mut Receiver<Transition>) -> Option<Transition> {
    loop {
        let change = changes.try_recv().ok()?;
        if change.alert.rule == "replication-lag" {
            return Some(change);
        }
    }
}

#[tokio::test]
async fn a_secondary_locked_against_writes_fires_at_fifteen_seconds_and_clears_after() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "alerts_lag", &[]).await;
    let (_, mut changes) = house.databases.monitor().transitions();
    let primary = set.primary().await.unwrap().address();
    let mut nodes = set.nodes().iter();
    let secondary = nodes.find(|node| node.address() != primary).unwrap();
    let direct = format!("mongodb://{}/?directConnection=true", secondary.address());
    let locked = raw(&direct).await.database("admin");
    let writes = raw(&set.uri("admin")).await.database(house.names.prefix());
    let writes = writes.collection::<Document>("lag");
    // The other secondary may copy from this one: then nothing reaches a majority.
    let one = WriteConcern::builder().w(Acknowledgment::Nodes(1)).build();
    let lock = doc! { "fsync": 1, "lock": true };
    locked.run_command(lock).await.unwrap();

    let mut states = Vec::new();
    let mut at = None;
    let story = async {
        while states.last() != Some(&"resolved") {
            // So that there is something to be behind with.
            let insert = writes.insert_one(doc! {});
            insert.write_concern(one.clone()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
            let Some(change) = heard(&mut changes) else {
                continue;
            };
            states.push(change.alert.state.as_str());
            if change.alert.state.as_str() == "firing" {
                at = change.alert.observed;
                locked.run_command(doc! { "fsyncUnlock": 1 }).await.unwrap();
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, story).await;

    assert!(ended.is_ok(), "{states:?}");
    assert_eq!(states, ["pending", "firing", "resolved"], "and no flap");
    let at = at.unwrap();
    assert!((15.0..=20.0).contains(&at), "{at}");
    house.close().await;
    set.stop().await;
}
