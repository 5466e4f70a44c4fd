//! A second process finds the set of a folder, and takes no stranger for it.

use std::{fs, path::Path};

use mongoplex_mongod::{Nodes, ReplicaSet};

use crate::common::{Folder, insert, start};

#[tokio::test]
async fn attach_finds_a_running_set() {
    let folder = Folder::new("attach");
    let set = start(folder.path(), Nodes::One).await;

    let attached = ReplicaSet::attach(folder.path()).await.unwrap();

    assert_eq!(attached.uri("shop"), set.uri("shop"));
    assert_eq!(insert(&attached.uri("shop")).await, 1);
    set.stop().await;
    assert!(ReplicaSet::attach(folder.path()).await.is_none());
}

#[tokio::test]
async fn attach_refuses_a_stranger_on_the_stored_port() {
    let (ours, theirs) = (Folder::new("attach-ours"), Folder::new("attach-theirs"));
    start(ours.path(), Nodes::One).await.stop().await;
    let stranger = start(theirs.path(), Nodes::One).await;
    let node = |folder: &Path| folder.join("node-0");
    fs::copy(
        node(theirs.path()).join("port"),
        node(ours.path()).join("port"),
    )
    .unwrap();
    assert!(ReplicaSet::attach(ours.path()).await.is_none());

    // Even with the stranger's pid in our lock file: it keeps its data elsewhere.
    let lock = Path::new("data").join("mongod.lock");
    fs::copy(
        node(theirs.path()).join(&lock),
        node(ours.path()).join(&lock),
    )
    .unwrap();

    assert!(ReplicaSet::attach(ours.path()).await.is_none());
    stranger.stop().await;
}

#[tokio::test]
async fn attach_finds_nothing_in_an_empty_folder() {
    let folder = Folder::new("attach-empty");

    assert!(ReplicaSet::attach(folder.path()).await.is_none());
}
