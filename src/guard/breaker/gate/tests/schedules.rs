//! Random schedules: the rules that hold whatever happens.

use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;

/// Whatever happens in whatever order: never more probes than allowed, no result of an older
/// generation counts, no permit is lost, and every transition is one that the diagram has.
#[test]
fn no_schedule_loses_a_permit_or_makes_a_wrong_transition() {
    for seed in 0..2_000 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut scene = Scene::new();
        let mut out: Vec<u64> = Vec::new();
        for step in 0..500 {
            act(&mut random, &mut scene, &mut out);
            check(&mut scene, &out, seed, step);
        }
    }
}

fn act(random: &mut StdRng, scene: &mut Scene, out: &mut Vec<u64>) {
    match random.random_range(0..100) {
        0..45 => out.extend(scene.admit()),
        45..85 if !out.is_empty() => {
            let permit = out.swap_remove(random.random_range(0..out.len()));
            let verdicts = [
                Verdict::Answered,
                Verdict::Failed,
                Verdict::Slow,
                Verdict::Ignored,
                Verdict::StateChange,
                Verdict::Late,
            ];
            scene.note(permit, verdicts[random.random_range(0..verdicts.len())]);
        }
        85..93 => drop(scene.after(Duration::from_millis(random.random_range(0..5_000)))),
        93..95 => scene.lost(),
        95..97 => scene.found(),
        97 => {
            let forces = [Force::Open, Force::Disable, Force::Free, Force::Free];
            scene
                .gate
                .force(forces[random.random_range(0..4)], scene.now);
        }
        _ => scene.gate.tick(scene.now),
    }
}

fn check(scene: &mut Scene, out: &[u64], seed: u64, step: u32) {
    let gate = &mut scene.gate;
    let place = format!("seed {seed}, step {step}, {:?}", gate.circuit);
    let own = out
        .iter()
        .filter(|permit| **permit == gate.generation)
        .count();
    if gate.circuit == Circuit::HalfOpen {
        // Those out and those that answered are all that were admitted: none is lost, none is invented.
        assert_eq!(
            own + gate.answered as usize,
            gate.admitted as usize,
            "{place}"
        );
        assert!(gate.admitted <= 3, "{place}");
    }
    if matches!(gate.circuit, Circuit::Open | Circuit::ForcedOpen) {
        assert_eq!(own, 0, "{place}");
    }
    for Transition { from, to, reason } in gate.take_told() {
        let is_known = match (from, to) {
            (_, Circuit::ForcedOpen | Circuit::Disabled) => reason == Reason::Operator,
            (Circuit::Closed, Circuit::Open) => !matches!(
                reason,
                Reason::ProbesAnswered | Reason::ProbeFailed | Reason::Waited
            ),
            (Circuit::Open, Circuit::HalfOpen) => {
                matches!(reason, Reason::Waited | Reason::ServerFound)
            }
            (Circuit::HalfOpen, Circuit::Open) => {
                matches!(
                    reason,
                    Reason::ProbeFailed | Reason::ProbesSilent | Reason::Outage
                )
            }
            (Circuit::HalfOpen, Circuit::Closed) => {
                matches!(reason, Reason::ProbesAnswered | Reason::Operator)
            }
            (_, Circuit::Closed) => reason == Reason::Operator,
            _ => false,
        };
        assert!(is_known, "{place}: {from:?} to {to:?} because {reason:?}");
    }
}
