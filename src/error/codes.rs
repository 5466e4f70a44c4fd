//! Every error code that MongoDB names, and what it means to whoever decides what follows.
//!
//! Numbers and names are those of the server's `error_codes.yml`, of 6.0 and later, and a few that it
//! does not list. A row says what the code means alone; labels and the place where it stands may say
//! otherwise, which is [`Failure::of`]'s. In doubt between two classes a row holds the one that
//! promises less: `Interrupted` before `NotSent`, `Failed` before `Refused`.
//!
//! `BadValue`, `FailedToParse` and `TypeMismatch` are `Failed`, because they speak of the command as
//! the program wrote it; `Refused` is what speaks of the document. `Interrupted` (11601) is
//! `Failed`, because somebody killed the call, and would have to kill it again.

mod new;
mod old;

use super::Failure;

/// Number, name, meaning.
type Row = (i32, &'static str, Failure);

/// Returns the row of a code, if MongoDB names it.
fn row(code: i32) -> Option<&'static Row> {
    [old::ROWS, new::ROWS].into_iter().find_map(|rows| {
        let place = rows.binary_search_by_key(&code, |row| row.0).ok()?;
        rows.get(place)
    })
}

/// Returns what a code means alone, [`Failure::Unknown`] for one that is in no row.
pub(super) fn failure(code: i32) -> Failure {
    row(code).map_or(Failure::Unknown, |(_, _, failure)| *failure)
}

#[cfg(test)]
mod tests;
