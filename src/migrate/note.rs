//! What a target's record says of a migration: as a change of it, and in the copy at hand.

use mongodb::bson::doc;

use super::{
    list::{Direction, Listed, hash},
    records::Change,
    row::{Entry, EntryState, Row},
    work::Work,
};

fn field(listed: &Listed) -> String {
    format!("ledger.{}", listed.id)
}

/// Returns whether a step is begun of which only a person can say what it has done.
pub(super) fn is_begun(row: &Row, work: &Work<'_>) -> bool {
    let entry = row.ledger.get(work.listed.id);
    entry.is_some_and(|entry| entry.begun)
}

/// Returns whether it is recorded that a migration is under way, so many of its steps being done.
pub(super) fn is_at(row: &Row, work: &Work<'_>, done: usize) -> bool {
    let entry = row.ledger.get(work.listed.id);
    entry.is_some_and(|entry| entry.state.is_unfinished() && entry.done as usize == done)
}

/// Notes that a migration has begun, so many of its steps being done.
pub(super) fn begun(row: &mut Row, work: &Work<'_>, done: usize, run: &str, open: &mut Change) {
    let steps = work.listed.migration.steps(work.direction);
    let before = row.ledger.get(work.listed.id);
    let entry = Entry {
        state: EntryState::begun(work.direction),
        // What is taken back stays what it was when it was applied.
        hash: match (work.direction, before) {
            (Direction::Down, Some(entry)) => entry.hash.clone(),
            _ => work.listed.hash.clone(),
        },
        done: u32::try_from(done).unwrap_or(u32::MAX),
        done_hash: hash(&steps[..done]),
        begun: false,
        progress: None,
        run: run.to_owned(),
        at: None,
    };
    enter(row, work.listed, entry, open);
}

/// Notes that its next step has begun, and that a person has to look should it not end.
pub(super) fn half(row: &mut Row, work: &Work<'_>, open: &mut Change) {
    open.set(format!("{}.begun", field(work.listed)), true);
    if let Some(entry) = row.ledger.get_mut(work.listed.id) {
        entry.begun = true;
    }
}

/// Notes that so many steps are done: all of them end the migration.
pub(super) fn done(row: &mut Row, work: &Work<'_>, done: usize, run: &str, open: &mut Change) {
    let steps = work.listed.migration.steps(work.direction);
    if done < steps.len() {
        return begun(row, work, done, run, open);
    }
    match work.direction {
        Direction::Down => gone(row, work.listed.id, run, open),
        Direction::Up => enter(row, work.listed, applied(work.listed, run), open),
    }
}

/// Notes that a migration is said to be applied.
pub(super) fn said(row: &mut Row, work: &Work<'_>, run: &str, open: &mut Change) {
    let entry = Entry {
        state: EntryState::Baselined,
        ..applied(work.listed, run)
    };
    enter(row, work.listed, entry, open);
}

fn applied(listed: &Listed, run: &str) -> Entry {
    Entry {
        state: EntryState::Applied,
        hash: listed.hash.clone(),
        done: u32::try_from(listed.migration.up.len()).unwrap_or(u32::MAX),
        done_hash: String::new(),
        begun: false,
        progress: None,
        run: run.to_owned(),
        at: None,
    }
}

/// Notes that a migration is taken back: it leaves the ledger, and its history tells of it.
pub(super) fn gone(row: &mut Row, id: &str, run: &str, open: &mut Change) {
    let field = format!("ledger.{id}");
    open.forget(&field);
    open.unset(field);
    if let Some(entry) = row.ledger.remove(id) {
        let past = format!("history.{id}:{run}");
        open.set(
            format!("{past}.reverted"),
            doc! { "hash": entry.hash, "by": run },
        );
        open.now.insert(format!("{past}.at"), true);
    }
}

fn enter(row: &mut Row, listed: &Listed, entry: Entry, open: &mut Change) {
    let field = field(listed);
    open.forget(&field);
    open.set(format!("{field}.state"), entry.state.as_str());
    open.set(format!("{field}.hash"), &entry.hash);
    open.set(format!("{field}.done"), i64::from(entry.done));
    open.set(format!("{field}.doneHash"), &entry.done_hash);
    open.set(format!("{field}.begun"), entry.begun);
    open.set(format!("{field}.run"), &entry.run);
    open.unset(format!("{field}.progress"));
    open.now.insert(format!("{field}.at"), true);
    row.ledger.insert(listed.id.to_owned(), entry);
}
