//! How long the command takes where nothing is to be done, over ten thousand tenants that are at the head:
//! what every deployment pays. Their databases are not made: nothing of this may touch one.

use std::{
    error::Error,
    process::Command,
    time::{Duration, Instant},
};

use mongoplex::bson::{DateTime, Document, doc};
use mongoplex_figures::{Arguments, Figure, Goal, Report};
use mongoplex_testing::{Nodes, OwnSet, Project, binary, own_set, raw};

type Failure = Box<dyn Error>;

const MONGOPLEX: &str = env!("CARGO_BIN_EXE_mongoplex");

/// How many rows are written at a time.
const BATCH: usize = 1_000;

fn main() -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(&Arguments::read()))
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let count = arguments.choose(10_000, 1_000);
    let set = own_set(Nodes::One).await;
    let project = Project::new(env!("CARGO_TARGET_TMPDIR"));
    let run = |words: &str| migrate(&set, &project, words);
    // The logical databases, from nothing; then all tenants' records.
    run("up --db admin --db customer")?;
    rows(&set, count).await?;
    run("baseline --all-tenants --yes")?;

    let mut report = Report::new(binary().version());
    let figures = [
        (
            "up",
            "`migrate up` with nothing to do, the whole process",
            300.0,
        ),
        ("status", "`migrate status`, the whole process", 1_000.0),
    ];
    for (verb, what, goal) in figures {
        Report::note(what);
        let rounds = (0..arguments.choose(9, 3)).map(|_| run(verb));
        let rounds: Vec<f64> = rounds.collect::<Result<_, _>>()?;
        let name = format!("{what}, over {count} tenants");
        report.add(Figure::plain(name, "ms", Goal::AtMost(goal), rounds));
    }
    set.stop().await;
    Ok(report.finish()?)
}

/// Writes tenants' rows past the library.
async fn rows(set: &OwnSet, count: usize) -> Result<(), Failure> {
    let client = raw(&set.uri("figures_admin")).await;
    let rows = client
        .database("figures_admin")
        .collection::<Document>("tenants");
    let now = DateTime::now();
    let row = |number: usize| {
        let id = format!("{number:08x}-58a1-4d3e-9a55-2f0b6f0e7d11");
        doc! { "_id": id, "name": "One of many", "status": "active", "createdAt": now }
    };
    for start in (0..count).step_by(BATCH) {
        rows.insert_many((start..count.min(start + BATCH)).map(row))
            .await?;
    }
    Ok(())
}

/// Runs the command to its end and returns milliseconds.
fn migrate(set: &OwnSet, project: &Project, words: &str) -> Result<f64, Failure> {
    let mut command = project.command(MONGOPLEX);
    command
        .arg("migrate")
        .args(words.split(' '))
        .env("MONGOPLEX_ENV", "test")
        .env("LOG_LEVEL", "error")
        .env("DATABASE_ADMIN_URI", set.uri("figures_admin"))
        .env("DATABASE_CUSTOMER_URI", set.uri("figures_customer"));
    ended(&mut command)
}

fn ended(command: &mut Command) -> Result<f64, Failure> {
    let started = Instant::now();
    let output = command.output()?;
    let elapsed = started.elapsed();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{command:?} failed: {said}").into());
    }
    debug_assert!(elapsed < Duration::from_secs(600), "it hangs");
    Ok(elapsed.as_secs_f64() * 1e3)
}
