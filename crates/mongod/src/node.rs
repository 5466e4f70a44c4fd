//! One node of a set: its mongod, its port, and the ways to hurt it.
//!
//! It knows nothing of elections and configurations: those belong to the set.

pub(crate) mod admin;
pub(crate) mod folder;
mod launch;
mod log;
mod port;
mod process;
pub(crate) mod start_line;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rustix::process::Signal;

pub use self::process::Process;
use self::{folder::NodeFolder, start_line::Place};
use crate::{Error, Purpose};

/// What a node is started with, each time.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) binary: PathBuf,
    pub(crate) set: String,
    pub(crate) purpose: Purpose,
    pub(crate) folder: NodeFolder,
}

/// One mongod of a [`ReplicaSet`](crate::ReplicaSet).
#[derive(Debug)]
pub struct Node {
    plan: Plan,
    place: Place,
    process: Mutex<Arc<Process>>,
}

impl Node {
    /// Starts the node on its stored port, or on another when that one is taken.
    pub(crate) async fn start(plan: Plan) -> Result<Self, Error> {
        plan.folder.prepare()?;
        let (process, place) = launch::anywhere(&plan).await?;
        plan.folder.keep_port(place.port())?;
        Ok(Self {
            plan,
            place,
            process: Mutex::new(Arc::new(process)),
        })
    }

    /// Returns its host and port, such as `127.0.0.1:23456`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.place.port()
    }

    /// Returns a URI that reaches this node only, whatever its state, with `database` as default database.
    #[must_use]
    pub fn uri(&self, database: &str) -> String {
        format!(
            "mongodb://{}/{database}?directConnection=true",
            self.address()
        )
    }

    /// Returns the process id of its mongod, or nothing when that has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let process = self.process();
        process.exited().is_none().then(|| process.id())
    }

    /// Waits until its mongod has ended, whoever ended it; at once when it has.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing and may be dropped.
    pub async fn ended(&self) {
        let process = self.process();
        process.wait().await;
    }

    /// Returns where its log is; the log of the start before lies beside it with the ending `.1`.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.plan.folder.log()
    }

    /// Kills its mongod (SIGKILL) and returns when it is gone. Does nothing when it has ended.
    pub async fn kill(&self) {
        self.process().kill().await;
    }

    /// Ends its mongod cleanly (SIGTERM, SIGKILL after 20 s) and returns when it is gone, after about 1 s.
    ///
    /// It works on a paused one too, and does nothing when it has ended.
    pub async fn stop(&self) {
        self.process().stop().await;
    }

    /// Stops its mongod in its tracks (SIGSTOP): connections are still accepted, and nothing is answered.
    pub fn pause(&self) {
        self.process().pause();
    }

    /// Lets a paused mongod go on (SIGCONT).
    pub fn resume(&self) {
        self.process().signal(Signal::CONT);
    }

    /// Stops its mongod when it runs, starts it again on the same port, and returns when it answers.
    ///
    /// It need not be a member in good standing then: [`ReplicaSet::ready`](crate::ReplicaSet::ready) waits for that.
    ///
    /// # Errors
    ///
    /// `NoPort` when another process has taken the port meanwhile; otherwise those of a first start.
    pub async fn restart(&self) -> Result<(), Error> {
        self.stop().await;
        let process = launch::on_port(&self.plan, self.port()).await?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(process);
        Ok(())
    }

    /// Returns whether its configuration may still name the port of an earlier start.
    pub(crate) fn has_moved(&self) -> bool {
        matches!(self.place, Place::Moved(_))
    }

    fn process(&self) -> Arc<Process> {
        self.process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
