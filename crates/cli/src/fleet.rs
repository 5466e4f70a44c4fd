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
pub(crate) const PERIOD: Duration = Duration::from_secs(3);

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
        progress.at(reports.len() as u64, 0);
    }
    progress.end();
    Ok(reports)
}

/// Tells how many are done of what there is much of: by a bar on a terminal, by a line now and then
/// elsewhere.
#[derive(Clone)]
pub(crate) struct Progress {
    what: &'static str,
    bar: ProgressBar,
}

impl Progress {
    /// Returns the progress of such things as `tenants`.
    pub(crate) fn of(what: &'static str) -> Self {
        Self {
            what,
            bar: ProgressBar::hidden(),
        }
    }

    /// Prints something while the bar is out of the way.
    pub(crate) fn aside(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Begins anew, with so many to do.
    pub(crate) fn begin(&self, total: usize) {
        self.bar.reset();
        self.bar.set_length(total as u64);
        if !io::stderr().is_terminal() || total == 0 {
            return;
        }
        let template = format!("{} {{bar:40}} {{pos}}/{{len}}{{msg}}", self.what);
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style);
        }
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
    }

    /// Notes how many are through, and how many of them failed.
    pub(crate) fn at(&self, through: u64, failed: u64) {
        self.bar.set_position(through);
        if failed > 0 {
            self.bar.set_message(format!(", {failed} failed"));
        }
    }

    /// Prints a line where there is no bar.
    pub(crate) fn tell(&self) {
        let all = self.bar.length().unwrap_or_default();
        if self.bar.is_hidden() && all > 0 {
            let (what, through) = (self.what, self.bar.position());
            output::note(format_args!(
                "{what}: {through} of {all}{}",
                self.bar.message()
            ));
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
