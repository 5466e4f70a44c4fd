//! The way back: the last one, a run's, and again.

use super::{Ground, of, summary};

#[tokio::test(flavor = "multi_thread")]
async fn down_takes_back_the_last_one_and_up_brings_it_again() {
    let ground = Ground::new("migrate_down", &["acme", "globex"]).await;
    assert_eq!(ground.run("up").0, Some(0));
    let before = ground.records().await.len();

    let (code, back) = ground.told("down --all-tenants");
    let (_, status) = ground.told("status --all-tenants");
    let (again, up) = ground.told("up");

    assert_eq!((code, again), (Some(0), Some(0)), "{back:?} {up:?}");
    assert_eq!(summary(&back)["migrations"], 2);
    assert_eq!(of(&back, "done")[0]["direction"], "down");
    let pending = &of(&status, "status")[0]["pending"][0];
    assert_eq!(pending["targets"], 2);
    assert_eq!(pending["migrations"][0], "20261006100000_strict_clients");
    assert_eq!(summary(&up)["migrations"], 2);
    assert_eq!(ground.records().await.len(), before);
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn down_of_a_run_takes_back_what_that_run_has_applied() {
    let ground = Ground::new("migrate_down_run", &["acme", "globex"]).await;
    let (code, output) = ground.run("up --tenant acme");
    assert_eq!(code, Some(0), "{output}");
    let (_, first) = ground.told("up --tenant globex --steps 3");
    let (_, second) = ground.told("up --tenant globex");
    assert_eq!(summary(&first)["migrations"], 3);
    assert_eq!(summary(&second)["migrations"], 4);
    let run = summary(&second)["runs"][0].as_str().unwrap();

    let (code, back) = ground.told(&format!("down --run {run}"));
    let (twice, none) = ground.run(&format!("down --run {run}"));

    assert_eq!(code, Some(0), "{back:?}");
    assert_eq!(summary(&back)["migrations"], 4);
    assert_eq!(of(&back, "done")[0]["tenant"], "globex");
    assert_eq!(twice, Some(0), "{none}");
    assert!(none.contains("nothing to take back"), "{none}");
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redo_takes_back_and_applies_the_same_again() {
    let ground = Ground::new("migrate_redo", &["acme", "globex"]).await;
    assert_eq!(ground.run("up").0, Some(0));

    let (code, told) = ground.told("redo --tenant acme --steps 2");
    let (status, _) = ground.run("status --exit-code");

    assert_eq!(code, Some(0), "{told:?}");
    let ways: Vec<_> = of(&told, "done")
        .into_iter()
        .map(|done| (done["direction"].as_str().unwrap(), &done["migrations"]))
        .collect();
    assert_eq!(ways, [("down", &2.into()), ("up", &2.into())]);
    assert_eq!(summary(&told)["verb"], "redo");
    assert_eq!(status, Some(0));
    ground.names.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_way_back_is_refused_before_anything_is_changed() {
    let ground = Ground::new("migrate_lasting", &["acme"]).await;
    assert_eq!(ground.run("up").0, Some(0));
    let before = ground.records().await;

    let (planned, plan) = ground.told("plan --down --db admin --steps 2");
    let (code, told) = ground.told("down --db admin --steps 2");

    assert_eq!((planned, code), (Some(8), Some(8)), "{told:?}");
    assert_eq!(of(&plan, "plan")[0]["blocked"][0]["kind"], "irreversible");
    let blocked = of(&told, "blocked");
    assert_eq!(blocked[0]["migration"], "20261006090000_drop_sessions");
    assert_eq!(ground.records().await, before);
    ground.names.drop().await;
}
