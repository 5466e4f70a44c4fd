use std::collections::HashMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::task::JoinSet;

use super::*;
use crate::guard::tests::events::Events;

const CONFIG: BulkheadConfig = BulkheadConfig {
    reserve: 2,
    queue: 4,
    wait: Duration::from_millis(100),
    tenant_share: 75,
};

fn bulkhead() -> Arc<Bulkhead> {
    Arc::new(Bulkhead::new("shop", 10, CONFIG))
}

fn take(bulkhead: &Arc<Bulkhead>, tenant: Tenant) -> Option<Permit> {
    bulkhead.take(tenant).ok()
}

/// Takes until there is no more, and leaves the queue.
fn take_all(bulkhead: &Arc<Bulkhead>, tenant: Tenant) -> Vec<Permit> {
    std::iter::from_fn(|| take(bulkhead, tenant.clone())).collect()
}

#[test]
fn permits_stay_below_the_pool() {
    let bulkhead = bulkhead();

    assert_eq!(take_all(&bulkhead, None).len(), 8);
    let single = Arc::new(Bulkhead::new("shop", 1, CONFIG));
    assert_eq!(take_all(&single, None).len(), 1);
}

#[test]
fn one_tenant_alone_reaches_its_share_and_others_still_find_a_place() {
    let bulkhead = bulkhead();

    let noisy = take_all(&bulkhead, Some("noisy".into()));
    let quiet = take(&bulkhead, Some("quiet".into()));

    assert_eq!(noisy.len(), 6);
    assert!(quiet.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_full_refuses_at_once_and_a_wait_ends_with_its_cap() {
    let bulkhead = bulkhead();
    let held = take_all(&bulkhead, None);
    assert_eq!(bulkhead.load().queued, 0, "who left the queue is not in it");
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(bulkhead.take(None).err().flatten().unwrap());
    }
    assert_eq!(bulkhead.load().queued, 4);
    assert!(matches!(bulkhead.take(None), Err(None)));

    let started = tokio::time::Instant::now();
    let ended = Bulkhead::wait(waiting.pop().unwrap(), Duration::from_millis(100)).await;
    assert!(ended.is_none());
    assert_eq!(started.elapsed(), Duration::from_millis(100));

    drop(held);
    let next = Bulkhead::wait(waiting.remove(0), Duration::from_secs(1)).await;
    assert!(next.is_some());
}

#[tokio::test]
async fn a_permit_goes_to_the_first_in_the_queue_that_may_have_it() {
    let bulkhead = bulkhead();
    let (noisy, quiet) = (Some("noisy".into()), Some("quiet".into()));
    let mut held = take_all(&bulkhead, noisy.clone());
    held.extend(take_all(&bulkhead, None));
    let mut first = bulkhead.take(noisy).err().flatten().unwrap();
    let mut second = bulkhead.take(quiet).err().flatten().unwrap();

    held.truncate(7);

    assert!(first.0.try_recv().is_err(), "it holds its share already");
    assert!(second.0.try_recv().is_ok());
}

#[test]
fn a_permit_whose_receiver_left_is_not_lost() {
    let bulkhead = bulkhead();
    let held = take_all(&bulkhead, None);
    let gone = bulkhead.take(None).err().flatten().unwrap();
    let handed = bulkhead.take(None).err().flatten().unwrap();
    drop(gone);
    drop(held);

    assert_eq!(bulkhead.load().in_use, 1, "one was handed on");
    drop(handed);

    assert_eq!(bulkhead.load().in_use, 0);
}

/// Callers come, wait, are dropped in the middle and end in random order: never too many at once, none
/// of a tenant beyond its share, and in the end everything is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_schedule_loses_a_permit() {
    for seed in 0..200 {
        let bulkhead = bulkhead();
        let mut tasks = JoinSet::new();
        for number in 0..64_u64 {
            let bulkhead = bulkhead.clone();
            let mut random = StdRng::seed_from_u64(seed * 1_000 + number);
            tasks.spawn(async move {
                for _ in 0..20 {
                    let tenant = match random.random_range(0..4) {
                        0 => None,
                        tenant => Some(tenant.to_string().into()),
                    };
                    let patience = Duration::from_micros(random.random_range(0..300));
                    let taking = async {
                        match bulkhead.take(tenant) {
                            Ok(permit) => Some(permit),
                            Err(waiting) => Bulkhead::wait(waiting?, Duration::from_secs(1)).await,
                        }
                    };
                    let permit = tokio::time::timeout(patience, taking).await;
                    check(&bulkhead);
                    tokio::task::yield_now().await;
                    drop(permit);
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        let load = bulkhead.load();
        assert_eq!((load.in_use, load.queued), (0, 0), "seed {seed}");
        assert_eq!(take_all(&bulkhead, None).len(), 8, "seed {seed}");
    }
}

fn check(bulkhead: &Bulkhead) {
    let desk = bulkhead.lock();
    let mut own: HashMap<&str, usize> = HashMap::new();
    for held in desk.held.iter().flatten() {
        *own.entry(held).or_default() += 1;
    }
    // Three quarters of eight.
    assert!(own.values().all(|count| *count <= 6), "{own:?}");
    assert!(own.values().sum::<usize>() + desk.free.len() <= 8);
}

#[tokio::test(start_paused = true)]
async fn that_calls_are_refused_is_told_once_and_that_it_is_over_after_a_calm() {
    let (bulkhead, events) = (bulkhead(), Events::listen());
    let second = Duration::from_secs(1);

    for _ in 0..2 {
        let mut held = take_all(&bulkhead, None);
        for _ in 0..6 {
            bulkhead.refuse();
            // Under a lasting overload some are taken all the while.
            held.truncate(7);
            held.extend(take(&bulkhead, None));
            tokio::time::advance(second).await;
        }
        assert_eq!(
            events.take(),
            [
                "WARN the bulkhead of `shop` refuses calls: 8 of 8 places are taken, 0 wait \
                 {db.logical=shop bulkhead.state=refusing}"
            ]
        );
        tokio::time::advance(refusals::CALM - second).await;
        drop(held);
        assert!(events.take().is_empty(), "nobody was taken since");
        drop(take_all(&bulkhead, None));
        assert_eq!(
            events.take(),
            [
                "INFO the bulkhead of `shop` takes calls again: 6 were refused within 5000 ms, none \
                 for 5s {db.logical=shop bulkhead.state=taking bulkhead.refused=6 elapsed_ms=5000}"
            ]
        );
    }
}
