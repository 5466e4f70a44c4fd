//! What very many tenants cost one process: a collection of each, and a handle kept for each.

mod shop;

use std::{
    fs,
    hint::black_box,
    ops::Range,
    time::{Duration, Instant},
};

use mongoplex::{
    Database, Model, Tenant, TenantDatabase, TenantId,
    bson::{DateTime, Document, doc},
};
use mongoplex_figures::{Arguments, Figure, Goal, Report};
use mongoplex_testing::{Nodes, own_set};

use shop::{Failure, Order, Shop};

fn main() -> Result<(), Failure> {
    // One thread, so that the memory is that of one allocator's arena.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(&Arguments::read()))
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let set = own_set(Nodes::One).await;
    let databases = shop::connect(&set.uri("shop"), &[]).await?;
    let shop = databases.database::<Shop>()?;
    let count = arguments.choose(100_000, 20_000);
    let mut report = Report::new(shop::version(&set).await?);
    Report::note(&format!("{count} tenants"));
    write_rows(&shop, count).await?;
    let mut kept = Vec::with_capacity(count);
    // The first half takes up what the process has already and has freed again.
    keep(&shop, 0..count / 2, &mut kept).await?;
    let before = resident();
    keep(&shop, count / 2..count, &mut kept).await?;
    let after = resident();
    let each = |(before, after): (f64, f64)| (after - before) / (count - count / 2) as f64;
    let name = format!("resident memory of a kept tenant, of {count}");
    let rounds = before.zip(after).map(each);
    report.add(Figure::plain(name, "bytes", Goal::AtMost(128.0), rounds));
    let name = format!("`tenant.collection()`, of {count} tenants");
    let rounds = (0..arguments.choose(9, 3)).map(|_| collections(&kept));
    report.add(Figure::plain(name, "µs", Goal::AtMost(0.5), rounds));

    databases.shutdown(Duration::from_secs(5)).await;
    set.stop().await;
    Ok(report.finish()?)
}

/// Returns an id of the greatest length, as a UUID has it.
fn id(number: usize) -> String {
    format!("{number:08x}-58a1-4d3e-9a55-2f0b6f0e7d11")
}

/// Writes the tenants' rows past the library: a handle needs its tenant's row and no database.
async fn write_rows(shop: &Database<Shop>, count: usize) -> Result<(), Failure> {
    let rows = shop.unguarded().collection::<Document>(Tenant::COLLECTION);
    let now = DateTime::now();
    let row = |number| doc! { "_id": id(number), "name": "One of many", "status": "active", "createdAt": now };
    for start in (0..count).step_by(1_000) {
        rows.insert_many((start..count.min(start + 1_000)).map(row))
            .await?;
    }
    Ok(())
}

/// Obtains tenants' handles as a server does, and keeps them.
async fn keep(
    shop: &Database<Shop>,
    numbers: Range<usize>,
    kept: &mut Vec<TenantDatabase<Shop>>,
) -> Result<(), Failure> {
    for number in numbers {
        let id: TenantId = id(number).parse()?;
        kept.push(shop.tenant(&id).await?);
    }
    Ok(())
}

/// Returns how long one tenant's collection takes to be made and dropped, in µs.
fn collections(tenants: &[TenantDatabase<Shop>]) -> f64 {
    let started = Instant::now();
    for tenant in tenants {
        black_box(tenant.collection::<Order>());
    }
    started.elapsed().as_secs_f64() * 1e6 / tenants.len() as f64
}

/// Returns this process's resident memory in bytes; nothing where Linux's `/proc` is not there.
fn resident() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024.0)
}
