//! A set starts, keeps its data, and leaves no mongod behind, however its owner ends.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use mongoplex_mongod::{Error, Nodes};

use crate::common::{Folder, insert, runs, start, try_start, wait_until};

#[tokio::test]
async fn a_set_on_an_empty_folder_is_writable_and_private() {
    let folder = Folder::new("empty");

    let set = start(folder.path(), Nodes::One).await;

    assert_eq!(insert(&set.uri("shop")).await, 1);
    assert_eq!(
        folder.path().metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    set.stop().await;
}

#[tokio::test]
async fn stop_and_start_keep_data_port_and_name() {
    let folder = Folder::new("again");
    let first = start(folder.path(), Nodes::One).await;
    insert(&first.uri("shop")).await;
    first.stop().await;

    let second = start(folder.path(), Nodes::One).await;

    assert_eq!(second.uri("shop"), first.uri("shop"));
    assert_eq!(insert(&second.uri("shop")).await, 2);
    second.stop().await;
}

#[tokio::test]
async fn stop_ends_a_paused_mongod_and_may_be_repeated() {
    let folder = Folder::new("paused");
    let set = start(folder.path(), Nodes::One).await;
    let pid = set.nodes()[0].pid().unwrap();
    set.nodes()[0].pause();

    set.stop().await;
    set.stop().await;

    assert!(!runs(pid));
    assert_eq!(set.nodes()[0].pid(), None);
    assert!(ended_cleanly(folder.path()));
}

#[tokio::test]
async fn a_dropped_set_leaves_no_mongod() {
    let folder = Folder::new("dropped");
    let set = start(folder.path(), Nodes::One).await;
    let pid = set.nodes()[0].pid().unwrap();

    drop(set);

    wait_until("the end of mongod", || !runs(pid));
    assert!(ended_cleanly(folder.path()));
}

#[tokio::test]
async fn a_killed_node_restarts_with_all_its_data() {
    let folder = Folder::new("killed");
    let set = start(folder.path(), Nodes::One).await;
    insert(&set.uri("shop")).await;

    set.nodes()[0].kill().await;
    assert_eq!(set.nodes()[0].pid(), None);
    set.nodes()[0].restart().await.unwrap();
    set.ready().await.unwrap();

    assert_eq!(insert(&set.uri("shop")).await, 2);
    set.stop().await;
}

#[tokio::test]
async fn a_folder_in_use_is_refused_with_the_holder() {
    let folder = Folder::new("locked");
    let set = start(folder.path(), Nodes::One).await;
    let holder = std::process::id();

    let refused = try_start(folder.path(), Nodes::One).await.unwrap_err();

    assert!(
        matches!(&refused, Error::Locked { pid, .. } if *pid == Some(holder)),
        "{refused}"
    );
    assert!(refused.to_string().contains(&holder.to_string()));
    // The refused start has not spoilt the stored port.
    assert!(
        mongoplex_mongod::ReplicaSet::attach(folder.path())
            .await
            .is_some()
    );
    set.stop().await;
}

#[tokio::test]
async fn of_two_that_start_at_once_in_a_folder_one_runs_it() {
    for round in 0..5 {
        let folder = Folder::new(&format!("at-once-{round}"));

        let (first, second) = tokio::join!(
            try_start(folder.path(), Nodes::One),
            try_start(folder.path(), Nodes::One)
        );

        let refused = first.as_ref().err().or(second.as_ref().err());
        assert!(matches!(refused, Some(Error::Locked { .. })), "{refused:?}");
        let set = first.or(second).unwrap();
        assert_eq!(insert(&set.uri("shop")).await, 1);
        set.stop().await;
    }
}

#[tokio::test]
async fn a_folder_without_its_sets_name_is_refused_at_once() {
    let folder = Folder::new("damaged");
    start(folder.path(), Nodes::One).await.stop().await;

    for damage in [None, Some("")] {
        let file = folder.path().join("set");
        match damage {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        let refused = try_start(folder.path(), Nodes::One).await.unwrap_err();
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_folder_keeps_its_number_of_nodes() {
    let folder = Folder::new("size");
    start(folder.path(), Nodes::One).await.stop().await;

    let refused = try_start(folder.path(), Nodes::Three).await.unwrap_err();

    assert!(
        matches!(
            refused,
            Error::OtherSize {
                found: 1,
                asked: 3,
                ..
            }
        ),
        "{refused}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_owner_leaves_no_mongod_and_loses_no_data() {
    let folder = Folder::new("orphan");
    let (mut owner, pid) = run_a_set(folder.path(), &[]);
    let attached = mongoplex_mongod::ReplicaSet::attach(folder.path())
        .await
        .unwrap();
    insert(&attached.uri("shop")).await;

    owner.kill().unwrap();
    owner.wait().unwrap();
    // No wait here: the next start has to cope with a mongod that is still ending.
    let set = start(folder.path(), Nodes::One).await;

    wait_until("the end of the old mongod", || !runs(pid));
    assert_eq!(insert(&set.uri("shop")).await, 2);
    set.stop().await;
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_owner_leaves_no_paused_mongod() {
    let folder = Folder::new("frozen");
    let (mut owner, pid) = run_a_set(folder.path(), &["paused"]);

    owner.kill().unwrap();
    owner.wait().unwrap();

    wait_until("the end of mongod", || !runs(pid));
}

/// Returns whether mongod has emptied its lock file, which it does as the last step of a clean end.
fn ended_cleanly(folder: &Path) -> bool {
    fs::read_to_string(folder.join("node-0/data/mongod.lock"))
        .unwrap()
        .is_empty()
}

/// Starts the helper program and returns it with the pid of its mongod.
fn run_a_set(folder: &Path, words: &[&str]) -> (Child, u32) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_run-a-set"));
    let mut owner = program
        .arg(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(owner.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let pid = line.trim().parse().unwrap();
    assert!(runs(pid));
    (owner, pid)
}
