//! `GET /api/v1/clients/{id}` of customer-services, against a handler of axum and the driver that makes
//! the same two calls and nothing else.
//!
//! Instructions are counted under callgrind, one request at a time. For the throughput both servers are
//! in one other process; the load comes from here.

mod http {
    pub(super) mod bare;
    pub(super) mod counted;
    pub(super) mod load;
    pub(super) mod process;
}

use std::net::SocketAddr;

use mongoplex_figures::{Arguments, Figure, Goal, Report, Side, alternate};
use mongoplex_testing::{Nodes, own_set};
use tokio::runtime::{Builder, Runtime};

use self::http::{
    counted,
    load::Load,
    process::{self, Servers, Uris},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many connections ask at once.
const CONNECTIONS: usize = 32;

/// How many requests each of them makes in a window.
const REQUESTS: usize = 8;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        [] => runtime(Builder::new_multi_thread())?.block_on(measure(&arguments)),
        [admin, customer] => {
            let runtime = runtime(Builder::new_multi_thread())?;
            runtime.block_on(process::serve(Uris { admin, customer }))
        }
        [admin, customer, path, _, side, count] => {
            let runtime = runtime(Builder::new_current_thread())?;
            let uris = Uris { admin, customer };
            runtime.block_on(counted::run(uris, path, side, count.parse()?))
        }
        _ => Err("it takes no words, only `--short`".into()),
    }
}

fn runtime(mut builder: Builder) -> std::io::Result<Runtime> {
    builder.enable_all().build()
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let set = own_set(Nodes::One).await;
    let mongod = mongoplex_testing::raw(&set.uri("admin")).await;
    let info = mongod
        .database("admin")
        .run_command(mongoplex::bson::doc! { "buildInfo": 1 })
        .await?;
    let mut report = Report::new(info.get_str("version")?);
    let (admin, customer) = (set.uri("admins"), set.uri("customers"));
    let uris = Uris {
        admin: &admin,
        customer: &customer,
    };
    let (servers, ours, raw) = Servers::start(uris)?;
    let path = new_client(ours)?;
    report.add(counted::figure(uris, &path, arguments)?);
    report.add(throughput(ours, raw, &path, arguments).await?);
    drop(servers);
    set.stop().await;
    Ok(report.finish()?)
}

async fn throughput(
    ours: SocketAddr,
    raw: SocketAddr,
    path: &str,
    arguments: &Arguments,
) -> Result<Figure, Failure> {
    let ours = Load::open(ours, path, CONNECTIONS).await?;
    let raw = Load::open(raw, path, CONNECTIONS).await?;
    Report::note(&format!("HTTP: {CONNECTIONS} connections"));
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(5, 2) {
        let window = |side| match side {
            Side::Ours => ours.window(REQUESTS),
            Side::Raw => raw.window(REQUESTS),
        };
        let times = alternate(arguments.choose(60, 20), window).await?;
        let each = times.raw().as_secs_f64() / (CONNECTIONS * REQUESTS) as f64;
        Report::note(&format!("raw: {:.0} requests a second", 1.0 / each));
        rounds.push(times.throughput());
    }
    let name = format!("throughput of HTTP, {CONNECTIONS} connections");
    Ok(Figure::ratio(name, Goal::AtLeast(0.93), rounds))
}

/// Creates a client of tenant `acme` and returns its path.
fn new_client(ours: SocketAddr) -> Result<String, Failure> {
    let body = r#"{"clientCode":"C-1","companyName":"Acme Ltd"}"#;
    let line = "POST /api/v1/clients";
    let created = mongoplex_testing::http(ours, line, &["X-Tenant-ID: acme"], body)?;
    let path = created.header("location").ok_or("no client was created")?;
    Ok(path.to_owned())
}
