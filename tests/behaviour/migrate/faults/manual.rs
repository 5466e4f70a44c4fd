//! Steps of which only a person can say what they have done, cut off in the middle.

use std::process::Command;

use mongoplex::{
    bson::{Document, doc},
    migrate::{Outcome, Repair, TargetState},
};
use mongoplex_testing::Program;

use super::{lists, process};
use crate::migrate::yard::Yard;

/// Returns a yard with a tenant whose payment was made and not recorded: the process crashed.
async fn cut_off(test: &str, list: &str) -> Yard {
    let yard = Yard::new(test, vec![lists::named(list)]).await;
    yard.not_new().await;
    yard.people("acme").await;
    let mut crashing: Command = process::command(&yard, list);
    crashing.env("MONGOPLEX_CRASH_AT", "AfterStep:1");
    let crashed = tokio::task::spawn_blocking(move || Program::start(&mut crashing).end());
    let (status, said) = crashed.await.unwrap();
    assert!(process::has_crashed(status), "{said}");
    assert_eq!(paid(&yard).await, 1);
    yard
}

async fn paid(yard: &Yard) -> i32 {
    let counts = yard.all(&yard.tenant("acme"), "counts").await;
    counts[0].get_i32("number").unwrap()
}

async fn up(yard: &Yard) -> Outcome {
    yard.migrator().up().await.unwrap()
}

/// Everything is done once, and nothing that was amiss is left in the record.
async fn assert_whole(yard: &Yard) {
    let outcome = up(yard).await;
    assert!(outcome.is_whole(), "{outcome:?}");
    assert_eq!(paid(yard).await, 1);
    let status = yard.migrator().status().await.unwrap();
    assert_eq!(status[0].at_head, 1);
    assert_eq!(status[0].states, [(TargetState::Ready, 1)]);
    assert!(status[0].failed.is_empty(), "{:?}", status[0].failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_step_that_was_cut_off_waits_for_a_person_and_is_named() {
    let yard = cut_off("migrate_manual", "manual").await;

    let first = up(&yard).await;
    let second = up(&yard).await;

    assert_eq!(first.failed.len(), 1, "{first:?}");
    let failed = &first.failed[0];
    assert_eq!(failed.state, TargetState::Interrupted);
    assert_eq!(failed.failure.migration, "20261101000000_pay");
    assert_eq!(failed.failure.step, "pay");
    for verb in ["`migrate repair --step done`", "`--step undone`"] {
        assert!(failed.failure.reason.contains(verb), "{failed:?}");
    }
    assert_eq!((second.done, second.interrupted_before), (0, 1));
    assert!(!second.is_whole());
    assert_eq!(paid(&yard).await, 1);
    yard.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_step_that_is_said_to_be_done_is_not_done_again() {
    for (test, list) in [
        ("migrate_done", "manual"),
        ("migrate_done_last", "manual-last"),
    ] {
        let yard = cut_off(test, list).await;
        up(&yard).await;

        let repaired = yard.migrator().repair(&Repair::StepDone).await.unwrap();

        assert_eq!(repaired.done, 1, "{list}: {repaired:?}");
        assert_whole(&yard).await;
        yard.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_off_step_that_is_said_to_be_undone_is_done_then() {
    for (test, list) in [
        ("migrate_undone", "manual"),
        ("migrate_undone_last", "manual-last"),
    ] {
        let yard = cut_off(test, list).await;
        up(&yard).await;
        let counts = yard.tenant("acme").collection::<Document>("counts");
        let taken_back = doc! { "$set": { "number": 0 } };
        counts.update_one(doc! {}, taken_back).await.unwrap();

        let repaired = yard.migrator().repair(&Repair::StepUndone).await.unwrap();

        assert_eq!(repaired.done, 1, "{list}: {repaired:?}");
        assert_eq!(paid(&yard).await, 0, "a repair touches no documents");
        assert_whole(&yard).await;
        yard.close().await;
    }
}

/// Nobody has to run into it first.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_may_decide_before_any_run_has_found_the_cut_off_step() {
    let yard = cut_off("migrate_decided", "manual").await;

    let repaired = yard.migrator().repair(&Repair::StepDone).await.unwrap();

    assert_eq!(repaired.done, 1, "{repaired:?}");
    assert_whole(&yard).await;
    yard.close().await;
}
