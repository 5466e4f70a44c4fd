//! The lock of a logical database: a lease on the server's clock, with a fence.
//!
//! Whoever holds it renews it. Who could not for two thirds of it stops by itself; once it has run out
//! another may take it, with a higher fence, and every record that the old holder would still write is
//! refused by that fence. No clock of ours is compared with another machine's.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use mongodb::bson::{Bson, DateTime, Document, doc};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Control, CrashPoint, Owner, TARGETS};
use crate::{error::Result, pauses::Pauses, tasks::Tasks};

const LOCKS: &str = "locks";

/// How long a transaction of a process that is gone may hold a record up: 60 s by MongoDB's default
/// (`transactionLifetimeLimitSeconds`), and it looks for those every 30 s.
const TRANSACTIONS_LIFE: Duration = Duration::from_secs(100);

/// How long one asks for a lock that is held before it is asked for again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A lock that is held. Dropped without [`release`](Self::release) it runs out by itself.
#[derive(Debug)]
pub(crate) struct Lease {
    held: Arc<Held>,
    tasks: Tasks,
}

#[derive(Debug)]
struct Held {
    control: Control,
    scope: String,
    owner: Owner,
    fence: i64,
    /// When the last renewal that was confirmed had been sent, in milliseconds since the machine started.
    confirmed: AtomicU64,
    lost: CancellationToken,
}

/// What asking for a lock brought.
#[derive(Debug)]
pub(crate) enum Acquired {
    /// It is held now, and whoever held it before can change no record any more.
    Held(Lease),
    /// Somebody else holds it.
    Other(Holder),
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// What is locked: the physical name of a logical database.
    pub scope: String,
    /// Who.
    pub owner: Owner,
    /// What for, such as `up`.
    pub verb: String,
    /// How long ago it was last renewed, on the server's clock.
    pub silent_for: Duration,
    /// How long it lasts unless it is renewed, zero once it has run out.
    pub expires_in: Duration,
    fence: i64,
}

impl Lease {
    /// Asks for a lock, until `wait` is over.
    pub(crate) async fn acquire(
        control: &Control,
        scope: &str,
        verb: &str,
        wait: Duration,
    ) -> Result<Acquired> {
        let owner = Owner::new();
        let began = uptime();
        let mut pauses = Pauses::around(PAUSES.0, PAUSES.1);
        loop {
            let other = match try_once(control, scope, verb, &owner).await? {
                Ok((fence, took_over, sent)) => {
                    let lease = Self::held(control, scope, owner, fence, sent);
                    CrashPoint::Locked.pass();
                    if took_over {
                        sweep(control, scope, fence).await?;
                        CrashPoint::Swept.pass();
                    }
                    return Ok(Acquired::Held(lease));
                }
                Err(other) => other,
            };
            let Some(other) = other else { continue };
            if other.owner.is_gone() {
                expire(control, &other).await?;
                continue;
            }
            let pause = pauses.pause();
            if uptime() + pause > began + wait {
                return Ok(Acquired::Other(other));
            }
            sleep(pause).await;
        }
    }

    fn held(control: &Control, scope: &str, owner: Owner, fence: i64, sent: Duration) -> Self {
        let held = Arc::new(Held {
            control: control.clone(),
            scope: scope.to_owned(),
            owner,
            fence,
            confirmed: AtomicU64::new(millis(sent)),
            lost: CancellationToken::new(),
        });
        let tasks = Tasks::default();
        tasks.spawn(renewing(held.clone()));
        Self { held, tasks }
    }

    /// Returns the number that every record of this run carries, higher than that of every run before.
    pub(crate) fn fence(&self) -> i64 {
        self.held.fence
    }

    /// Returns the run.
    pub(crate) fn run(&self) -> &str {
        &self.held.owner.run
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.held.owner
    }

    /// Returns whether the lease surely lasts for `time` from now on: asked before each effect.
    pub(crate) fn lasts(&self, time: Duration) -> bool {
        !self.held.lost.is_cancelled() && self.held.left() > time
    }

    /// Returns how much of it must be left before an effect that is bounded: 8 s of 30 s.
    pub(crate) fn margin(&self) -> Duration {
        self.held.control.config.lease * 8 / 30
    }

    /// Waits until the lease is lost: forever where it is not.
    pub(crate) async fn lost(&self) {
        self.held.lost.cancelled().await;
    }

