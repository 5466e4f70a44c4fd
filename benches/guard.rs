//! What the guard alone costs: a call that is answered at once passes deadline, circuit, bulkhead and
//! record, and nothing else.

mod shop;

use std::{
    thread,
    time::{Duration, Instant},
};

use mongoplex::Database;
use mongoplex_figures::{Arguments, Figure, Goal, Report};
use mongoplex_testing::{Nodes, own_set};
use tokio::runtime::{Builder, Runtime};

use shop::{Failure, Shop};

fn main() -> Result<(), Failure> {
    let runtime = runtime()?;
    let arguments = Arguments::read();
    let calls = arguments.choose(1_000_000, 100_000);
    let rounds = arguments.choose(15, 5);
    let set = runtime.block_on(own_set(Nodes::One));
    let databases = runtime.block_on(shop::connect(&set.uri("shop"), &[]))?;
    let shop = databases.database::<Shop>()?;
    let mut report = Report::new(runtime.block_on(shop::version(&set))?);

    let alone = (0..rounds).filter_map(|_| time(&shop, calls).ok());
    report.add(Figure::plain(
        "guard around a call that is ready",
        "ns",
        Goal::AtMost(300.0),
        alone,
    ));
    let contended = (0..rounds).filter_map(|_| two(&shop, calls).ok());
    let name = "the same on two threads at once, each";
    report.add(Figure::plain(name, "ns", Goal::AtMost(600.0), contended));
    let allocations = (0..1).map(|_| allocations(&runtime, &shop));
    let name = "heap allocations of a call that succeeds";
    report.add(Figure::plain(name, "", Goal::AtMost(0.0), allocations));

    runtime.block_on(databases.shutdown(Duration::from_secs(5)));
    runtime.block_on(set.stop());
    Ok(report.finish()?)
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Returns what one call takes, in ns.
fn time(shop: &Database<Shop>, calls: u32) -> Result<f64, Failure> {
    let runtime = runtime()?;
    let started = Instant::now();
    runtime.block_on(pass(shop, calls))?;
    Ok(started.elapsed().as_secs_f64() * 1e9 / f64::from(calls))
}

/// Returns the same while another thread does it too.
fn two(shop: &Database<Shop>, calls: u32) -> Result<f64, Failure> {
    let other = shop.clone();
    let beside = thread::spawn(move || time(&other, calls).map_err(|error| error.to_string()));
    let own = time(shop, calls)?;
    let beside = beside.join().map_err(|_| "the other thread ended")??;
    Ok(f64::midpoint(own, beside))
}

async fn pass(shop: &Database<Shop>, calls: u32) -> mongoplex::Result<()> {
    for _ in 0..calls {
        shop.pass().await?;
    }
    Ok(())
}

/// Returns the allocations of one of a thousand calls.
fn allocations(runtime: &Runtime, shop: &Database<Shop>) -> f64 {
    let count = |calls| {
        let counted = allocation_counter::measure(|| drop(runtime.block_on(pass(shop, calls))));
        counted.count_total as f64
    };
    // What the first call makes once, and the runtime each time it is entered, is no part of it.
    drop(runtime.block_on(shop.pass()));
    let fewer = count(1_000);
    (count(2_000) - fewer) / 1_000.0
}
