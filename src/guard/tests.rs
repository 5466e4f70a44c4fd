//! That a call ends, whoever polls it. What it does on a real server is in tests/behaviour/guard.rs.

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
};

fn guard() -> Guard {
    Guard::new("shop", CONFIG, 50, Vec::new())
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
    let guard = Guard::new("shop", CONFIG, 3, Vec::new());
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
