//! The shared set and sets of one's own.

use std::thread;

use mongodb::bson::doc;
use mongoplex_testing::{Nodes, own_set, raw, shared};

#[test]
fn the_shared_set_outlives_the_thread_that_began_it() {
    let begin = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async { shared().nodes()[0].pid() })
    };
    let pid = thread::spawn(begin).join().unwrap();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = raw(&shared().uri("admin")).await;
        client
            .database("admin")
            .run_command(doc! { "ping": 1 })
            .await
            .unwrap();
    });

    assert!(pid.is_some());
    assert_eq!(shared().nodes()[0].pid(), pid);
}

#[tokio::test]
async fn a_set_of_ones_own_may_be_hurt_and_leaves_nothing() {
    let set = own_set(Nodes::One).await;
    let folder = set.directory().to_owned();

    set.nodes()[0].kill().await;
    set.nodes()[0].restart().await.unwrap();
    set.ready().await.unwrap();
    set.stop().await;

    assert!(!folder.exists());
}
