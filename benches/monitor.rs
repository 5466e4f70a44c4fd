//! What the monitors cost: each call that they count, a scrape, and an answer while MongoDB is stopped.

mod monitor {
    pub(super) mod many;
}
mod shop;
mod sides;

use std::{
    fs,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use mongoplex::{Config, Database, Databases, Registry, Sources};
use mongoplex_figures::{Arguments, Figure, Goal, Report, Side, instructions};
use mongoplex_server::Server;
use mongoplex_testing::{Nodes, OwnSet, own_set};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
    time::sleep,
};
use tower::ServiceExt;

use self::monitor::many::{Many, call_all};
use shop::{Failure, Shop};
use sides::{Sides, Verb};

const OFF: [(&str, &str); 1] = [("ENABLE_METRICS", "false")];

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    let runtime = runtime()?;
    match words[..] {
        [] => measure(&runtime, &arguments),
        [uri, verb, side, count] => runtime.block_on(counted(uri, verb, side, count.parse()?)),
        _ => Err("it takes no words, only `--short`".into()),
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn measure(runtime: &Runtime, arguments: &Arguments) -> Result<(), Failure> {
    let set = runtime.block_on(own_set(Nodes::One));
    let mut report = Report::new(runtime.block_on(shop::version(&set))?);
    report.add(runtime.block_on(recording(&set, arguments))?);
    report.add(runtime.block_on(growth(&set, arguments))?);
    // What is made once is made before anything is counted.
    runtime.block_on(made(&set))?;
    report.add(insert_one(&set.uri("shop"), arguments)?);
    for figure in runtime.block_on(scrape(&set, arguments))? {
        report.add(figure);
    }
    for figure in runtime.block_on(ready_while_stopped(&set, arguments))? {
        report.add(figure);
    }
    runtime.block_on(set.stop());
    Ok(report.finish()?)
}

async fn made(set: &OwnSet) -> Result<(), Failure> {
    let databases = shop::connect(&set.uri("shop"), &[]).await?;
    Sides::open(&databases).await?;
    close([databases]).await;
    Ok(())
}

async fn pass(shop: &Database<Shop>, calls: u32) -> Result<(), Failure> {
    for _ in 0..calls {
        shop.pass().await?;
    }
    Ok(())
}

/// What a call that is ready takes with metrics, less what it takes without, in turn.
async fn recording(set: &OwnSet, arguments: &Arguments) -> Result<Figure, Failure> {
    let uri = set.uri("shop");
    let (on, off) = (
        shop::connect(&uri, &[]).await?,
        shop::connect(&uri, &OFF).await?,
    );
    let shops = [on.database::<Shop>()?, off.database::<Shop>()?];
    let calls = arguments.choose(1_000_000, 100_000);
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(15, 5) {
        let mut times = [0.0; 2];
        for (shop, time) in shops.iter().zip(&mut times) {
            let started = Instant::now();
            pass(shop, calls).await?;
            *time = started.elapsed().as_secs_f64() * 1e9 / f64::from(calls);
        }
        rounds.push(times[0] - times[1]);
    }
    close([on, off]).await;
    let name = "recording a call: with metrics, less without";
    Ok(Figure::plain(name, "ns", Goal::AtMost(100.0), rounds))
}

/// By how much resident memory grows over very many recorded calls.
async fn growth(set: &OwnSet, arguments: &Arguments) -> Result<Figure, Failure> {
    let databases = shop::connect(&set.uri("shop"), &[]).await?;
    let shop = databases.database::<Shop>()?;
    let calls = arguments.choose(10_000_000, 1_000_000);
    // What the first calls take is taken once.
    pass(&shop, calls / 10).await?;
    sleep(Duration::from_secs(2)).await;
    let before = resident()?;
    pass(&shop, calls).await?;
    let growth = (resident()? - before) / 1e6;
    close([databases]).await;
    let name = format!("resident memory grown over {calls} recorded calls");
    Ok(Figure::plain(
        name,
        "MB",
        Goal::AtMost(1.0),
        [growth.max(0.0)],
    ))
}

fn resident() -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.ok_or("no VmRSS")?.trim().trim_end_matches(" kB");
    Ok(kilobytes.parse::<f64>()? * 1024.0)
}

/// Counts an insert's instructions with metrics and without; without twice, as the control.
fn insert_one(uri: &str, arguments: &Arguments) -> Result<Figure, Failure> {
    let uri = format!("{uri}&serverMonitoringMode=poll");
    let (low, high) = (200, arguments.choose(2_200_u32, 1_200));
    let per_call = |side: &str| -> Result<Option<f64>, Failure> {
        let run =
            |count: u32| instructions(&[&uri, Verb::InsertOne.name(), side, &count.to_string()]);
        let (Some(less), Some(more)) = (run(low)?, run(high)?) else {
            return Ok(None);
        };
        Ok(Some((more as f64 - less as f64) / f64::from(high - low)))
    };
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(3, 1) {
        let (Some(off), Some(on), Some(again)) =
            (per_call("off")?, per_call("on")?, per_call("off")?)
        else {
            Report::note("valgrind is not there: no instructions are counted");
            break;
        };
        Report::note(&format!("off {off:.0}, on {on:.0}, off {again:.0}"));
        rounds.push((on / off, again / off));
    }
    let words = Verb::InsertOne.words();
    let name = format!("instructions of {words}, metrics on over off");
    Ok(Figure::ratio(name, Goal::AtMost(1.005), rounds))
}

