//! The rules of the states; outages.rs has those of servers that go and come, schedules.rs the same under
//! many random ones.

mod outages;
mod schedules;

use super::*;
use crate::config::Deadlines;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn config() -> BreakerConfig {
    BreakerConfig {
        failures: 5,
        window: seconds(10),
        min_calls: 20,
        failure_rate: 50,
        slow_rate: 80,
        slow: Deadlines {
            read: seconds(1),
            write: seconds(1),
            scan: seconds(1),
        },
        open: seconds(1),
        open_max: seconds(30),
        probes: 3,
        probe_wait: seconds(10),
        outage_grace: seconds(3),
    }
}

/// A gate and its time, which is also that of the policies.
struct Scene {
    gate: Gate,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        let now = Instant::now();
        let mut gate = Gate::new(config(), now);
        gate.found(now);
        Self { gate, now }
    }

    fn after(&mut self, wait: Duration) -> &mut Self {
        self.now += wait;
        self
    }

    fn admit(&mut self) -> Result<u64, Duration> {
        self.gate.admit(Needs::Reads, self.now)
    }

    fn note(&mut self, generation: u64, verdict: Verdict) {
        self.gate.note(generation, verdict, self.now);
    }

    fn call(&mut self, verdict: Verdict) -> bool {
        let admitted = self.admit();
        admitted
            .iter()
            .for_each(|generation| self.note(*generation, verdict));
        admitted.is_ok()
    }

    fn calls(&mut self, times: usize, verdict: Verdict) -> usize {
        (0..times).filter(|_| self.call(verdict)).count()
    }

    fn admits(&mut self, times: usize) -> usize {
        (0..times).filter(|_| self.admit().is_ok()).count()
    }

    fn lost(&mut self) {
        self.gate.lost(self.now);
    }

    fn found(&mut self) {
        self.gate.found(self.now);
    }

    fn circuit(&self) -> Circuit {
        self.gate.circuit
    }

    fn open(&mut self) {
        self.calls(5, Verdict::Failed);
        assert_eq!(self.circuit(), Circuit::Open);
    }

    /// Longer than any open period.
    fn half_open(&mut self) {
        self.open();
        self.after(seconds(46));
        self.gate.tick(self.now);
        assert_eq!(self.circuit(), Circuit::HalfOpen);
    }
}

#[test]
fn failures_in_a_row_open_it_and_an_answer_in_between_does_not() {
    let mut scene = Scene::new();
    for verdict in [Verdict::Failed; 4] {
        scene.call(verdict);
    }
    scene.call(Verdict::Answered);
    scene.calls(4, Verdict::Failed);
    assert_eq!(scene.circuit(), Circuit::Closed);

    scene.call(Verdict::Failed);

    assert_eq!(scene.circuit(), Circuit::Open);
    let wait = scene.admit().unwrap_err();
    assert!(wait > seconds(0) && wait <= seconds(2), "{wait:?}");
}

#[test]
fn callers_that_go_away_never_open_it() {
    let mut scene = Scene::new();

    scene.calls(1_000, Verdict::Ignored);

    assert_eq!(scene.circuit(), Circuit::Closed);
}

#[test]
fn half_open_admits_its_probes_and_nobody_else() {
    let mut scene = Scene::new();
    scene.half_open();

    let admitted = scene.admits(1_000);

    assert_eq!(admitted, 3);
}

#[test]
fn probes_that_answer_close_it_and_one_that_fails_opens_it_for_longer() {
    let mut scene = Scene::new();
    scene.half_open();
    let probes: Vec<_> = (0..3).map(|_| scene.admit().unwrap()).collect();
    for probe in &probes[..2] {
        scene.note(*probe, Verdict::Answered);
    }
    assert_eq!(scene.circuit(), Circuit::HalfOpen);
    scene.note(probes[2], Verdict::Answered);
    assert_eq!(scene.circuit(), Circuit::Closed);

    let mut scene = Scene::new();
    scene.half_open();
    scene.call(Verdict::Failed);
    assert_eq!(scene.circuit(), Circuit::Open);
    let second = scene.gate.until - scene.now;
    assert!(second >= seconds(1) && second <= seconds(3), "{second:?}");
}

#[test]
fn a_probe_that_is_given_back_leaves_its_place_to_another() {
    let mut scene = Scene::new();
    scene.half_open();
    let probe = scene.admit().unwrap();
    scene.admits(2);
    assert!(scene.admit().is_err());

    scene.note(probe, Verdict::Ignored);

    assert!(scene.admit().is_ok());
}

