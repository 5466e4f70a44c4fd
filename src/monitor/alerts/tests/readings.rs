//! What measures read of a snapshot.

use std::time::Instant;

use super::{
    super::{Snapshot, growth::Growth, measures},
    house::{calm, check, ended, operation, tenant},
};
use crate::{
    config::{MEASURES, Measure, checks},
    meter::{Outcome, Window},
    monitor::view::CheckView,
};

/// Returns what a measure reads of a snapshot at the start.
fn read(name: &str, snapshot: &Snapshot) -> Vec<(String, f64)> {
    let mut growth = Growth::default();
    growth.note(Instant::now(), snapshot);
    let readings = measures::read(Measure::parse(name).unwrap(), snapshot, &growth);
    let pairs = readings.into_iter();
    pairs
        .map(|reading| (reading.subject.name, reading.value))
        .collect()
}

#[test]
fn burn_rates_need_both_windows_and_enough_errors() {
    let window = |calls, error_rate| Window {
        calls,
        errors: (calls as f64 * error_rate) as u64,
        error_rate,
        ..Window::default()
    };
    let burn = |short: Window, long: Window| {
        let mut snapshot = calm();
        let windows = &mut snapshot.databases[0].windows;
        (windows.five_minutes, windows.hour) = (short, long);
        read("slo-burn", &snapshot)
    };

    assert_eq!(burn(window(9, 1.0), window(9, 1.0)), [], "nine errors");
    let over = burn(window(1_000, 0.0), window(9_000, 0.5));
    assert_eq!(over, [("admin".into(), 0.0)], "it does not go on");
    let both = burn(window(1_000, 0.02), window(9_000, 0.015));
    assert!(both[0].1 > 14.4 && both[0].1 < 15.1, "{both:?}");
}

#[test]
fn a_circuit_counts_as_open_while_it_refuses_calls_of_its_own_accord() {
    let with = |state: &str, rejected| {
        let mut snapshot = calm();
        snapshot.databases[0].circuit.state = state.into();
        snapshot.databases[0].operations = vec![ended(Outcome::Rejected, rejected)];
        read("circuit-open", &snapshot)[0].1
    };

    for (state, rejected, expected) in [
        ("closed", 9, 0.0),
        ("disabled", 9, 0.0),
        ("forced-open", 9, 0.0),
        ("open", 1, 1.0),
        ("half-open", 1, 1.0),
        // Nobody calls.
        ("open", 0, 0.0),
        ("half-open", 0, 0.0),
    ] {
        assert_eq!(with(state, rejected), expected, "{state}");
    }
}

#[test]
fn the_slowest_operation_is_held_against_its_own_target() {
    let slow = |name, calls, p99, target_ms| {
        let window = Window {
            calls,
            p99_ms: Some(p99),
            ..Window::default()
        };
        operation(name, window, target_ms)
    };
    let mut snapshot = calm();
    snapshot.databases[1].operations = vec![
        slow("find_one", 500, 300.0, Some(500.0)),
        slow("insert_one", 500, 1_500.0, Some(1_000.0)),
        // Too few to say, and no target.
        slow("find", 19, 90_000.0, Some(15_000.0)),
        slow("create_indexes", 500, 90_000.0, None),
    ];

    assert_eq!(
        read("p99-of-target", &snapshot),
        [("customer".into(), 150.0)]
    );
    let message = &measures::read(Measure::P99OfTarget, &snapshot, &Growth::default())[0].message;
    let expected = "the p99 of `insert_one` on `notes` is 1500.0 ms, its target 1000 ms";
    assert_eq!(message, expected);
}

#[test]
fn a_tenant_is_noisy_among_several_only() {
    let shares = |tenants| {
        let mut snapshot = calm();
        snapshot.tenants = tenants;
        read("tenant-share", &snapshot)
    };

    assert_eq!(shares(vec![tenant("north", 5_000, 1.0)]), []);
    assert_eq!(
        shares(vec![tenant("north", 500, 1.0), tenant("south", 20, 1.0)]),
        []
    );
    // Few calls that take long hold most of the places.
    let long = shares(vec![
        tenant("north", 900, 1.0),
        tenant("south", 100, 91.0),
        tenant("west", 0, 0.0),
        tenant("_other", 500, 0.0),
    ]);
    let expected = [("north", 60.0), ("south", 91.0), ("west", 0.0)];
    assert_eq!(long, expected.map(|(name, share)| (name.to_owned(), share)));
    assert_eq!(
        shares(vec![
            tenant("north", 9_000, 1.0),
            tenant("south", 1, 1.0),
            tenant("west", 1, 1.0)
        ]),
        [],
        "of three one may have most without making noise"
    );
}

#[test]
fn a_check_is_read_by_name_and_one_that_cannot_be_made_is_no_reading() {
    let with = |one: CheckView| {
        let mut snapshot = calm();
        snapshot.health.components[0].components[1].checks.push(one);
        snapshot
    };

    for (name, _) in checks() {
        let measure = format!("check:{name}");
        assert_eq!(read(&measure, &calm()), [], "{name} is not there");
        assert_eq!(read(&measure, &with(check(name, "unsupported", None))), []);
        assert_eq!(
            read(&measure, &with(check(name, "unknown", Some(99.0)))),
            []
        );
        let found = read(&measure, &with(check(name, "degraded", Some(99.0))));
        assert_eq!(found, [("customer".into(), 99.0)]);
    }
}

#[test]
fn every_measure_can_be_read_by_its_name() {
    for named in MEASURES {
        assert_eq!(Measure::parse(named.name), Some(named.measure));
        assert_eq!(named.measure.unit(), named.unit, "{}", named.name);
        read(named.name, &calm());
    }
}
