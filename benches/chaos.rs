//! Faults at random on a set of three under mixed load: nothing that was acknowledged is lost, nothing is
//! done twice, nobody waits past his deadline, and the memory stays flat. It ends with a failure where one
//! of these does not hold.
//!
//! `--seconds N` is how long faults strike (60, or 20 with `--short`), `--seed N` which ones. The same seed
//! strikes in the same order; what the load meets is another matter each time.

mod chaos {
    pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

    pub(super) mod check;
    pub(super) mod deck;
    pub(super) mod fault;
    pub(super) mod ledger;
    pub(super) mod load;
    pub(super) mod memory;
    pub(super) mod outcome;
    pub(super) mod rounds;
    pub(super) mod stock;
    pub(super) mod tally;
    pub(super) mod told;
}

use std::{
    process::ExitCode,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use mongoplex_figures::{Arguments, Report, target};
use mongoplex_testing::{Nodes, own_set};

use self::chaos::{
    Failure, check, ledger, ledger::Ledger, load::Load, memory::Memory, outcome::Run,
    rounds::Rounds, stock, stock::Stock, tally::Tally,
};

fn main() -> Result<ExitCode, Failure> {
    let arguments = Arguments::read();
    if let Some(path) = arguments.after(ledger::FLAG) {
        // This is the other process: it ends when nobody can write to its pipe any more.
        ledger::keep(path.as_ref())?;
        return Ok(ExitCode::SUCCESS);
    }
    let seconds = number(&arguments, "--seconds")?.unwrap_or(arguments.choose(60, 20));
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let seed = number(&arguments, "--seed")?.unwrap_or(now.as_secs());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(strike(Duration::from_secs(seconds), seed))
}

fn number(arguments: &Arguments, flag: &str) -> Result<Option<u64>, Failure> {
    let number = arguments.after(flag).map(str::parse).transpose();
    number.map_err(|error| format!("`{flag}` takes a whole number: {error}").into())
}

async fn strike(length: Duration, seed: u64) -> Result<ExitCode, Failure> {
    let set = own_set(Nodes::Three).await;
    let databases = stock::open(|database| set.uri(database)).await?;
    let path = target().join("chaos.acknowledged");
    Report::note(&format!(
        "{} s of faults with --seed {seed}; acknowledgements in `{}`; {}",
        length.as_secs(),
        path.display(),
        stock::SETTINGS
            .map(|(name, value)| format!("{name}={value}"))
            .join(" ")
    ));
    let (ledger, tally) = (Arc::new(Ledger::open(&path)?), Arc::new(Tally::new()));
    let stock = Arc::new(Stock::fill(&databases, &ledger).await?);
    let load = Load::start(&stock, &ledger, &tally);
    let memory = Memory::watch();
    let rounds = Rounds::strike(&set, &tally, length, seed).await?;
    let samples = memory.end().await?;
    let hanging = load.end().await?;
    set.ready().await?;
    let ledger = Arc::into_inner(ledger).ok_or("a caller still writes to the ledger")?;
    let entries = ledger.close()?;
    let checked = check::check(&path, &set.uri("shop")).await?;
    let run = Run {
        mongod: stock::version(&set).await?,
        guards: databases.guards(),
        longest_call: tally.longest_call(),
        missed: tally.missed(),
        noted: entries,
        rounds,
        samples,
        hanging,
        checked,
    };
    databases.shutdown(Duration::from_secs(5)).await;
    set.stop().await;
    run.finish()
}
