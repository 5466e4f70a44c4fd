use super::{Failure, Row, failure, new, old, row};

/// The driver's own lists (src/error.rs of mongodb 3.9.1, which does not publish them).
const READ_RETRYABLE: [i32; 13] = [
    11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262,
];
const RECOVERING: [i32; 5] = [11600, 11602, 13436, 189, 91];
const NOT_WRITABLE_PRIMARY: [i32; 3] = [10107, 13435, 10058];
const UNKNOWN_COMMIT: [i32; 3] = [50, 64, 91];

/// The server's own categories (`error_codes.yml`).
const RETRIABLE: [i32; 25] = [
    6, 7, 89, 91, 134, 189, 262, 317, 358, 384, 402, 406, 407, 412, 453, 462, 9001, 10107, 11600,
    11602, 13435, 13436, 50915, 91331, 10045600,
];
const OVERLOADED: [i32; 4] = [433, 449, 450, 462];

fn rows() -> impl Iterator<Item = &'static Row> {
    old::ROWS.iter().chain(new::ROWS)
}

#[test]
fn the_table_is_sorted_and_names_each_code_once() {
    let codes: Vec<i32> = rows().map(|row| row.0).collect();

    assert!(codes.is_sorted_by(|one, next| one < next));
    assert_eq!(codes.len(), 494);
    assert!(old::ROWS.iter().all(|row| row.0 < 250) && new::ROWS.iter().all(|row| row.0 >= 250));
}

#[test]
fn every_row_is_found_by_its_code_and_nothing_else_is() {
    for (code, name, class) in rows() {
        assert_eq!(row(*code).map(|row| row.1), Some(*name));
        assert_eq!(failure(*code), *class, "{code} {name}");
    }
    for code in [i32::MIN, -1, 0, 99, 131, 463, 51091, i32::MAX] {
        assert_eq!(failure(code), Failure::Unknown, "{code}");
    }
}

/// These come with labels or kinds, never with a code alone.
#[test]
fn no_code_alone_says_unknown_commit_shutdown_or_unknown() {
    let by_label = [Failure::CommitUnknown, Failure::ShutDown, Failure::Unknown];
    let found = rows().find(|row| by_label.contains(&row.2));
    assert_eq!(found, None);
}

#[test]
fn what_the_driver_reads_again_means_that_trying_again_helps() {
    for code in READ_RETRYABLE {
        let class = failure(code);
        let again = matches!(class, Failure::NotSent | Failure::Interrupted);
        assert!(again, "{code}: {class:?}");
    }
}

#[test]
fn only_a_refusal_for_want_of_a_primary_means_not_carried_out() {
    let classes = NOT_WRITABLE_PRIMARY.map(failure);
    assert_eq!(classes, [Failure::NotSent; 3]);
    assert_eq!(RECOVERING.map(failure), [Failure::Interrupted; 5]);
}

#[test]
fn no_code_that_leaves_a_commit_in_doubt_promises_that_nothing_was_done() {
    for code in UNKNOWN_COMMIT {
        let class = failure(code);
        let doubt = matches!(class, Failure::Interrupted | Failure::Timeout);
        assert!(doubt, "{code}: {class:?}");
    }
}

#[test]
fn what_the_server_calls_retriable_may_be_tried_again() {
    for code in RETRIABLE {
        let class = failure(code);
        let again = class.is_unavailable() || class == Failure::Conflict;
        assert!(again, "{code}: {class:?}");
    }
    assert_eq!(OVERLOADED.map(failure), [Failure::Overload; 4]);
}
