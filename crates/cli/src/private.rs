//! The private MongoDB of a project: one replica set in `.mongoplex/`, for development and tests.

use std::{
    convert::Infallible,
    future::pending,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mongoplex::{Config, Environment, Registry, Sources, config::Privacy};
use mongoplex_mongod::{Attached, Binary, Error, Nodes, Purpose, ReplicaSet, Search, Settings};

use crate::{
    exit::Failure,
    output::{self, Fetching},
};

/// How long another process may take to start the set of this project.
const STARTING: Duration = Duration::from_secs(10);

/// A mongod that ends again within this time after a restart is not started another time.
const STEADY: Duration = Duration::from_secs(10);

/// A private set in use.
pub(crate) enum PrivateSet {
    /// This process runs it.
    Own { set: ReplicaSet, version: String },
    /// Another process of this project runs it.
    Other(Attached),
}

impl PrivateSet {
    /// Returns the URI of one of its databases; it holds no credentials.
    pub(crate) fn uri(&self, database: &str) -> String {
        match self {
            Self::Own { set, .. } => set.uri(database),
            Self::Other(set) => set.uri(database),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        match self {
            Self::Own { set, .. } => set.directory(),
            Self::Other(set) => set.directory(),
        }
    }

    /// Returns what it is, in words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Own { set, version } => {
                format!("private MongoDB {version}, replica set {}", set.name())
            }
            Self::Other(set) => format!(
                "the private MongoDB that runs already, replica set {}",
                set.name()
            ),
        }
    }

    /// Starts its mongod again whenever that ends by itself, and never returns while that goes well.
    /// Another process's set is that one's to keep.
    ///
    /// # Errors
    /// When it cannot be started, or ends again within [`STEADY`].
    pub(crate) async fn keep(&self) -> Result<Infallible, Failure> {
        let Self::Own { set, .. } = self else {
            return pending().await;
        };
        let Some(node) = set.nodes().first() else {
            return pending().await;
        };
        let mut since: Option<Instant> = None;
        loop {
            node.ended().await;
            let log = node.log();
            let told = format!(
                "the private mongod has ended by itself; its log is {}",
                log.display()
            );
            if since.is_some_and(|since| since.elapsed() < STEADY) {
                return Err(Failure::failed(format!(
                    "{told}; it had just been started again"
                )));
            }
            tracing::error!("{told}; starting it again");
            node.restart().await?;
            set.ready().await?;
            since = Some(Instant::now());
            tracing::info!("the private mongod runs again, with all its data");
        }
    }

    /// Stops it where it is this process's own; the data stays.
    pub(crate) async fn stop(&self) {
        if let Self::Own { set, .. } = self {
            set.stop().await;
        }
    }
}

/// Returns the folder of a project's private set.
pub(crate) fn folder(sources: &Sources) -> PathBuf {
    sources.directory().join(".mongoplex")
}

/// Returns the set that another process runs for this project, or starts one.
///
/// A set that is just being started has its folder locked before it can be found: it is looked for
/// again for a while.
pub(crate) async fn share(sources: &Sources) -> Result<PrivateSet, Failure> {
    let until = Instant::now() + STARTING;
    loop {
        if let Some(set) = ReplicaSet::attach(folder(sources)).await {
            return Ok(PrivateSet::Other(set));
        }
        match try_start(sources).await? {
            Err(Error::Locked { .. }) if Instant::now() < until => {}
            started => return Ok(started?),
        }
    }
}

/// Finds or fetches a mongod and starts the set.
pub(crate) async fn start(sources: &Sources) -> Result<PrivateSet, Failure> {
    Ok(try_start(sources).await??)
}

async fn try_start(sources: &Sources) -> Result<Result<PrivateSet, Error>, Failure> {
    let search = Search {
        explicit: Config::mongod(sources),
        ..Search::default()
    };
    let finding = tokio::task::spawn_blocking(move || {
        let progress = Fetching::new();
        Binary::find(&search, &|step| progress.tell(step))
    });
    let binary = finding
        .await
        .map_err(|error| Failure::failed(error.to_string()))??;
    let settings = Settings {
        directory: folder(sources),
        nodes: Nodes::One,
        purpose: Purpose::Development,
    };
    let version = binary.version().to_owned();
    let set = ReplicaSet::start(&binary, settings).await;
    Ok(set.map(|set| PrivateSet::Own { set, version }))
}

/// Returns the sources with the URIs of a private set, and the environment where none is set.
pub(crate) fn point(
    sources: &Sources,
    privacy: &Privacy,
    registry: &Registry,
    application: &str,
    set: &PrivateSet,
) -> Sources {
    fill(sources, privacy, registry, |database| {
        set.uri(&name(application, database))
    })
}

/// Returns the sources with URIs that lead nowhere: all other faults are found before a set starts.
pub(crate) fn rehearse(
    sources: &Sources,
    privacy: &Privacy,
    registry: &Registry,
    application: &str,
) -> Sources {
    fill(sources, privacy, registry, |database| {
        format!("mongodb://127.0.0.1:9/{}", name(application, database))
    })
}

/// Returns a physical name on a private set: `<application>_<logical database>`, or the one word
/// where they are the same.
fn name(application: &str, database: &str) -> String {
    if application == database {
        database.to_owned()
    } else {
        format!("{application}_{database}")
    }
}

fn fill(
    sources: &Sources,
    privacy: &Privacy,
    registry: &Registry,
    uri: impl Fn(&str) -> String,
) -> Sources {
    let mut filled = sources.clone();
    if privacy.environment.is_none() {
        filled = filled.private("MONGOPLEX_ENV", Environment::Development.as_str());
    }
    for database in registry.databases() {
        let variable = format!("DATABASE_{}_URI", database.name.to_uppercase());
        filled = filled.private(variable, uri(database.name));
    }
    filled
}

/// Says which database a command uses, where that is not plain from its variables.
pub(crate) fn announce(set: &PrivateSet) {
    output::note(format_args!(
        "using {} in {}",
        set.describe(),
        set.directory().display()
    ));
}
