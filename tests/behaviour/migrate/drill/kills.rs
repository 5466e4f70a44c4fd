//! SIGKILL at random moments, over many tenants.

use std::time::{Duration, Instant};

use mongoplex::bson::{Document, doc};
use mongoplex_testing::{Nodes, own_set};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{lists::counting, program};
use crate::migrate::yard::Yard;

const TENANTS: usize = 300;
const KILLS: u32 = 200;

/// Fewer lives than kills would end it: a life is cut short after so many milliseconds at most.
const LIFE: std::ops::Range<u64> = 80..420;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_over_three_hundred_tenants_lose_and_double_nothing() {
    let set = own_set(Nodes::Three).await;
    let yard = Yard::on(&set, "migrate_kills", &[], vec![counting()]).await;
    yard.transactions_live(1).await;
    let ids: Vec<String> = (0..TENANTS).map(|number| format!("t{number:03}")).collect();
    yard.not_new().await;
    yard.rows_of(&ids).await;
    let seed = rand::rng().random();
    let mut random = StdRng::seed_from_u64(seed);

    let mut kills = 0;
    while kills < KILLS {
        // The whole is done long before so many kills: then it is taken back for some, and goes on.
        if is_done(&yard).await {
            yard.forget(&ids[..TENANTS / 3]).await;
        }
        let mut child = program::command(&yard, ("up", "count"), &[], "30s")
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(random.random_range(LIFE))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    let began = Instant::now();
    let last = yard.migrator().up().await.unwrap();

    assert!(last.is_whole(), "seed {seed}: {last:?}");
    assert!(began.elapsed() < Duration::from_secs(300), "seed {seed}");
    for id in &ids {
        let tenant = yard.tenant(id);
        assert_eq!(
            yard.indexes(&tenant, "things").await,
            ["_id_", "colour_1"],
            "{id}, seed {seed}"
        );
        let counts: Vec<Document> = yard.all(&tenant, "counts").await;
        assert_eq!(
            counts,
            [doc! { "_id": "all", "number": 1 }],
            "{id}, seed {seed}"
        );
    }
    yard.close().await;
    set.stop().await;
}

async fn is_done(yard: &Yard) -> bool {
    let status = yard.migrator().status().await.unwrap();
    status[0].at_head == TENANTS as u64
}
