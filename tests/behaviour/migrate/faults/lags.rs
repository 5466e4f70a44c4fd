//! A secondary that lags: a backfill waits for it.

use std::time::{Duration, Instant};

use mongoplex::{
    bson::{Document, doc},
    options::{Acknowledgment, WriteConcern},
};
use mongoplex_testing::{Nodes, OwnSet, own_set, raw};
use tokio::time::sleep;

use super::lists;
use crate::{house::eventually, migrate::yard::Yard};

/// Three times as long as it takes a backfill to look again.
const QUIET: Duration = Duration::from_millis(1_500);

/// What the backfill allows by default is 2 s.
const LAG: f64 = 4.0;

/// Returns the `admin` database of a secondary; the other one follows the primary and not it.
async fn secondary(set: &OwnSet) -> mongoplex::mongodb::Database {
    let primary = set.primary().await.unwrap().address();
    let nodes = set.nodes().iter().map(|node| node.address());
    let others: Vec<String> = nodes.filter(|address| *address != primary).collect();
    let direct = |address: &str| format!("mongodb://{address}/?directConnection=true");
    let other = raw(&direct(&others[1])).await.database("admin");
    let follow = doc! { "replSetSyncFrom": &primary };
    other.run_command(follow).await.unwrap();
    raw(&direct(&others[0])).await.database("admin")
}

fn lag(yard: &Yard) -> f64 {
    let snapshot = yard.house.databases.monitor().snapshot();
    let servers = snapshot.deployments.iter().flat_map(|seen| &seen.servers);
    let lags = servers.filter_map(|server| server.lag_seconds);
    lags.fold(0.0, f64::max)
}

/// Writes so that there is something to be behind with.
async fn write(yard: &Yard) {
    let one = WriteConcern::builder().w(Acknowledgment::Nodes(1)).build();
    let writes = yard.tenant("acme").collection("writes");
    writes.insert_one(doc! {}).write_concern(one).await.unwrap();
}

async fn unnamed(yard: &Yard) -> u64 {
    let people = yard.tenant("acme").collection::<Document>("people");
    people.count_documents(lists::unnamed()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_waits_for_a_secondary_that_lags_and_goes_on_once_it_does_not() {
    let set = own_set(Nodes::Three).await;
    let variables = [("DB_HEARTBEAT_FREQUENCY", "500ms")];
    let list = lists::named("backfill");
    let yard = Yard::on(&set, "migrate_lag", &variables, vec![list]).await;
    yard.not_new().await;
    yard.people("acme").await;
    let locked = secondary(&set).await;
    let lock = doc! { "fsync": 1, "lock": true };
    locked.run_command(lock).await.unwrap();
    eventually("no lag", async || {
        write(&yard).await;
        lag(&yard) > LAG
    })
    .await;

    let migrator = yard.migrator();
    let story = async {
        eventually("it does not begin", async || {
            write(&yard).await;
            let record = yard.record(&yard.tenant("acme")).await;
            record
                .get_document("ledger")
                .is_ok_and(|ledger| !ledger.is_empty())
        })
        .await;
        let until = Instant::now() + QUIET;
        while Instant::now() < until {
            write(&yard).await;
            assert_eq!(unnamed(&yard).await, 120, "a batch was sent");
            sleep(Duration::from_millis(50)).await;
        }
        let unlock = doc! { "fsyncUnlock": 1 };
        locked.run_command(unlock).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(migrator.up(), story);

    let outcome = outcome.unwrap();
    assert!(outcome.is_whole(), "{outcome:?}");
    assert_eq!(unnamed(&yard).await, 0);
    yard.close().await;
    set.stop().await;
}
