//! Places at which a test lets the process end: one before and one after every write to a record, and
//! around each step. Builds without debug assertions, such as releases, know none of them.

/// A place to end at. Their names are what `MONGOPLEX_CRASH_AT` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// The lock is held.
    Locked,
    /// The fence of another's targets is raised.
    Swept,
    /// Before targets get records.
    BeforeEnrol,
    /// After that.
    AfterEnrol,
    /// Before targets are claimed.
    BeforeClaim,
    /// After that.
    AfterClaim,
    /// Before a step of any kind.
    BeforeStep,
    /// After a step, before anything tells of it.
    AfterStep,
    /// In a transaction, before its commit.
    InTransaction,
    /// Between two batches of a backfill.
    BetweenBatches,
    /// Before a step's end, or its beginning, is recorded.
    BeforeRecord,
    /// After that.
    AfterRecord,
    /// Before the records of targets that are done are written.
    BeforeApplied,
    /// After that.
    AfterApplied,
    /// Before the lock is given back.
    BeforeRelease,
    /// After that.
    Released,
}

impl CrashPoint {
    /// Every place.
    pub const ALL: [Self; 16] = [
        Self::Locked,
        Self::Swept,
        Self::BeforeEnrol,
        Self::AfterEnrol,
        Self::BeforeClaim,
        Self::AfterClaim,
        Self::BeforeStep,
        Self::AfterStep,
        Self::InTransaction,
        Self::BetweenBatches,
        Self::BeforeRecord,
        Self::AfterRecord,
        Self::BeforeApplied,
        Self::AfterApplied,
        Self::BeforeRelease,
        Self::Released,
    ];

    /// Passes the place; the process ends here where `MONGOPLEX_CRASH_AT` says `<name>:<n>` and it is
    /// the n-th time.
    #[cfg(debug_assertions)]
    pub(crate) fn pass(self) {
        use std::sync::{
            LazyLock,
            atomic::{AtomicU32, Ordering},
        };
        static LEFT: LazyLock<Option<(String, AtomicU32)>> = LazyLock::new(|| {
            #[expect(clippy::disallowed_methods, reason = "no setting: only tests know it")]
            let text = std::env::var("MONGOPLEX_CRASH_AT").ok()?;
            let (name, times) = text.split_once(':')?;
            Some((name.to_owned(), AtomicU32::new(times.parse().ok()?)))
        });
        let Some((name, left)) = &*LEFT else { return };
        if *name == format!("{self:?}") && left.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }

    /// Passes the place.
    #[cfg(not(debug_assertions))]
    pub(crate) fn pass(self) {}
}
