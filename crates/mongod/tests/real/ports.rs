//! The port of a folder is kept where it is free, and given up where it is not.

use std::{
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use mongoplex_mongod::{Error, Nodes};

use crate::common::{Folder, insert, start};

#[tokio::test]
async fn a_taken_port_is_replaced_and_the_data_stay() {
    let folder = Folder::new("taken");
    let first = start(folder.path(), Nodes::One).await;
    insert(&first.uri("shop")).await;
    first.stop().await;
    let taken = first.nodes()[0].port();
    // It accepts and says nothing: mongod would ask it for 30 s whether it is itself.
    let _stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, taken)).unwrap();
    let started = Instant::now();

    let second = start(folder.path(), Nodes::One).await;

    assert!(started.elapsed() < Duration::from_secs(10));

    assert_ne!(second.nodes()[0].port(), taken);
    assert_eq!(insert(&second.uri("shop")).await, 2);
    second.stop().await;
}

#[tokio::test]
async fn three_nodes_may_all_move() {
    let folder = Folder::new("moved");
    let first = start(folder.path(), Nodes::Three).await;
    insert(&first.uri("shop")).await;
    first.stop().await;
    let taken: Vec<u16> = first.nodes().iter().map(|node| node.port()).collect();
    let _strangers: Vec<_> = taken
        .iter()
        .map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap())
        .collect();

    let second = start(folder.path(), Nodes::Three).await;

    assert!(
        second
            .nodes()
            .iter()
            .all(|node| !taken.contains(&node.port()))
    );
    assert_eq!(insert(&second.uri("shop")).await, 2);
    second.stop().await;
}

#[tokio::test]
async fn a_restart_does_not_move_the_node() {
    let folder = Folder::new("stay");
    let set = start(folder.path(), Nodes::One).await;
    let node = &set.nodes()[0];
    node.stop().await;
    let _stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, node.port())).unwrap();

    let refused = node.restart().await.unwrap_err();

    assert!(
        matches!(refused, Error::NoPort { last, .. } if last == node.port()),
        "{refused}"
    );
}
