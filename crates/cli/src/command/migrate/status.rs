//! `status`: how every target stands. It writes nothing and asks the control database alone.

use mongoplex::migrate::{Migrator, Pending, Status, TargetState};

use super::{failure, json, report, report::Report, task::Task};
use crate::{exit::Failure, output};

/// How many ids a line names.
const NAMED: usize = 3;

pub(super) async fn run(
    migrator: &Migrator,
    task: &Task,
    report: &mut Report,
) -> Result<(), Failure> {
    let all = migrator.status().await?;
    report.looked(&all, json::status, text);
    failure::judge_status(&all, task.judges)
}

fn text(all: &[Status]) -> String {
    let heading = ["TARGETS OF", "MIGRATIONS", "TARGETS", "AT HEAD", "STATES"];
    let mut parts = vec![output::table(&heading, all.iter().map(row).collect())];
    let pending: Vec<String> = all
        .iter()
        .flat_map(|status| {
            status
                .pending
                .iter()
                .map(|pending| lacking(status, pending))
        })
        .collect();
    if !pending.is_empty() {
        parts.push(pending.join("\n"));
    }
    let failed: Vec<_> = all
        .iter()
        .flat_map(|status| status.failed.clone())
        .collect();
    if !failed.is_empty() {
        parts.push(report::failed(&failed));
    }
    parts.join("\n\n")
}

fn row(status: &Status) -> Vec<String> {
    let states = status.states.iter();
    let states = states.map(|(state, count)| format!("{count} {}", TargetState::as_str(*state)));
    vec![
        status.target.clone(),
        status.migrations.to_string(),
        status.targets.to_string(),
        status.at_head.to_string(),
        states.collect::<Vec<_>>().join(", "),
    ]
}

fn lacking(status: &Status, pending: &Pending) -> String {
    let ids = pending.migrations.iter().map(|(id, _)| id.as_str());
    let named: Vec<&str> = ids.take(NAMED).collect();
    let more = match pending.migrations.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{}: pending at {} ({}): {}{more}",
        status.target,
        failure::targets(pending.targets),
        pending.database,
        named.join(", ")
    )
}
