//! Three nodes survive the loss of one.

use mongoplex_mongod::Nodes;

use crate::common::{Folder, insert, start};

#[tokio::test]
async fn three_nodes_elect_again_after_a_kill_of_the_primary() {
    let folder = Folder::new("three");
    let set = start(folder.path(), Nodes::Three).await;
    insert(&set.uri("shop")).await;
    let lost = set.primary().await.unwrap();

    lost.kill().await;
    let next = set.primary().await.unwrap();

    assert_ne!(next.address(), lost.address());
    assert_eq!(insert(&set.uri("shop")).await, 2);

    lost.restart().await.unwrap();
    set.ready().await.unwrap();
    set.stop().await;
}

#[tokio::test]
async fn three_nodes_elect_again_while_the_primary_is_paused() {
    let folder = Folder::new("three-paused");
    let set = start(folder.path(), Nodes::Three).await;
    let paused = set.primary().await.unwrap();

    paused.pause();
    let next = set.primary().await.unwrap();

    assert_ne!(next.address(), paused.address());
    paused.resume();
    set.ready().await.unwrap();
    set.stop().await;
}
