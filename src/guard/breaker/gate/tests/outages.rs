//! Elections, and servers that are gone for good.

use super::*;

#[test]
fn an_election_within_the_grace_opens_nothing() {
    let mut scene = Scene::new();
    scene.lost();
    (0..100).for_each(|_| assert!(scene.call(Verdict::Failed)));
    scene.after(seconds(2)).found();

    assert!(scene.call(Verdict::Failed));
    assert!(scene.call(Verdict::Answered));

    assert_eq!(scene.circuit(), Circuit::Closed);
    scene.after(seconds(4)).call(Verdict::Answered);
    assert!(scene.gate.is_quiet());
}

#[test]
fn the_start_is_no_outage() {
    let mut scene = Scene::new();
    scene.gate = Gate::new(config(), scene.now);
    scene.lost();
    scene.after(seconds(1)).found();

    assert!(scene.gate.is_quiet());
    scene.open();
}

#[test]
fn a_burst_of_state_changes_opens_nothing_and_one_that_does_not_end_does() {
    let mut scene = Scene::new();
    (0..100).for_each(|_| assert!(scene.call(Verdict::StateChange)));
    scene.after(seconds(4)).call(Verdict::Answered);
    assert!(scene.gate.is_quiet());

    for _ in 0..100 {
        scene
            .after(Duration::from_millis(100))
            .call(Verdict::StateChange);
    }

    assert_eq!(scene.circuit(), Circuit::Open);
}

#[test]
fn without_a_server_beyond_the_grace_calls_are_refused_at_once_until_one_is_found() {
    let mut scene = Scene::new();
    scene.lost();
    scene.after(seconds(3));
    assert!(scene.admit().is_err());
    // No open period ends while there is nobody to ask.
    scene.after(seconds(600));
    assert!(scene.admit().is_err());
    assert_eq!(scene.circuit(), Circuit::Open);

    scene.found();

    assert_eq!(scene.circuit(), Circuit::HalfOpen);
    (0..3).for_each(|_| assert!(scene.call(Verdict::Answered)));
    assert_eq!(scene.circuit(), Circuit::Closed);
    scene.after(seconds(4)).call(Verdict::Answered);
    assert!(scene.gate.is_quiet());
}

#[test]
fn a_server_that_comes_and_goes_is_no_election_whatever_it_answers_in_between() {
    for verdicts in [
        &[Verdict::Failed][..],
        &[
            Verdict::Failed,
            Verdict::Failed,
            Verdict::Failed,
            Verdict::Answered,
        ],
        &[
            Verdict::StateChange,
            Verdict::StateChange,
            Verdict::Answered,
        ],
    ] {
        failsafe::clock::freeze(|clock| {
            let mut scene = Scene::new();
            for verdict in verdicts.iter().cycle().take(2_000) {
                scene.lost();
                clock.advance(Duration::from_millis(100));
                scene.after(Duration::from_millis(100)).found();
                scene.call(*verdict);
                if scene.circuit() != Circuit::Closed {
                    return;
                }
            }
            panic!("{verdicts:?} never open it");
        });
    }
}

#[test]
fn a_second_election_soon_after_the_first_has_its_own_grace() {
    let mut scene = Scene::new();
    scene.lost();
    scene.after(seconds(2)).found();
    scene.after(seconds(2)).lost();

    assert!(scene.after(seconds(2)).admit().is_ok());
    assert!(scene.after(seconds(2)).admit().is_err());
}

#[test]
fn a_server_that_comes_and_goes_does_not_end_an_open_period() {
    let mut scene = Scene::new();
    scene.open();
    scene.lost();
    scene.after(Duration::from_millis(100)).found();

    assert_eq!(scene.circuit(), Circuit::Open);
}

#[test]
fn past_the_grace_without_a_primary_writes_are_refused_and_reads_are_not() {
    let mut scene = Scene::new();
    let writes = |scene: &mut Scene| scene.gate.admit(Needs::Writes, scene.now).is_ok();
    scene.gate.note_writable(false, scene.now);
    scene.after(seconds(2));
    assert!(writes(&mut scene), "another primary may be elected");

    // Events that say the same again do not begin it anew.
    scene.gate.note_writable(false, scene.now);
    scene.after(seconds(1));

    assert!(!writes(&mut scene));
    assert!(scene.admit().is_ok(), "a secondary answers");
    assert_eq!(scene.circuit(), Circuit::Closed);
    scene.gate.note_writable(true, scene.now);
    assert!(writes(&mut scene));
}