#[test]
fn what_began_before_the_last_transition_says_nothing() {
    let mut scene = Scene::new();
    let early = scene.admit().unwrap();
    scene.half_open();

    (0..3).for_each(|_| scene.note(early, Verdict::Answered));
    assert_eq!(scene.circuit(), Circuit::HalfOpen);
    scene.note(early, Verdict::Failed);
    assert_eq!(scene.circuit(), Circuit::HalfOpen);
}

#[test]
fn silent_probes_do_not_keep_it_half_open() {
    let mut scene = Scene::new();
    scene.half_open();
    scene.admits(3);

    scene.after(seconds(11));

    assert!(scene.admit().is_err());
    assert_eq!(scene.circuit(), Circuit::Open);
}

#[test]
fn half_open_a_slow_answer_is_one_unless_slowness_opened_it() {
    let mut scene = Scene::new();
    scene.half_open();
    scene.calls(3, Verdict::Slow);
    assert_eq!(scene.circuit(), Circuit::Closed);

    let mut scene = Scene::new();
    scene.half_open();
    scene.gate.opened_for = Reason::SlowRate;
    scene.call(Verdict::Slow);
    assert_eq!(scene.circuit(), Circuit::Open);
}

#[test]
fn half_open_a_caller_without_patience_is_no_answer() {
    let mut scene = Scene::new();
    scene.half_open();

    scene.call(Verdict::Late);

    assert_eq!(scene.circuit(), Circuit::Open);
}

#[test]
fn what_the_operator_forces_stays_until_it_is_freed() {
    let mut scene = Scene::new();
    scene.gate.force(Force::Open, scene.now);
    scene.found();
    assert!(scene.after(seconds(3_600)).admit().is_err());
    assert_eq!(scene.circuit(), Circuit::ForcedOpen);

    scene.gate.force(Force::Disable, scene.now);
    (0..100).for_each(|_| assert!(scene.call(Verdict::Failed)));

    scene.gate.force(Force::Free, scene.now);
    assert_eq!(scene.circuit(), Circuit::Closed);
    scene.open();
}

#[test]
fn half_of_the_calls_failing_opens_it_once_there_is_a_window_of_them() {
    failsafe::clock::freeze(|clock| {
        let mut scene = Scene::new();
        let step = Duration::from_millis(50);
        let mut calls = 0;
        while scene.circuit() == Circuit::Closed && calls < 10_000 {
            // Three of four fail, and never five in a row.
            let verdict = if calls % 4 == 0 {
                Verdict::Answered
            } else {
                Verdict::Failed
            };
            clock.advance(step);
            scene.after(step).call(verdict);
            calls += 1;
        }
        assert_eq!(
            scene.gate.reason,
            Reason::FailureRate,
            "after {calls} calls"
        );

        let mut scene = Scene::new();
        for calls in 0..10_000 {
            let verdict = if calls % 4 == 0 {
                Verdict::Failed
            } else {
                Verdict::Answered
            };
            clock.advance(step);
            assert!(scene.after(step).call(verdict), "after {calls} calls");
        }
    });
}

#[test]
fn slow_answers_alone_open_it_too() {
    failsafe::clock::freeze(|clock| {
        let mut scene = Scene::new();
        let step = Duration::from_millis(50);
        let mut calls = 0;
        while scene.call(Verdict::Slow) && calls < 10_000 {
            clock.advance(step);
            scene.after(step);
            calls += 1;
        }
        assert_eq!(scene.gate.reason, Reason::SlowRate);
    });
}

#[test]
fn where_no_call_is_under_way_health_probes_stand_for_calls() {
    let mut idle = Scene::new();
    idle.half_open();
    // One call is answered, and then nobody calls.
    idle.call(Verdict::Answered);
    idle.gate.note_probe(idle.now);
    assert_eq!(idle.circuit(), Circuit::HalfOpen);
    idle.gate.note_probe(idle.now);
    assert_eq!(idle.circuit(), Circuit::Closed);

    let mut busy = Scene::new();
    busy.half_open();
    let own = busy.admit().unwrap();
    for _ in 0..10 {
        busy.gate.note_probe(busy.now);
    }
    assert_eq!(busy.circuit(), Circuit::HalfOpen);
    busy.note(own, Verdict::Failed);
    assert_eq!(busy.circuit(), Circuit::Open);

    for _ in 0..10 {
        busy.gate.note_probe(busy.now);
    }
    assert_eq!(busy.circuit(), Circuit::Open, "not before its time is over");
}
