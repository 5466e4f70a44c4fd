//! One crash at every place, for every kind of step, up and down.

use std::{os::unix::process::ExitStatusExt, process::Command};

use mongoplex::control::CrashPoint;
use mongoplex_testing::{Nodes, ReplicaSet, own_set};

use super::{lists::every_kind, program};
use crate::migrate::yard::{Yard, snapshot};

/// SIGABRT, which is how a crash point ends the process.
const ABORTED: i32 = 6;

/// More often than that no place is passed.
const MOST: u32 = 40;

#[tokio::test(flavor = "multi_thread")]
async fn wherever_up_crashes_the_next_one_ends_like_one_that_did_not() {
    let set = own_set(Nodes::One).await;
    let yard = yard(&set, "migrate_crash_up").await;
    let whole = uncrashed(&yard, "whole").await;

    let crashed = every_crash(&yard, "up", |_| Vec::new(), &whole).await;

    assert_eq!(crashed, all_but(&[CrashPoint::Swept]));
    yard.close().await;
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_down_crashes_the_next_up_ends_like_after_one_that_did_not() {
    let set = own_set(Nodes::One).await;
    let yard = yard(&set, "migrate_crash_down").await;
    let whole = uncrashed(&yard, "whole").await;

    let crashed = every_crash(&yard, "down", |tenant| vec![tenant.to_owned()], &whole).await;

    assert_eq!(crashed, all_but(&[CrashPoint::Swept]));
    yard.close().await;
    set.stop().await;
}

/// Returns a yard on a server that gives up transactions of processes that are gone sooner than after
/// a minute.
async fn yard(set: &ReplicaSet, test: &str) -> Yard {
    let yard = Yard::on(set, test, &[], vec![every_kind()]).await;
    yard.transactions_live(1).await;
    yard
}

/// Returns what is left by runs that do not crash.
async fn uncrashed(yard: &Yard, tenant: &str) -> Vec<String> {
    yard.not_new().await;
    yard.people(tenant).await;
    let ids = [tenant.parse().unwrap()];
    let done = yard.migrator().tenants(ids).up().await.unwrap();
    assert!(done.is_whole(), "{done:?}");
    snapshot(&yard.tenant(tenant)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_taking_over_from_a_crash_is_taken_over_too() {
    let yard = Yard::new("migrate_crash_twice", vec![every_kind()]).await;
    let whole = uncrashed(&yard, "whole").await;
    yard.people("twice").await;
    let tenants = ["twice".to_owned()];
    for place in ["AfterRecord:2", "Locked:1", "Swept:1"] {
        let mut crashing = program::command(&yard, ("up", "every-kind"), &tenants, "30s");
        assert!(
            crashes_at(crashing.env("MONGOPLEX_CRASH_AT", place)),
            "{place}"
        );
    }

    let after = yard
        .migrator()
        .tenants(["twice".parse().unwrap()])
        .up()
        .await
        .unwrap();

    assert!(after.is_whole(), "{after:?}");
    assert!(snapshot(&yard.tenant("twice")).await == whole);
    yard.close().await;
}

/// Returns every place but some.
fn all_but(left_out: &[CrashPoint]) -> Vec<CrashPoint> {
    let all = CrashPoint::ALL.into_iter();
    all.filter(|point| !left_out.contains(point)).collect()
}

/// Crashes at each place, each time that it is passed; returns those that were.
async fn every_crash(
    yard: &Yard,
    verb: &str,
    applied_before: impl Fn(&str) -> Vec<String>,
    whole: &[String],
) -> Vec<CrashPoint> {
    let mut crashed = Vec::new();
    for point in CrashPoint::ALL {
        for time in 1..=MOST {
            let tenant = format!("{point:?}-{time}").to_lowercase();
            yard.people(&tenant).await;
            for before in applied_before(&tenant) {
                let done = yard
                    .migrator()
                    .tenants([before.parse().unwrap()])
                    .up()
                    .await;
                assert!(done.unwrap().is_whole());
            }
            let tenants = [tenant.clone()];
            let mut crashing = program::command(yard, (verb, "every-kind"), &tenants, "30s");
            let crashing = crashing.env("MONGOPLEX_CRASH_AT", format!("{point:?}:{time}"));
            if !crashes_at(crashing) {
                break;
            }
            crashed.push(point);

            let after = yard
                .migrator()
                .tenants([tenant.parse().unwrap()])
                .up()
                .await;

            let after = after.unwrap_or_else(|error| panic!("{tenant}: {error}"));
            assert!(after.is_whole(), "{tenant}: {after:?}");
            let left = snapshot(&yard.tenant(&tenant)).await;
            let other: Vec<_> = left.iter().filter(|line| !whole.contains(line)).collect();
            assert!(
                left == whole,
                "after a crash of {verb} at {tenant}: {other:.900?}"
            );
            assert!(time < MOST, "{point:?} is passed without end");
        }
    }
    crashed.dedup();
    crashed
}

/// Returns whether it crashed; it must end well where it did not.
fn crashes_at(command: &mut Command) -> bool {
    let ended = command.output().unwrap();
    if ended.status.signal() == Some(ABORTED) {
        return true;
    }
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}");
    false
}
