//! How many calls of one logical database are under way at once: fewer than its pool has
//! connections, so that nobody waits inside the driver, where a wait has no limit.
//!
//! One tenant never takes all: it may hold as many permits as a fixed multiple of those that are
//! free (the dynamic threshold of Choudhury and Hahne, 1998). Alone it reaches its share; the more
//! tenants are busy, the less each one gets, and a place stays free for one that was quiet.
//!
//! It says when it begins to refuse calls, and when it takes them again, once each (refusals.rs).

mod refusals;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use self::refusals::Refusals;
use crate::config::BulkheadConfig;

/// Whose call it is, by the name of the tenant's database. What belongs to no tenant has no share to
/// keep to.
pub(super) type Tenant = Option<Arc<str>>;

pub(super) struct Bulkhead {
    database: &'static str,
    limit: usize,
    config: BulkheadConfig,
    desk: Mutex<Desk>,
}

struct Desk {
    /// The permits that nobody holds.
    free: Vec<usize>,
    /// By permit: which tenant holds it.
    held: Vec<Tenant>,
    queue: VecDeque<Waiter>,
    /// While calls are refused; nothing in all quiet times.
    refusals: Option<Refusals>,
}

struct Waiter {
    tenant: Tenant,
    hand: oneshot::Sender<Permit>,
}

/// The right to occupy one connection; dropped it goes to the next in the queue.
pub(super) struct Permit {
    bulkhead: Option<Arc<Bulkhead>>,
    slot: usize,
}

/// A place in the queue.
pub(super) struct Waiting(oneshot::Receiver<Permit>);

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Load {
    /// Calls under way.
    pub in_use: usize,
    /// How many there may be at once.
    pub limit: usize,
    /// Calls that wait for one of these to end.
    pub queued: usize,
}

impl Bulkhead {
    /// Returns the bulkhead in front of a logical database's pool of `pool` connections.
    pub(super) fn new(database: &'static str, pool: u32, config: BulkheadConfig) -> Self {
        let limit = pool.saturating_sub(config.reserve).max(1) as usize;
        let desk = Desk {
            free: (0..limit).collect(),
            held: vec![None; limit],
            queue: VecDeque::new(),
            refusals: None,
        };
        Self {
            database,
            limit,
            config,
            desk: Mutex::new(desk),
        }
    }

    /// Takes a permit, or queues for one; `None` when the queue is full.
    pub(super) fn take(self: &Arc<Self>, tenant: Tenant) -> Result<Permit, Option<Waiting>> {
        let mut desk = self.lock();
        let place = match desk.take(&tenant, self.config.tenant_share) {
            Some(slot) => Ok(slot),
            None => Err(desk.queue(tenant, self.config.queue).ok_or(None)?),
        };
        let over = desk.refusals.take_if(|refusals| refusals.are_over());
        drop(desk);
        if let Some(refusals) = over {
            refusals.tell_over(self.database);
        }
        place.map(|slot| self.permit(slot)).map_err(Some)
    }

    /// Takes note of a call that goes without a permit: the queue is full, or it has waited too long.
    pub(super) fn refuse(&self) {
        let now = Instant::now();
        let mut desk = self.lock();
        let is_first = desk.refusals.is_none();
        let refusals = desk.refusals.get_or_insert_with(|| Refusals::from(now));
        refusals.note(now);
        drop(desk);
        if is_first {
            refusals::tell_begun(self.database, self.load());
        }
    }

    /// Waits for a permit; `None` when there was none within the limit.
    ///
    /// # Cancel safety
    /// Dropped while it waits, nothing is held.
    pub(super) async fn wait(waiting: Waiting, limit: Duration) -> Option<Permit> {
        timeout(limit, waiting.0).await.ok()?.ok()
    }

    fn permit(self: &Arc<Self>, slot: usize) -> Permit {
        Permit {
            bulkhead: Some(self.clone()),
            slot,
        }
    }

    /// Takes a permit back and hands on whatever somebody in the queue may have.
    fn give_back(self: &Arc<Self>, slot: usize) {
        let mut desk = self.lock();
        desk.held[slot] = None;
        desk.free.push(slot);
        let mut at = 0;
        while at < desk.queue.len() && !desk.free.is_empty() {
            let tenant = desk.queue[at].tenant.clone();
            let is_gone = desk.queue[at].hand.is_closed();
            let slot = if is_gone {
                None
            } else {
                desk.take(&tenant, self.config.tenant_share)
            };
            match (slot, is_gone) {
                (None, false) => at += 1,
                (None, true) => drop(desk.queue.remove(at)),
                (Some(slot), _) => {
                    if let Some(waiter) = desk.queue.remove(at)
                        && let Err(mut refused) = waiter.hand.send(self.permit(slot))
                    {
                        // It left just now. Its permit must not come back here: the lock is held.
                        refused.bulkhead = None;
                        desk.held[slot] = None;
                        desk.free.push(slot);
                    }
                }
            }
        }
    }

    pub(super) fn load(&self) -> Load {
        let desk = self.lock();
        Load {
            in_use: self.limit - desk.free.len(),
            limit: self.limit,
            queued: desk
                .queue
                .iter()
                .filter(|waiter| !waiter.hand.is_closed())
                .count(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Takes a free permit, if there is one that this tenant may have.
    fn take(&mut self, tenant: &Tenant, share: u32) -> Option<usize> {
        if tenant.is_some() && !self.has_room(tenant, share as usize) {
            return None;
        }
        let slot = self.free.pop()?;
        self.held[slot].clone_from(tenant);
        Some(slot)
    }

    /// Queues for a permit; `None` when the queue is full.
    fn queue(&mut self, tenant: Tenant, size: u32) -> Option<Waiting> {
        self.queue.retain(|waiter| !waiter.hand.is_closed());
        if self.queue.len() >= size as usize {
            return None;
        }
        let (hand, waiting) = oneshot::channel();
        self.queue.push_back(Waiter { tenant, hand });
        Some(Waiting(waiting))
    }

    /// Returns whether one more keeps the tenant below its multiple of what is free. A first one is
    /// always within.
    fn has_room(&self, tenant: &Tenant, share: usize) -> bool {
        if share >= 100 {
            return true;
        }
        let most = self.free.len() * share / (100 - share);
        // All that are held at all are fewer: no need to look whose they are.
        if self.held.len() - self.free.len() < most {
            return true;
        }
        let own = self.held.iter().filter(|held| *held == tenant).count();
        own == 0 || own < most
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(bulkhead) = self.bulkhead.take() {
            bulkhead.give_back(self.slot);
        }
    }
}

#[cfg(test)]
mod tests;
