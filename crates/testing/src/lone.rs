//! One mongod that is started otherwise than those of a set: the real cause of a fault.

use std::{
    ffi::OsString,
    fs,
    fs::File,
    io::{self, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mongodb::bson::doc;
use mongoplex_mongod::Process;
use tokio::time::sleep;

use crate::{client::raw, folder, http::free_port, sets::binary};

/// How long it may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(60);

/// How often another port is tried when somebody takes it first.
const PORTS: usize = 8;

/// A mongod on 127.0.0.1 with arguments of the test's own; a standalone unless they name a set.
///
/// Dropped, it is stopped; its data are removed by a later process.
#[derive(Debug)]
pub struct Lone {
    process: Process,
    folder: PathBuf,
    port: u16,
}

impl Lone {
    /// Starts a mongod and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not, with its log.
    pub async fn start(arguments: &[&str]) -> Self {
        Self::through(&[], arguments).await
    }

    /// Starts a mongod through a program that changes something and becomes it, such as
    /// `sh -c 'ulimit -n 256; exec "$@"' sh` or [`wrong_clock`].
    ///
    /// # Panics
    ///
    /// When it does not listen in the end, with its log.
    pub async fn through(wrapper: &[&str], arguments: &[&str]) -> Self {
        let mut log = String::new();
        for _ in 0..PORTS {
            match once(wrapper, arguments).await {
                Ok(lone) => return lone,
                Err(said) => log = said,
            }
            // Only a taken port is worth another try.
            if !log.contains("already in use") {
                break;
            }
        }
        panic!("mongod with {arguments:?} does not start:\n{log}");
    }

    /// Returns its host and port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Returns its URI without options, with `database` as default database.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        format!("mongodb://{}/{database}", self.address())
    }

    /// Stops it in its tracks: connections are still accepted, and nothing is answered.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Makes it a replica set of one node, named as its `--replSet`, and waits for the primary.
    ///
    /// # Panics
    ///
    /// When it does not become one.
    pub async fn initiate(&self, set: &str) {
        let uri = format!("{}?directConnection=true", self.uri(""));
        let client = raw(&uri).await;
        let admin = client.database("admin");
        let members = vec![doc! { "_id": 0, "host": self.address() }];
        let command = doc! { "replSetInitiate": { "_id": set, "members": members } };
        let done = admin.run_command(command).await;
        done.unwrap_or_else(|error| panic!("no set: {error}"));
        let started = Instant::now();
        loop {
            let hello = admin.run_command(doc! { "hello": 1 }).await;
            if hello.is_ok_and(|hello| hello.get_bool("isWritablePrimary").unwrap_or(false)) {
                break;
            }
            assert!(started.elapsed() < LISTENS_WITHIN, "no primary");
            sleep(Duration::from_millis(10)).await;
        }
        client.shutdown().immediate(true).await;
    }

    /// Stops it and removes its data.
    pub async fn stop(self) {
        self.process.stop().await;
        let _ = fs::remove_dir_all(&self.folder);
    }
}

async fn once(wrapper: &[&str], arguments: &[&str]) -> Result<Lone, String> {
    let (folder, port) = (folder::next(), free_port());
    let data = folder.join("node-0").join("data");
    let log = folder.join("log");
    let output = fs::create_dir_all(&data).and_then(|()| File::create(&log));
    let output = output.unwrap_or_else(|error| panic!("no `{}`: {error}", folder.display()));
    let mut words: Vec<OsString> = wrapper.iter().map(OsString::from).collect();
    words.extend([binary().path().into(), "--dbpath".into(), data.into()]);
    let port_text = port.to_string();
    let usual = [
        "--port",
        &port_text,
        "--bind_ip",
        "127.0.0.1",
        "--nounixsocket",
        "--wiredTigerCacheSizeGB",
        "0.25",
    ];
    let usual = usual.iter().chain(&[
        "--setParameter",
        "diagnosticDataCollectionEnabled=false",
        "--wiredTigerEngineConfigString",
        "log=(enabled=true,prealloc=false,file_max=8MB)",
    ]);
    words.extend(usual.chain(arguments).map(OsString::from));
    let program = PathBuf::from(words.remove(0));
    let process = Process::start(&program, &words, &folder, output).await;
    let process = process.unwrap_or_else(|error| panic!("no `{}`: {error}", program.display()));
    listens(&process, &log).await?;
    Ok(Lone {
        process,
        folder,
        port,
    })
}

async fn listens(process: &Process, log: &Path) -> Result<(), String> {
    let started = Instant::now();
    loop {
        let said = fs::read_to_string(log).unwrap_or_default();
        if said.contains("Waiting for connections") {
            return Ok(());
        }
        if process.exited().is_some() || started.elapsed() > LISTENS_WITHIN {
            return Err(said);
        }
        sleep(Duration::from_millis(10)).await;
    }
}

/// Returns the words that give a program a clock that is off by `shift`, such as `+10s`. Where Debian's
/// package `libfaketime` is not installed it says on the standard error output what is skipped, and returns
/// nothing.
#[must_use]
pub fn wrong_clock(shift: &str) -> Option<Vec<String>> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let Some(library) = libraries.find(|library| library.is_file()) else {
        // Nobody may be listening.
        let why = "no clock is put wrong here: Debian's package `faketime` is not installed";
        let _ = writeln!(io::stderr(), "skipped: {why}");
        return None;
    };
    let words = [
        "env".to_owned(),
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME={shift}"),
    ];
    Some(words.into())
}