    /// Returns whether somebody else has taken the lock since.
    pub(crate) async fn is_taken(&self) -> Result<bool> {
        let Held {
            control,
            scope,
            fence,
            ..
        } = &*self.held;
        // Whoever took it may have given it back since.
        let command = doc! { "find": LOCKS, "filter": { "_id": scope }, "limit": 1 };
        let found = control.all(LOCKS, command).await?;
        let now = found.first().and_then(|lock| lock.get_i64("fence").ok());
        Ok(now.is_some_and(|now| now > *fence))
    }

    /// Gives the lock up without knowing what is still on its way: the next one takes over.
    pub(crate) async fn abandon(self) -> Result<()> {
        self.tasks.stop(Duration::from_secs(1)).await;
        let held = &self.held;
        let over = doc! { "$set": { "expiresAt": DateTime::from_millis(0) } };
        update(&held.control, held.own(), over.into())
            .await
            .map(drop)
    }

    /// Gives the lock back: the next one takes it at once, and knows that nothing is on its way.
    pub(crate) async fn release(self) -> Result<()> {
        self.tasks.stop(Duration::from_secs(1)).await;
        let held = &self.held;
        let free = doc! { "$set": { "owner": Bson::Null, "expiresAt": DateTime::from_millis(0) } };
        update(&held.control, held.own(), free.into())
            .await
            .map(drop)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

impl Held {
    fn own(&self) -> Document {
        doc! { "_id": &self.scope, "fence": self.fence, "owner.run": &self.owner.run }
    }

    /// Returns how long it may be relied upon: two thirds of the lease, from the sending of the last
    /// renewal that was confirmed.
    fn left(&self) -> Duration {
        let confirmed = Duration::from_millis(self.confirmed.load(Ordering::SeqCst));
        let until = confirmed + self.control.config.lease * 2 / 3;
        until.saturating_sub(uptime())
    }
}

/// Renews a lease every sixth of it, until it is lost.
async fn renewing(held: Arc<Held>) {
    let lease = held.control.config.lease;
    let mut pause = lease / 6;
    loop {
        sleep(pause.min(held.left())).await;
        let sent = uptime();
        let renewed = update(&held.control, held.own(), renewal(lease).into());
        pause = match tokio::time::timeout(held.left(), renewed).await {
            Ok(Ok(0)) => break,
            Ok(Ok(_)) => {
                held.confirmed.store(millis(sent), Ordering::SeqCst);
                lease / 6
            }
            // Sent again soon: perhaps a primary is being elected.
            _ => lease / 30,
        };
        if held.left().is_zero() {
            break;
        }
    }
    held.lost.cancel();
}

fn renewal(lease: Duration) -> Vec<Document> {
    vec![doc! { "$set": { "renewedAt": "$$NOW", "expiresAt": later(lease) } }]
}

/// Returns the time on the server's clock after which a lease has run out.
fn later(lease: Duration) -> Document {
    let millis = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    doc! { "$add": ["$$NOW", millis] }
}

/// Asks once: the fence, whether the one before did not release, and when it was asked; or who holds it,
/// where that can be told.
async fn try_once(
    control: &Control,
    scope: &str,
    verb: &str,
    owner: &Owner,
) -> Result<std::result::Result<(i64, bool, Duration), Option<Holder>>> {
    let sent = uptime();
    let command = doc! {
        "findAndModify": LOCKS,
        "query": { "_id": scope },
        "update": taking(verb, owner, control.config.lease),
        "upsert": true,
        "new": true,
    };
    let reply = control.write("findAndModify", LOCKS, command).await?;
    let lock = reply.get_document("value").cloned().unwrap_or_default();
    let holder = lock.get_document("owner").map(Owner::read).ok();
    if holder.is_none_or(|holder| holder.run != owner.run) {
        return Ok(Err(look(control, scope).await?));
    }
    let took_over = matches!(lock.get("before"), Some(Bson::Document(_)));
    let fence = lock.get_i64("fence").unwrap_or_default();
    Ok(Ok((fence, took_over, sent)))
}

/// Returns the stages that take a lock where it is free, or run out, or ours by a first try whose answer
/// was lost; else they leave it as it is, which writes nothing.
fn taking(verb: &str, owner: &Owner, lease: Duration) -> Vec<Document> {
    let by_us = doc! { "$eq": ["$owner.run", &owner.run] };
    let over = doc! { "$lte": [{ "$ifNull": ["$expiresAt", DateTime::from_millis(0)] }, "$$NOW"] };
    let free = doc! { "$or": [&by_us, over] };
    let taken = [
        (
            "fence",
            doc! { "$add": [{ "$ifNull": ["$fence", 0_i64] }, 1_i64] },
        ),
        (
            "before",
            doc! { "$cond": [by_us, "$before", { "$ifNull": ["$owner", Bson::Null] }] },
        ),
        ("verb", doc! { "$literal": verb }),
        ("takenAt", doc! { "$add": "$$NOW" }),
        ("renewedAt", doc! { "$add": "$$NOW" }),
        ("expiresAt", later(lease)),
        ("owner", doc! { "$literal": owner.to_document() }),
    ];
    // All of them look at the lock as it was.
    let fields = taken.into_iter().map(|(field, value)| {
        let is = format!("${field}");
        let value = doc! { "$cond": [&free, value, { "$ifNull": [is, "$$REMOVE"] }] };
        (field.to_owned(), Bson::from(value))
    });
    vec![doc! { "$set": fields.collect::<Document>() }]
}

/// Raises the fence of every target: what the run before has on its way finds nothing any more. Where that
/// one ended in a transaction, MongoDB keeps its record locked until the transaction's time is up.
async fn sweep(control: &Control, scope: &str, fence: i64) -> Result<()> {
    let filter = doc! { "scope": scope, "fence": { "$lt": fence } };
    let raised = doc! { "$set": { "fence": fence } };
    let command = doc! {
        "update": TARGETS, "updates": [{ "q": filter, "u": raised, "multi": true }],
    };
    let control = control.clone().within(TRANSACTIONS_LIFE);
    control.write("update", TARGETS, command).await.map(drop)
}

/// Returns who holds a lock; `None` where nobody does.
pub(crate) async fn look(control: &Control, scope: &str) -> Result<Option<Holder>> {
    let since = |at: &str| doc! { "$subtract": ["$$NOW", at] };
    let command = doc! {
        "aggregate": LOCKS,
        "pipeline": [
            { "$match": { "_id": scope, "owner": { "$type": "object" } } },
            { "$set": { "silent": since("$renewedAt"), "over": since("$expiresAt") } },
        ],
        "cursor": {},
    };
    let found = control.all(LOCKS, command).await?;
    Ok(found.first().map(|lock| holder(scope, lock)))
}

fn holder(scope: &str, lock: &Document) -> Holder {
    let millis = |key| lock.get_i64(key).unwrap_or_default();
    let time = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    Holder {
        scope: scope.to_owned(),
        owner: Owner::read(lock.get_document("owner").unwrap_or(&Document::new())),
        verb: lock.get_str("verb").unwrap_or_default().to_owned(),
        silent_for: time(millis("silent")),
        expires_in: time(-millis("over")),
        fence: millis("fence"),
    }
}

/// Ends another's lease now: it is known to be gone. Its owner stays, so that the next one takes over.
pub(crate) async fn expire(control: &Control, other: &Holder) -> Result<bool> {
    let of_it = doc! { "_id": &other.scope, "fence": other.fence, "owner.run": &other.owner.run };
    let over = doc! { "$set": { "expiresAt": DateTime::from_millis(0) } };
    Ok(update(control, of_it, over.into()).await? > 0)
}

/// Changes a lock and returns how many matched: 1 or 0.
async fn update(control: &Control, filter: Document, update: Bson) -> Result<i64> {
    let command = doc! { "update": LOCKS, "updates": [{ "q": filter, "u": update }] };
    let reply = control.write("update", LOCKS, command).await?;
    Ok(matched(&reply))
}

/// Returns how many documents an `update` command matched.
pub(crate) fn matched(reply: &Document) -> i64 {
    let n = reply.get("n");
    n.and_then(|n| n.as_i64().or(n.as_i32().map(i64::from)))
        .unwrap_or_default()
}

/// Returns the time since the machine started, a suspension counted: `Instant` does not count one.
fn uptime() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::from_secs(seconds) + Duration::from_nanos(now.tv_nsec.unsigned_abs())
    }
    #[cfg(not(target_os = "linux"))]
    {
        use std::{sync::LazyLock, time::Instant};
        static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
        FIRST.elapsed() + Duration::from_secs(1)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
