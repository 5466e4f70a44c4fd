//! What a run tells: while it goes on, and at its end.

use std::pin::pin;

use mongoplex::migrate::{Blocked, Direction, Error, Event, Failed, Outcome, Status, Verified};
use serde_json::Value;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, interval_at},
};

use super::{
    failure, json,
    task::{Task, Verb},
};
use crate::{
    exit::Failure,
    fleet::{PERIOD, Progress},
    output,
};

/// What happened so far.
pub(super) struct Report {
    verb: Verb,
    is_json: bool,
    progress: Progress,
    lists: Vec<Count>,
    outcome: Outcome,
    blocked: u64,
    pending: Option<u64>,
    /// What there was to say instead of a result.
    nothing: Option<&'static str>,
}

/// What became of one list's targets, one way.
struct Count {
    target: String,
    direction: Direction,
    done: u64,
    migrations: usize,
    failed: u64,
    of: usize,
}

impl Report {
    pub(super) fn new(task: &Task) -> Self {
        Self {
            verb: task.verb,
            is_json: task.pace.json,
            progress: Progress::of("targets"),
            lists: Vec::new(),
            outcome: Outcome::default(),
            blocked: 0,
            pending: None,
            nothing: None,
        }
    }

    /// Notes that there is nothing to work on.
    pub(super) fn nothing(&mut self, why: &'static str) {
        self.nothing = Some(why);
    }

    /// Returns whether any migration was carried out so far.
    pub(super) fn has_done_anything(&self) -> bool {
        self.outcome.migrations > 0
    }

    /// Tells what happens until the work ends, and judges it.
    pub(super) async fn watch(
        &mut self,
        direction: Direction,
        work: impl Future<Output = Result<Outcome, Error>>,
        events: &mut UnboundedReceiver<Event>,
    ) -> Result<(), Failure> {
        let mut work = pin!(work);
        let mut ticks = interval_at(Instant::now() + PERIOD, PERIOD);
        let ended = loop {
            tokio::select! {
                Some(event) = events.recv() => self.tell(&event, direction),
                _ = ticks.tick() => self.progress.tell(),
                ended = &mut work => break ended,
            }
        };
        while let Ok(event) = events.try_recv() {
            self.tell(&event, direction);
        }
        self.progress.end();
        match ended {
            Ok(outcome) => self.judge(outcome),
            Err(error) => {
                if let Error::Blocked(blocked) = &error {
                    self.blocked(blocked);
                }
                Err(error.into())
            }
        }
    }

    fn tell(&mut self, event: &Event, direction: Direction) {
        match event {
            Event::Began {
                target,
                targets,
                run,
            } => {
                if !self.outcome.runs.contains(run) {
                    self.outcome.runs.push(run.clone());
                }
                self.list(target, direction).of += targets;
                let all = self.lists.iter().map(|list| list.of).sum();
                self.progress.begin(all);
            }
            Event::Done {
                target, migrations, ..
            } => {
                self.outcome.done += 1;
                self.outcome.migrations += *migrations as u64;
                let list = self.list(target, direction);
                list.done += 1;
                list.migrations += migrations;
            }
            Event::Failed(failed) => {
                self.outcome.failed.push(failed.clone());
                self.list(&failed.target, direction).failed += 1;
            }
            Event::Paused { .. } if !self.is_json => self
                .progress
                .aside(|| output::note("nobody answers; it goes on as soon as somebody does")),
            Event::Halted { reason, .. } if !self.is_json => self
                .progress
                .aside(|| output::note(format_args!("no more targets are begun: {reason}"))),
            _ => {}
        }
        let failed = self.outcome.failed.len() as u64;
        self.progress.at(self.outcome.done + failed, failed);
        if self.is_json {
            json::event(event, direction)
                .into_iter()
                .for_each(output::result);
        }
    }

    fn list(&mut self, target: &str, direction: Direction) -> &mut Count {
        let is_it = |list: &Count| list.target == target && list.direction == direction;
        let at = self.lists.iter().position(is_it).unwrap_or_else(|| {
            self.lists.push(Count {
                target: target.to_owned(),
                direction,
                done: 0,
                migrations: 0,
                failed: 0,
                of: 0,
            });
            self.lists.len() - 1
        });
        &mut self.lists[at]
    }

