use super::*;

/// A check whose value must be past 100 for three seconds, and down past 200.
fn check(samples: usize) -> Check {
    let limit = Limit {
        check: "pool",
        degraded: 100.0,
        down: 200.0,
        hold: Duration::from_secs(3),
        samples,
        ..LIMITS[0]
    };
    Check::new("pool", &[limit])
}

/// Notes a value a second and returns how the check stood after each.
fn statuses(check: &mut Check, values: &[f64]) -> Vec<&'static str> {
    let start = Instant::now();
    let each = values.iter().enumerate().map(|(second, value)| {
        let now = start + Duration::from_secs(second as u64);
        check.note(Finding::Value(*value, "calls".into()), now);
        check.snapshot(now).status.as_str()
    });
    each.collect()
}

fn stays_up(check: &mut Check, values: &[f64]) -> bool {
    let seen = statuses(check, values);
    seen.iter().all(|status| *status == "up")
}

#[test]
fn a_value_counts_once_it_was_past_its_limit_for_long_enough() {
    let mut check = check(1);

    let seen = statuses(
        &mut check,
        &[150.0, 150.0, 90.0, 150.0, 150.0, 150.0, 150.0],
    );

    let (up, degraded) = ("up", "degraded");
    assert_eq!(seen, [up, up, up, up, up, up, degraded]);
}

#[test]
fn it_is_back_once_it_was_well_below_for_twice_as_long() {
    let mut check = check(1);
    let mut values = vec![150.0; 4];
    values.extend([95.0; 10]);
    values.extend([89.0; 7]);

    let seen = statuses(&mut check, &values);

    assert_eq!(seen.iter().filter(|status| **status == "up").count(), 4);
    assert_eq!(
        (seen[13], seen[19], seen[20]),
        ("degraded", "degraded", "up")
    );
}

#[test]
fn a_value_that_swings_around_its_limit_changes_nothing() {
    let mut check = check(1);
    let swinging: Vec<f64> = (0..200).map(|at| [99.0, 101.0][at % 2]).collect();

    assert!(
        statuses(&mut check, &swinging)
            .iter()
            .all(|status| *status == "up")
    );
}

#[test]
fn far_past_its_limit_it_is_down_and_its_part_degraded() {
    let mut check = check(1);

    let seen = statuses(&mut check, &[250.0; 4]);

    assert_eq!(seen[3], "down");
    assert_eq!(check.verdict(Instant::now()), Status::Degraded);
    let snapshot = check.snapshot(Instant::now());
    assert_eq!(
        (snapshot.observed, snapshot.threshold),
        (Some(250.0), Some(200.0))
    );
    let message = snapshot.message.unwrap();
    assert_eq!(message, "calls: 250 ms, should be at most 200 ms");
}

#[test]
fn the_slowest_of_twenty_may_be_slow() {
    let mut check = check(20);
    let mut values = vec![1.0; 19];
    values.push(10_000.0);
    values.extend([1.0; 20]);

    assert!(stays_up(&mut check, &values));
}

#[test]
fn right_after_the_start_one_slow_one_is_not_what_most_are() {
    let mut check = check(20);
    let mut values = vec![1.0, 10_000.0];
    values.extend([1.0; 20]);

    assert!(stays_up(&mut check, &values));
}

#[test]
fn what_was_amiss_long_ago_says_nothing_of_its_part() {
    let mut check = check(1).stale_after(Duration::from_secs(5));
    let now = Instant::now();

    check.note(Finding::Amiss("gone".into()), now);

    assert_eq!(check.verdict(now), Status::Degraded);
    assert_eq!(check.verdict(now + Duration::from_secs(6)), Status::Unknown);
}

#[test]
fn what_is_broken_is_down_at_once_and_up_at_once() {
    let mut check = check(1);
    let now = Instant::now();

    check.note(Finding::Broken("gone".into()), now);
    assert_eq!(check.verdict(Instant::now()), Status::Down);
    check.note(Finding::Fine, now);

    assert_eq!(check.verdict(Instant::now()), Status::Up);
}

#[test]
fn what_cannot_be_looked_at_says_why_and_nothing_else() {
    let mut check = check(1);
    let now = Instant::now();

    check.note(Finding::Unsupported("no right".into()), now);

    let snapshot = check.snapshot(now);
    assert_eq!(check.verdict(Instant::now()), Status::Up);
    assert_eq!(snapshot.status, CheckStatus::Unsupported);
    assert_eq!(snapshot.message.as_deref(), Some("no right"));
}

#[test]
fn what_was_found_long_ago_is_unknown() {
    let mut check = check(1).stale_after(Duration::from_secs(5));
    let now = Instant::now();

    check.note(Finding::Fine, now);

    let later = check.snapshot(now + Duration::from_secs(6));
    assert_eq!(later.status, CheckStatus::Unknown);
    assert_eq!(later.age, Duration::from_secs(6));
}

#[test]
fn all_limits_are_in_order() {
    assert!(LIMITS.iter().all(Limit::is_ordered));
}
