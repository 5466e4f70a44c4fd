//! `plan`: what `up` or `down` would do, step by step. It writes nothing.

use mongoplex::migrate::{Direction, Listing, Migrator, Pending, Status};

use super::{failure, json, report::Report, task::Task};
use crate::{exit::Failure, output};

pub(super) async fn run(
    migrator: &Migrator,
    direction: Direction,
    task: &Task,
    report: &mut Report,
) -> Result<(), Failure> {
    let all = match direction {
        Direction::Up => migrator.status().await?,
        Direction::Down => migrator.status_of_down().await?,
    };
    report.looked(&all, |status| json::plan(status, direction), text);
    failure::judge_status(&all, task.judges)
}

fn text(all: &[Status]) -> String {
    let lists: Vec<String> = all.iter().map(list).collect();
    lists.join("\n\n")
}

fn list(status: &Status) -> String {
    if status.pending.is_empty() {
        let why = match status.blocked.is_empty() {
            true => "nothing to do",
            false => "nothing would be done",
        };
        let targets = failure::targets(status.targets);
        return format!("{}: {why} ({targets})", status.target);
    }
    let groups = status.pending.iter();
    let groups: Vec<String> = groups.map(|pending| group(status, pending)).collect();
    groups.join("\n\n")
}

/// Lays out what targets lack that lack the same.
fn group(status: &Status, pending: &Pending) -> String {
    let new = match pending.is_new {
        true => "; no record yet",
        false => "",
    };
    let more = match pending.targets {
        1 => "",
        _ => ", …",
    };
    let head = format!(
        "{}: {} of {} ({}{more}){new}",
        status.target,
        failure::targets(pending.targets),
        status.targets,
        pending.database
    );
    let migrations = pending.migrations.iter();
    let rows = migrations.flat_map(|(id, direction)| {
        let listing = status.listing.iter().find(|listing| listing.id == *id);
        listing.map_or_else(Vec::new, |listing| rows(listing, *direction))
    });
    let heading = ["MIGRATION", "", "STEP", "KIND", "NOTE"];
    format!("{head}\n{}", output::table(&heading, rows.collect()))
}

/// Returns a row for each step; the first tells of the migration.
fn rows(listing: &Listing, direction: Direction) -> Vec<Vec<String>> {
    let what = match direction {
        Direction::Up => "apply",
        Direction::Down => "take back",
    };
    let steps = json::steps(listing, direction).iter().enumerate();
    let row = |(at, (name, kind)): (usize, &(String, &'static str))| {
        let is_first = at == 0;
        let lasting = is_first && direction == Direction::Up && listing.back.is_none();
        let notes = [
            kind.starts_with("drop-").then_some("destructive"),
            lasting.then_some("cannot be taken back"),
        ];
        let notes: Vec<&str> = notes.into_iter().flatten().collect();
        let first = |text: &str| {
            if is_first {
                text.to_owned()
            } else {
                String::new()
            }
        };
        vec![
            first(&listing.id),
            first(what),
            name.clone(),
            (*kind).to_owned(),
            notes.join(", "),
        ]
    };
    steps.map(row).collect()
}