    fn judge(&mut self, outcome: Outcome) -> Result<(), Failure> {
        let judged = failure::judge(&outcome);
        self.blocked += outcome.blocked.len() as u64;
        if self.is_json {
            for (database, obstacle) in &outcome.blocked {
                output::result(json::blocked_at(database, obstacle));
            }
        }
        self.outcome.quarantined_before += outcome.quarantined_before;
        self.outcome.interrupted_before += outcome.interrupted_before;
        self.outcome.is_stopped |= outcome.is_stopped;
        judged
    }

    fn blocked(&mut self, blocked: &[Blocked]) {
        self.blocked += blocked.iter().map(|blocked| blocked.count).sum::<u64>();
        if self.is_json {
            blocked
                .iter()
                .for_each(|blocked| output::result(json::blocked(blocked)));
        }
    }

    /// Tells how lists stand: as an object each, or as a text for people.
    pub(super) fn looked(
        &mut self,
        all: &[Status],
        object: impl Fn(&Status) -> Value,
        text: impl Fn(&[Status]) -> String,
    ) {
        let blocked = all.iter().flat_map(|status| &status.blocked);
        self.blocked = blocked.map(|blocked| blocked.count).sum();
        let pending = all.iter().flat_map(|status| &status.pending);
        self.pending = Some(pending.map(|pending| pending.targets).sum());
        match self.is_json {
            true => all.iter().map(object).for_each(output::result),
            false => output::result(text(all)),
        }
    }

    /// Tells whether databases are what their records say.
    pub(super) fn verified(
        &mut self,
        all: &[Verified],
        object: impl Fn(&Verified) -> Value,
        text: impl Fn(&[Verified]) -> String,
    ) {
        match self.is_json {
            true => all.iter().map(object).for_each(output::result),
            false => output::result(text(all)),
        }
    }

    /// Tells how many records, or locks, were changed.
    pub(super) fn mended(&mut self, outcome: &Outcome, what: &str) {
        self.outcome.done += outcome.done;
        if !self.is_json {
            output::result(format_args!("{what}: {}", outcome.done));
        }
    }

    /// Prints what there is to print at the end.
    pub(super) fn end(&mut self, failure: Option<&Failure>) {
        if self.is_json {
            let end = json::End {
                verb: self.verb,
                failure,
                blocked: self.blocked,
                pending: self.pending,
            };
            return output::result(json::summary(&self.outcome, &end));
        }
        if let Some(nothing) = self.nothing {
            return output::result(nothing);
        }
        if !self.verb.writes() || matches!(self.verb, Verb::Mend(_)) {
            return;
        }
        if !self.lists.is_empty() {
            self.show();
        } else if failure.is_none() {
            output::result(match self.verb {
                Verb::Up => "nothing to do: everything is applied",
                _ => "nothing to take back",
            });
        }
    }

    fn show(&self) {
        let row = |list: &Count| {
            let what = match list.direction {
                Direction::Up => "applied",
                Direction::Down => "taken back",
            };
            vec![
                list.target.clone(),
                what.to_owned(),
                list.migrations.to_string(),
                list.done.to_string(),
                list.failed.to_string(),
            ]
        };
        let rows = self.lists.iter().map(row).collect();
        let heading = ["TARGETS OF", "WHAT", "MIGRATIONS", "DONE", "FAILED"];
        output::result(output::table(&heading, rows));
        if !self.outcome.failed.is_empty() {
            output::result(format_args!("\n{}", failed(&self.outcome.failed)));
        }
        if self.verb == Verb::Down || !self.has_done_anything() {
            return;
        }
        for run in &self.outcome.runs {
            output::result(format_args!(
                "run {run}: `migrate down --run {run}` takes back what it has applied"
            ));
        }
    }
}

/// Lays out targets that failed, and why.
pub(super) fn failed(all: &[Failed]) -> String {
    let row = |failed: &Failed| {
        let reason = &failed.failure;
        vec![
            failed.database.clone(),
            failed.state.as_str().to_owned(),
            reason.migration.clone(),
            reason.step.clone(),
            reason
                .code
                .map_or_else(|| "-".into(), |code| code.to_string()),
            reason.reason.clone(),
        ]
    };
    let rows = all.iter().map(row).collect();
    let heading = ["DATABASE", "STATE", "MIGRATION", "STEP", "CODE", "REASON"];
    output::table(&heading, rows)
}
