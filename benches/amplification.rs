//! What retries add to a deployment that fails: 500 calls a second are offered while commands are answered
//! by an error, and the server itself counts what it is sent after the first 2 s.
//!
//! `--seconds N` is how long each drill lasts (30, or 5 with `--short`).

mod amplification {
    pub(super) mod drill;
}
mod shop;

use std::time::Duration;

use mongoplex_figures::{Arguments, Figure, Goal, Report};
use mongoplex_testing::{Nodes, own_set};

use amplification::drill::{BUSY, Caller, Drill, GONE};
use shop::Failure;

/// All of the calls fail, the library as it comes.
const ALL: Drill = Drill {
    caller: Caller::Library,
    answer: GONE,
    one_in: 1,
    options: "",
};

const ALL_BUDGET_ONLY: Drill = Drill {
    caller: Caller::BudgetOnly,
    ..ALL
};

/// Too few for the circuit.
const SOME: Drill = Drill { one_in: 10, ..ALL };

/// Without the driver's own second try.
const ONCE: &str = "&retryReads=false";

fn drills() -> [(&'static str, Goal, Drill); 7] {
    let goal = Goal::AtMost(1.25);
    let (all, some) = (ALL_BUDGET_ONLY, SOME);
    [
        ("requests per call, all fail", goal, ALL),
        ("the same, circuit disabled", goal, all),
        (
            "the same, circuit disabled, `retryReads=false`",
            goal,
            Drill {
                options: ONCE,
                ..all
            },
        ),
        (
            "the same, circuit disabled, by overload",
            goal,
            Drill {
                answer: BUSY,
                ..all
            },
        ),
        ("requests per call, one in ten fails", goal, some),
        (
            "the same, `retryReads=false`",
            goal,
            Drill {
                options: ONCE,
                ..some
            },
        ),
        (
            "requests per call of the driver alone, all fail",
            Goal::None,
            Drill {
                caller: Caller::Driver,
                ..ALL
            },
        ),
    ]
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let seconds = arguments.after("--seconds").map(str::parse).transpose()?;
    let length = Duration::from_secs(seconds.unwrap_or(arguments.choose(30, 5)));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(run(length))
}

async fn run(length: Duration) -> Result<(), Failure> {
    let set = own_set(Nodes::One).await;
    let mut report = Report::new(shop::version(&set).await?);
    for (name, goal, drill) in drills() {
        let seen = drill.run(&set, length).await?;
        Report::note(&format!("{name}: {seen:?}"));
        report.add(Figure::plain(name, "x", goal, seen.ratio()));
    }
    set.stop().await;
    Ok(report.finish()?)
}
