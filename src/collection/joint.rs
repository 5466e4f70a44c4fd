//! A transaction's session, lent call by call to the collections that take part in it.
//!
//! MongoDB runs one call of a transaction at a time, so the second of two waits for the first. What
//! fails, or is dropped while it runs, ends the whole: the server may have ended it already, or may
//! not have (a call without the right leaves it open), and a commit would keep the first half.

use std::sync::{
    Arc, Mutex as StdMutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use mongodb::ClientSession;
use tokio::sync::{Mutex, MutexGuard};

use crate::error::{Error, Result};

/// The session of one attempt of a transaction. Clones share it.
#[derive(Clone)]
pub(crate) struct Joint(Arc<Inner>);

struct Inner {
    database: &'static str,
    session: Mutex<Option<ClientSession>>,
    is_over: AtomicBool,
    failure: StdMutex<Option<Abort>>,
}

/// Why a transaction cannot be committed.
#[derive(Debug, Clone)]
pub(crate) enum Abort {
    /// The driver failed a call; its labels say whether to run all of it again.
    Driver(mongodb::error::Error),
    /// A call ended otherwise than with an answer: at its deadline, refused, dropped.
    Unanswered,
}

impl Joint {
    pub(crate) fn new(database: &'static str, session: ClientSession) -> Self {
        Self(Arc::new(Inner {
            database,
            session: Mutex::new(Some(session)),
            is_over: AtomicBool::new(false),
            failure: StdMutex::new(None),
        }))
    }

    /// Ends the lending and returns the session; `None` while a call is still running somewhere, which
    /// then gives the session up, and that aborts.
    pub(crate) fn end(&self) -> Option<ClientSession> {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.session.try_lock().ok()?.take()
    }

    /// Returns the first failure of a call, if one failed.
    pub(crate) fn abort(&self) -> Option<Abort> {
        self.failed().clone()
    }

    /// Returns the error of a use of the transaction that it does not allow.
    pub(crate) fn refusal(&self, reason: &'static str) -> Error {
        let database = self.0.database;
        Error::Transaction { database, reason }
    }

    /// Waits until no other call has the session.
    pub(super) async fn lend(&self) -> Result<Lease<'_>> {
        let mut session = self.0.session.lock().await;
        if self.0.is_over.load(Ordering::SeqCst) {
            *session = None;
        }
        if session.is_none() {
            let over = "it is over, and none of its handles works beyond its body";
            return Err(self.refusal(over));
        }
        if self.failed().is_some() {
            let failed = "a call of it failed or was dropped, which ends it; return that error";
            return Err(self.refusal(failed));
        }
        Ok(Lease {
            joint: self,
            session,
            is_settled: false,
        })
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<Abort>> {
        let failure = self.0.failure.lock();
        failure.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session, for one call.
pub(super) struct Lease<'a> {
    joint: &'a Joint,
    session: MutexGuard<'a, Option<ClientSession>>,
    is_settled: bool,
}

impl Lease<'_> {
    pub(super) fn session(&mut self) -> Option<&mut ClientSession> {
        self.session.as_mut()
    }

    /// Notes how the call ended.
    pub(super) fn settle<T>(mut self, ended: &Result<T>) {
        self.is_settled = ended.is_ok();
        if let Some(error) = ended.as_ref().err().and_then(Error::driver) {
            self.fail(Abort::Driver(error.clone()));
        }
    }

    fn fail(&self, abort: Abort) {
        self.joint.failed().get_or_insert(abort);
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.fail(Abort::Unanswered);
        }
        if self.joint.0.is_over.load(Ordering::SeqCst) {
            *self.session = None;
        }
    }
}
