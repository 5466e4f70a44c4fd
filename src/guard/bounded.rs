//! One attempt under its deadline, and under the end of all calls.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::{AtomicBool, Ordering},
    task::{Poll, Waker},
};

use tokio::{sync::Notify, task::coop::has_budget_remaining};

use super::{Deadline, retry::Failed};
use crate::error::Error;

/// Ends all calls that wait on it, at most once.
#[derive(Default)]
pub(super) struct CutOff {
    /// Set once, before all who wait are notified: a call looks at it whenever it is polled.
    is_on: AtomicBool,
    notify: Notify,
}

impl CutOff {
    pub(super) fn strike(&self) {
        self.is_on.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Runs a call until it is answered, its deadline has passed, or all calls are cut off.
    pub(super) async fn bounded<T>(
        &self,
        deadline: Deadline,
        mut call: Pin<&mut impl Future<Output = mongodb::error::Result<T>>>,
    ) -> Result<T, Failed> {
        // It counts from here: a cut-off before it is first polled is not missed.
        let mut cut_off = pin!(self.notify.notified());
        if self.is_on.load(Ordering::Acquire) {
            return Err(Failed::Unsent(Error::ShuttingDown));
        }
        let mut passed = pin!(deadline.passed());
        let mut watched: Option<Waker> = None;
        poll_fn(|context| {
            // First: an answer that is there counts, however late the timer looks.
            if let Poll::Ready(answer) = call.as_mut().poll(context) {
                return Poll::Ready(answer.map_err(Failed::Driver));
            }
            if self.is_on.load(Ordering::Acquire) {
                return Poll::Ready(Err(Failed::CutOff));
            }
            // The other two wake this task already: it is polled several times a call, and to
            // register with them anew costs more than to look.
            let same = |waker: &Waker| waker.will_wake(context.waker());
            if !passed.is_elapsed() && watched.as_ref().is_some_and(same) {
                return Poll::Pending;
            }
            // A task without budget is put off by the timer, which then knows nothing of it.
            watched = has_budget_remaining().then(|| context.waker().clone());
            if cut_off.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Failed::CutOff));
            }
            passed.as_mut().poll(context).map(|()| Err(Failed::Late))
        })
        .await
    }
}
