//! That a call ends, whoever polls it. What it does on a real server is in tests/behaviour/guard.rs.

pub(super) mod events;

use std::{
    future::pending,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::coop::has_budget_remaining,
    time::timeout,
};

use self::events::Events;
use super::*;
use crate::{
    config::{BreakerConfig, BulkheadConfig, Deadlines, RetryConfig},
    model::Namespace,
};

const READ: Duration = Duration::from_secs(2);

const TIMES: Deadlines = Deadlines {
    read: READ,
    write: READ,
    scan: READ,
};

const CONFIG: GuardConfig = GuardConfig {
    deadlines: TIMES,
    bulkhead: BulkheadConfig {
        reserve: 2,
        queue: 256,
        wait: Duration::from_millis(100),
        tenant_share: 75,
    },
    breaker: BreakerConfig {
        failures: 5,
        window: Duration::from_secs(10),
        min_calls: 20,
        failure_rate: 50,
        slow_rate: 80,
        slow: TIMES,
        open: Duration::from_secs(1),
        open_max: Duration::from_secs(30),
        probes: 3,
        probe_wait: Duration::from_secs(10),
        outage_grace: Duration::from_secs(3),
    },
    retry: RetryConfig {
        attempts: 3,
        pause: Duration::from_millis(25),
        pause_max: Duration::from_secs(1),
        budget: 500,
    },
    slowlog: TIMES,
};

fn guard() -> Guard {
    Guard::new("shop", CONFIG, 50, Listeners::default())
}

fn operation() -> Operation {
    Operation {
        name: "find_one",
        database: "shop",
        namespace: Namespace {
            database: Arc::from("shop"),
            collection: "orders",
        },
        is_tenants: false,
        is_joint: false,
        class: Class::Read,
        resend: Resend::Read,
        timeout: None,
        within: None,
    }
}

/// A call that is never answered.
async fn unanswered(guard: &Guard) -> Result<()> {
    guard.run(operation(), |_| pending()).await
}

async fn ends_at_its_deadline(call: impl Future<Output = Result<()>>) {
    let started = Instant::now();

    let ended = timeout(READ * 2, call).await;

    let late = matches!(ended, Ok(Err(Error::DeadlineExceeded { .. })));
    assert!(late, "{ended:?}");
    assert!(started.elapsed() < READ + Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_moves_to_another_task_still_ends_at_its_deadline() {
    let guard = guard();
    let mut call = pin!(unanswered(&guard));
    let mut nobody = Context::from_waker(Waker::noop());
    assert!(call.as_mut().poll(&mut nobody).is_pending());

    ends_at_its_deadline(call).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_task_without_budget_still_ends_at_its_deadline() {
    let guard = guard();
    let (sender, mut receiver) = mpsc::unbounded_channel();
    (0..1_000).for_each(|number| sender.send(number).unwrap());
    while has_budget_remaining() {
        receiver.recv().await.unwrap();
    }

    ends_at_its_deadline(unanswered(&guard)).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_is_cut_off_and_one_that_begins_later_too() {
    let guard = guard();
    let mut waiting = pin!(unanswered(&guard));
    assert!(timeout(Duration::ZERO, waiting.as_mut()).await.is_err());
    assert_eq!(guard.cut_off(), 1);

    for ended in [waiting.await, unanswered(&guard).await] {
        assert!(matches!(ended, Err(Error::ShuttingDown)), "{ended:?}");
    }
}

/// One place, which somebody has until `free` is told.
async fn queued(guard: &Guard, meanwhile: impl FnOnce()) -> Result<()> {
    let (free, freed) = oneshot::channel::<()>();
    let mut holding = pin!(guard.run(operation(), {
        let mut freed = Some(freed);
        move |_| {
            let freed = freed.take();
            async move {
                let _ = freed.unwrap().await;
                Ok(())
            }
        }
    }));
    assert!(timeout(Duration::ZERO, holding.as_mut()).await.is_err());
    let mut waiting = pin!(guard.run(operation(), |_| async { Ok(()) }));
    assert!(timeout(Duration::ZERO, waiting.as_mut()).await.is_err());

    tokio::time::advance(Duration::from_millis(50)).await;
    meanwhile();
    drop(free);

    holding.await.unwrap();
    waiting.await
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waited_for_its_place_does_not_pass_a_circuit_that_opened_meanwhile() {
    let guard = Guard::new("shop", CONFIG, 3, Listeners::default());
    queued(&guard, || {}).await.unwrap();

    let ended = queued(&guard, || guard.force(Force::Open)).await;

    assert!(matches!(ended, Err(Error::CircuitOpen { .. })), "{ended:?}");
    assert_eq!(guard.state().load.in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_under_way_at_a_shutdown_may_make_its_calls() {
    let guard = guard();
    guard.close();
    let refused = guard.run(operation(), |_| async { Ok(()) }).await;
    assert!(matches!(refused, Err(Error::ShuttingDown)), "{refused:?}");

    let part = Operation {
        is_joint: true,
        ..operation()
    };
    guard.once(part, |_| async { Ok(()) }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_and_a_wait_that_is_too_long_are_both_refused_and_told_once() {
    let config = GuardConfig {
        bulkhead: BulkheadConfig {
            queue: 1,
            ..CONFIG.bulkhead
        },
        ..CONFIG
    };
    // Three connections less the reserve: one place.
    let guard = Guard::new("shop", config, 3, Listeners::default());
    let mut holds = Box::pin(unanswered(&guard));
    assert!(timeout(Duration::ZERO, holds.as_mut()).await.is_err());
    let events = Events::listen();

    let (waits, refused) = tokio::join!(unanswered(&guard), unanswered(&guard));
    let begun = events.take();
    drop(holds);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(timeout(Duration::ZERO, unanswered(&guard)).await.is_err());

    for refused in [waits, refused] {
        assert!(matches!(refused, Err(Error::Overloaded { .. })));
    }
    assert_eq!(
        begun,
        [
            "WARN the bulkhead of `shop` refuses calls: 1 of 1 places are taken, 1 wait \
          {db.logical=shop bulkhead.state=refusing}"
        ]
    );
    assert_eq!(
        events.take(),
        [
            "INFO the bulkhead of `shop` takes calls again: 2 were refused within 100 ms, none for 5s \
          {db.logical=shop bulkhead.state=taking bulkhead.refused=2 elapsed_ms=100}"
        ]
    );
}

#[test]
fn each_transition_of_a_circuit_is_told_once() {
    let (guard, events) = (guard(), Events::listen());

    for force in [Force::Open, Force::Open, Force::Free, Force::Free] {
        guard.force(force);
    }

    assert_eq!(
        events.take(),
        [
            "INFO the circuit of `shop` is forced-open, it was closed: the operator said so \
             {db.logical=shop breaker.state=forced-open}",
            "INFO the circuit of `shop` is closed, it was forced-open: the operator said so \
             {db.logical=shop breaker.state=closed}",
        ]
    );
}
