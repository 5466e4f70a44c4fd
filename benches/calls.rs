//! What a call costs through the library, over the same call of the driver alone.
//!
//! Instructions are counted under callgrind, in two lengths whose difference holds no start-up. Times
//! are compared in turn, in one process and on one client.

mod shop;
mod sides;

use std::{sync::Arc, time::Duration};

use mongoplex_figures::{Arguments, Figure, Goal, Report, Side, alternate, instructions};
use mongoplex_testing::{Nodes, own_set};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

use shop::Failure;
use sides::{Sides, Verb};

/// How many calls a window has.
const WINDOW: usize = 256;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        [] => runtime(Builder::new_multi_thread())?.block_on(measure(&arguments)),
        [uri, verb, side, count] => {
            let runtime = runtime(Builder::new_current_thread())?;
            runtime.block_on(counted(uri, verb, side, count.parse()?))
        }
        _ => Err("it takes no words, only `--short`".into()),
    }
}

fn runtime(mut builder: Builder) -> std::io::Result<Runtime> {
    builder.enable_all().build()
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let set = own_set(Nodes::One).await;
    let uri = set.uri("shop");
    let databases = shop::connect(&uri, &[]).await?;
    let sides = Sides::open(&databases).await?;
    let mut report = Report::new(shop::version(&set).await?);
    for (verb, goal) in [
        (Verb::FindOne, 1.05),
        (Verb::InsertOne, 1.04),
        (Verb::Find, 1.02),
    ] {
        report.add(instructions_of(verb, goal, &uri, arguments)?);
    }
    for verb in [Verb::FindOne, Verb::InsertOne] {
        report.add(pairs(&sides, verb, arguments).await?);
    }
    for callers in [8, 32] {
        report.add(windows(&sides, callers, arguments).await?);
    }
    databases.shutdown(Duration::from_secs(5)).await;
    set.stop().await;
    Ok(report.finish()?)
}

/// Counts one verb's instructions on both sides; the raw side twice, as the control.
fn instructions_of(
    verb: Verb,
    goal: f64,
    uri: &str,
    arguments: &Arguments,
) -> Result<Figure, Failure> {
    let (low, high) = match verb {
        Verb::Find => (5, arguments.choose(45, 25)),
        _ => (200, arguments.choose(2_200, 1_200)),
    };
    Report::note(&format!("callgrind: {}", verb.words()));
    // Nothing but the calls, and none may come to its end because callgrind is slow.
    let uri = format!("{uri}&serverMonitoringMode=poll");
    let per_call = |side: &str| -> Result<Option<f64>, Failure> {
        let run = |count: u32| instructions(&[&uri, verb.name(), side, &count.to_string()]);
        let (Some(less), Some(more)) = (run(low)?, run(high)?) else {
            return Ok(None);
        };
        Ok(Some((more as f64 - less as f64) / f64::from(high - low)))
    };
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(3, 1) {
        let (Some(raw), Some(ours), Some(again)) =
            (per_call("raw")?, per_call("ours")?, per_call("raw")?)
        else {
            Report::note("valgrind is not there: no instructions are counted");
            break;
        };
        Report::note(&format!("raw {raw:.0}, ours {ours:.0}, raw {again:.0}"));
        rounds.push((ours / raw, again / raw));
    }
    let name = format!("instructions of {}", verb.words());
    Ok(Figure::ratio(name, Goal::AtMost(goal), rounds))
}

/// What runs under callgrind: `count` calls of one side and nothing else.
async fn counted(uri: &str, verb: &str, side: &str, count: usize) -> Result<(), Failure> {
    let verb = Verb::ALL.into_iter().find(|one| one.name() == verb);
    let verb = verb.ok_or("no such verb")?;
    let side = if side == "ours" {
        Side::Ours
    } else {
        Side::Raw
    };
    let out_of_the_way = [
        ("DB_HEARTBEAT_FREQUENCY", "1h"),
        ("DB_CONNECT_TIMEOUT", "1m"),
        ("DB_SERVER_SELECTION_TIMEOUT", "1m"),
        ("DB_MIN_POOL_SIZE", "0"),
        ("ENABLE_HEALTH_CHECKS", "false"),
        ("STARTUP_TIMEOUT", "1m"),
    ];
    let databases = shop::connect(uri, &out_of_the_way).await?;
    let sides = Sides::open(&databases).await?;
    // In a task, as every server's call is.
    let mut task = JoinSet::new();
    task.spawn(async move {
        for number in 0..count {
            sides.call(verb, side, number).await?;
        }
        Ok::<(), Failure>(())
    });
    task.join_next().await.ok_or("no task")??
}

/// One caller: raw and ours call by call.
async fn pairs(sides: &Sides, verb: Verb, arguments: &Arguments) -> Result<Figure, Failure> {
    Report::note(&format!("pairs: {}", verb.words()));
    let mut rounds = Vec::new();
    let count = match verb {
        // Each waits for the journal.
        Verb::InsertOne => arguments.choose(500, 100),
        _ => arguments.choose(2_000, 300),
    };
    for _ in 0..5 {
        let times = alternate(count, |side| sides.call(verb, side, 0)).await?;
        rounds.push(times.latency());
    }
    let name = format!("time of {}, 1 caller", verb.words());
    Ok(Figure::ratio(name, Goal::AtMost(1.03), rounds))
}

/// Many callers: windows of calls that share the work.
async fn windows(sides: &Sides, callers: usize, arguments: &Arguments) -> Result<Figure, Failure> {
    Report::note(&format!("windows: {callers} callers"));
    let sides = Arc::new(sides.clone());
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(3, 1) {
        let window = |side| window(sides.clone(), side, callers);
        let times = alternate(arguments.choose(200, 30), window).await?;
        rounds.push(times.throughput());
    }
    let name = format!("throughput of `find_one`, {callers} callers");
    Ok(Figure::ratio(name, Goal::AtLeast(0.97), rounds))
}

async fn window(sides: Arc<Sides>, side: Side, callers: usize) -> Result<(), Failure> {
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let sides = sides.clone();
        tasks.spawn(async move {
            for call in 0..WINDOW / callers {
                sides
                    .call(Verb::FindOne, side, caller * WINDOW + call)
                    .await?;
            }
            Ok::<(), Failure>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
