//! That a call ends, whoever polls it. What it does on a real server is in tests/behaviour/guard.rs.

use std::{
    future::pending,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use tokio::{sync::mpsc, task::coop::has_budget_remaining, time::timeout};

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

/// A call that is never answered.
async fn unanswered(guard: &Guard) -> Result<()> {
    let operation = Operation {
        name: "find_one",
        database: "shop",
        namespace: Namespace {
            database: Arc::from("shop"),
            collection: "orders",
        },
        is_tenants: false,
        class: Class::Read,
        resend: Resend::Read,
        timeout: None,
        within: None,
    };
    guard.run(operation, |_| pending()).await
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