/// What runs under callgrind: `count` inserts and nothing else.
async fn counted(uri: &str, verb: &str, side: &str, count: usize) -> Result<(), Failure> {
    let verb = Verb::ALL.into_iter().find(|one| one.name() == verb);
    let verb = verb.ok_or("no such verb")?;
    let metrics = if side == "on" { "true" } else { "false" };
    let variables = [
        ("ENABLE_METRICS", metrics),
        ("ENABLE_HEALTH_CHECKS", "false"),
        ("DB_HEARTBEAT_FREQUENCY", "1h"),
        ("DB_CONNECT_TIMEOUT", "1m"),
        ("DB_SERVER_SELECTION_TIMEOUT", "1m"),
        ("DB_MIN_POOL_SIZE", "0"),
        ("STARTUP_TIMEOUT", "1m"),
    ];
    let databases = shop::connect(uri, &variables).await?;
    let sides = Sides::open(&databases).await?;
    // In a task, as every server's call is.
    let mut task = JoinSet::new();
    task.spawn(async move {
        for number in 0..count {
            sides.call(verb, Side::Ours, number).await?;
        }
        Ok::<(), Failure>(())
    });
    task.join_next().await.ok_or("no task")??
}

/// `/metrics` of a process that has more than ten thousand series, and its snapshot, which the rules of
/// alerts look at once a second.
async fn scrape(set: &OwnSet, arguments: &Arguments) -> Result<Vec<Figure>, Failure> {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "development")
        .variable("DATABASE_MANY_URI", set.uri("many"));
    let registry = Registry::new().with::<Many>();
    let config = Config::load(&registry, &[], &sources)?;
    let databases = Databases::builder(registry, config.clone())
        .connect()
        .await?;
    call_all(&databases.database::<Many>()?).await?;
    let mut ticks = databases.monitor().ticks();
    ticks.changed().await?;
    let server = server(&databases, &config)?;
    let (_, text) = get(&server, "/metrics").await?;
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(50, 10) {
        let started = Instant::now();
        get(&server, "/metrics").await?;
        rounds.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let monitor = databases.monitor();
    let snapshots = (0..arguments.choose(50, 10)).map(|_| {
        let started = Instant::now();
        drop(monitor.snapshot());
        started.elapsed().as_secs_f64() * 1e3
    });
    let name = format!("a snapshot of {series} series");
    let snapshot = Figure::plain(name, "ms", Goal::None, snapshots);
    close([databases]).await;
    if series < 10_000 {
        return Err(format!("only {series} series").into());
    }
    let name = format!("a scrape of {series} series");
    let scrape = Figure::plain(name, "ms", Goal::AtMost(50.0), rounds);
    Ok(vec![scrape, snapshot])
}

fn server(databases: &Databases, config: &Config) -> Result<Router, Failure> {
    let server = Server::new("benches", 3000, |_| Ok(Router::new()));
    Ok(server.router(databases, config)?)
}

async fn get(server: &Router, path: &str) -> Result<(StatusCode, String), Failure> {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())?;
    let response = server.clone().oneshot(request).await?;
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await?;
    Ok((status, String::from_utf8(bytes.to_vec())?))
}

/// How long the slowest hundredth of answers takes while mongod is stopped.
async fn ready_while_stopped(set: &OwnSet, arguments: &Arguments) -> Result<Vec<Figure>, Failure> {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_SHOP_URI", set.uri("shop"));
    let registry = Registry::new().with::<Shop>();
    let config = Config::load(&registry, &[], &sources)?;
    let databases = Databases::builder(registry, config.clone())
        .connect()
        .await?;
    let server = server(&databases, &config)?;
    set.nodes()[0].pause();
    while get(&server, "/health/ready").await?.0 == StatusCode::OK {
        sleep(Duration::from_millis(50)).await;
    }
    let mut figures = Vec::new();
    for path in ["/health/ready", "/health/live"] {
        let mut rounds = Vec::new();
        for _ in 0..5 {
            rounds.push(slowest(&server, path, arguments.choose(2_000, 400)).await?);
        }
        let name = format!("p99 of `{path}` while mongod is stopped");
        figures.push(Figure::plain(name, "ms", Goal::AtMost(5.0), rounds));
    }
    set.nodes()[0].resume();
    close([databases]).await;
    Ok(figures)
}

async fn slowest(server: &Router, path: &str, requests: usize) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(requests);
    for _ in 0..requests {
        let started = Instant::now();
        get(server, path).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[requests * 99 / 100])
}

async fn close(all: impl IntoIterator<Item = Databases>) {
    for databases in all {
        databases.shutdown(Duration::from_secs(5)).await;
    }
}
