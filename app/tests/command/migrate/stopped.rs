//! Ctrl-C: what has begun ends, nothing more begins; a second one ends at once.

use std::time::{Duration, Instant};

use mongoplex_testing::{FailPoint, Fault, Nodes, Program, Signal, TestDatabases, own_set};

use super::{Ground, objects, of, refused::lock, summary};

const SIX: [&str; 6] = ["t1", "t2", "t3", "t4", "t5", "t6"];

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_is_exit_code_130_and_the_next_one_goes_on() {
    // A fail point of one server is one: this test's own.
    let set = own_set(Nodes::One).await;
    let ground = Ground::on(TestDatabases::on(&set, "migrate_stop"), &SIX).await;
    let slow = Fault::of(["create"], "insightserenity/customer");
    let slow = slow.block(Duration::from_millis(200)).always();
    let slow = FailPoint::set(&ground.names.uri("admin"), slow).await;
    let mut program = Program::start(&mut ground.command("up --at-once 1 --json"));
    program.line("\"tenant\":\"t1\"");

    program.signal(Signal::INT);
    let (status, output) = program.end();
    slow.off().await;

    assert_eq!(status.code(), Some(130), "{output}");
    assert!(output.contains("what has begun ends"), "{output}");
    let lines = output.lines().filter(|line| line.starts_with('{'));
    let told = objects(&lines.collect::<Vec<_>>().join("\n"));
    assert_eq!(summary(&told)["stopped"], true);
    let done = of(&told, "done").len();
    assert!(
        (3..8).contains(&done),
        "admin, customer, t1, but not all: {output}"
    );
    let (code, rest) = ground.told("up");
    assert_eq!(code, Some(0), "{rest:?}");
    assert_eq!(of(&rest, "done").len() + done, 8);
    drop(ground);
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_at_once() {
    let set = own_set(Nodes::One).await;
    let ground = Ground::on(TestDatabases::on(&set, "migrate_stop_twice"), &["acme"]).await;
    let stuck = Fault::of(["create"], "insightserenity/customer");
    let stuck = stuck.block(Duration::from_secs(50)).always();
    let stuck = FailPoint::set(&ground.names.uri("admin"), stuck).await;
    let mut program = Program::start(&mut ground.command("up --db customer"));
    let began = Instant::now();
    crate::house::eventually("it is stuck", || {
        program.output().contains("targets: 0 of 1")
    });

    program.signal(Signal::TERM);
    program.line("once more");
    program.signal(Signal::INT);
    let (status, output) = program.end();

    assert_eq!(status.code(), Some(130), "{output}");
    assert!(began.elapsed() < Duration::from_secs(40), "{output}");
    drop(stuck);
    drop(ground);
    set.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_another_can_be_stopped() {
    let ground = Ground::new("migrate_stop_wait", &["acme"]).await;
    lock(&ground).await;
    let mut program = Program::start(&mut ground.command("up --wait 10m --json"));
    // The administrators' database is not locked.
    program.line("\"event\":\"done\"");

    program.signal(Signal::INT);
    let (status, output) = program.end();

    assert_eq!(status.code(), Some(130), "{output}");
    ground.names.drop().await;
}
