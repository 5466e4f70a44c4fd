use super::*;

#[test]
fn ready_means_that_all_that_is_required_was_seen_to_work() {
    let health = Health::default();
    let admin = health.register("database:admin", Need::Required, None);
    let reports = health.register("database:reports", Need::Optional, None);
    assert!(!health.snapshot().is_ready(), "unknown is not up");

    admin.up();
    reports.down("gone");
    assert!(health.snapshot().is_ready());

    admin.down("gone");
    assert!(!health.snapshot().is_ready());

    admin.up();
    health.drain();
    assert!(!health.snapshot().is_ready());
}

#[test]
fn what_is_degraded_is_ready_and_shows() {
    let health = Health::default();
    let node = health.register("database:admin", Need::Required, None);
    let mut check = Check::new("circuit", &[]);

    check.note(Finding::Amiss("open".into()), Instant::now());
    node.report([&check]);

    let seen = health.snapshot();
    assert!(seen.is_ready());
    assert_eq!(seen.status(), Status::Degraded);
    assert_eq!(seen.nodes[0].reasons[0].code, "circuit");
}

#[test]
fn what_has_not_reported_lately_is_unknown() {
    let health = Health::default();
    let node = health.register("x", Need::Required, Some(Duration::ZERO));

    node.up();

    std::thread::sleep(Duration::from_millis(2));
    assert_eq!(health.snapshot().nodes[0].status, Status::Unknown);
}

#[test]
fn once_started_it_stays_so() {
    let health = Health::default();
    let (first, second) = (
        health.register("a", Need::Required, None),
        health.register("b", Need::Required, None),
    );
    first.up();
    assert!(!health.snapshot().started);

    second.up();
    first.down("gone");

    assert!(health.snapshot().started);
}

#[test]
fn what_is_taken_away_is_not_shown() {
    let health = Health::default();
    let node = health.register("a", Need::Required, None);

    node.retire();

    assert_eq!(health.snapshot().nodes, []);
}

#[test]
fn a_part_that_comes_and_goes_is_held_degraded_until_it_is_calm() {
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut state = State::new("a".into(), Need::Required, None, start);
    let mut shown = Vec::new();
    for second in 0..7 {
        let mut check = Check::new("reported", &[]);
        let finding = [Finding::Fine, Finding::Broken("gone".into())];
        check.note(finding[second as usize % 2].clone(), at(second));
        state.report(vec![check], at(second));
        shown.push(state.snapshot(at(second)).status);
    }

    use Status::{Degraded, Down, Up};
    // The fifth change is the one to `down` at second 5.
    assert_eq!(shown, [Up, Down, Up, Down, Up, Down, Degraded]);
    let reasons = state.snapshot(at(7)).reasons;
    assert_eq!(reasons[0].code, "flapping");
    assert_eq!(state.snapshot(at(301)).status, Degraded);
    assert_eq!(state.snapshot(at(303)).status, Up);
}
