//! All tenants, a few at a time.

use std::{
    io::{self, IsTerminal},
    pin::pin,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mongoplex::{
    Error, Tenancy, TenantId,
    schema::{Mode, Report, Schema},
};
use tokio::time::{Instant, interval_at};

use crate::output;

/// How many tenants' databases are looked at at once: each is a few commands, and other work goes on.
const AT_ONCE: usize = 4;

/// How many rows are read at a time.
const BATCH: u32 = 1000;

/// How often a line is printed where there is no terminal for a bar.
const PERIOD: Duration = Duration::from_secs(3);

/// Returns the ids of all tenants, in their order.
pub(crate) async fn all(tenancy: &Tenancy) -> Result<Vec<TenantId>, Error> {
    let mut ids: Vec<TenantId> = Vec::new();
    loop {
        let batch = tenancy.list(ids.last(), BATCH).await?;
        if batch.is_empty() {
            return Ok(ids);
        }
        ids.extend(batch.into_iter().map(|tenant| tenant.id));
    }
}

/// Compares the databases of `ids`, and completes them as `mode` says; the reports come in their
/// order.
pub(crate) async fn walk(
    schema: &Schema,
    ids: Vec<TenantId>,
    mode: Mode,
    progress: &Progress,
) -> Result<Vec<(TenantId, Report)>, Error> {
    progress.begin(ids.len());
    let looked = stream::iter(ids)
        .map(|id| async move { schema.tenant(&id, mode).await.map(|report| (id, report)) });
    let mut looked = pin!(looked.buffered(AT_ONCE));
    let mut ticks = interval_at(Instant::now() + PERIOD, PERIOD);
    let mut reports = Vec::new();
    loop {
        tokio::select! {
            next = looked.next() => match next {
                Some(report) => reports.push(report?),
                None => break,
            },
            _ = ticks.tick() => progress.tell(),
        }
        progress.bar.set_position(reports.len() as u64);
    }
    progress.bar.finish_and_clear();
    Ok(reports)
}

/// Tells how many tenants are done: by a bar on a terminal, by a line now and then elsewhere.
#[derive(Clone)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            bar: ProgressBar::hidden(),
        }
    }

    /// Prints something while the bar is out of the way.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    fn begin(&self, total: usize) {
        self.bar.reset();
        self.bar.set_length(total as u64);
        if !io::stderr().is_terminal() || total == 0 {
            return;
        }
        if let Ok(style) = ProgressStyle::with_template("tenants {bar:40} {pos}/{len}") {
            self.bar.set_style(style);
        }
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
    }

    fn tell(&self) {
        if self.bar.is_hidden() {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            output::note(format_args!("tenants: {done} of {all}"));
        }
    }
}
