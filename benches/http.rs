//! `GET /api/v1/clients/{id}` of customer-services, against a handler of axum and the driver that makes
//! the same two calls and nothing else.
//!
//! Both servers are in one other process, on one client and one mongod; the load comes from here. The
//! process logs as a program of ours does, a line for each request of customer-services.

mod http {
    pub(super) mod bare;
    pub(super) mod load;
}

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

use models::{admin_server::Admin, customer_services::Customer};
use mongoplex::{Config, Databases, Registry, Sources, schema::Mode};
use mongoplex_figures::{Arguments, Figure, Goal, Report, Side, alternate};
use mongoplex_testing::{Nodes, free_port, own_set};

use self::http::{bare, load::Load};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How many connections ask at once.
const CONNECTIONS: usize = 32;

/// How many requests each of them makes in a window.
const REQUESTS: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::read();
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        [] => measure(&arguments).await,
        [admin, customer] => serve(admin, customer).await,
        _ => Err("it takes no words, only `--short`".into()),
    }
}

async fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let set = own_set(Nodes::One).await;
    let mongod = mongoplex_testing::raw(&set.uri("admin")).await;
    let info = mongod
        .database("admin")
        .run_command(mongoplex::bson::doc! { "buildInfo": 1 })
        .await?;
    let mut report = Report::new(info.get_str("version")?);
    let (servers, ours, raw) = Servers::start(&set.uri("admins"), &set.uri("customers"))?;
    let path = new_client(ours)?;
    let ours = Load::open(ours, &path, CONNECTIONS).await?;
    let raw = Load::open(raw, &path, CONNECTIONS).await?;
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
    report.add(Figure::ratio(name, Goal::AtLeast(0.93), rounds));
    drop(servers);
    set.stop().await;
    Ok(report.finish()?)
}

/// Creates a client of tenant `acme` and returns its path.
fn new_client(ours: SocketAddr) -> Result<String, Failure> {
    let body = r#"{"clientCode":"C-1","companyName":"Acme Ltd"}"#;
    let line = "POST /api/v1/clients";
    let created = mongoplex_testing::http(ours, line, &["X-Tenant-ID: acme"], body)?;
    let path = created.header("location").ok_or("no client was created")?;
    Ok(path.to_owned())
}

/// The process of both servers; it ends with this.
struct Servers(Child);

impl Servers {
    /// Starts it and returns the addresses of ours and of the bare one.
    fn start(admin: &str, customer: &str) -> Result<(Self, SocketAddr, SocketAddr), Failure> {
        let child = Command::new(std::env::current_exe()?)
            .args([admin, customer])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut servers = Self(child);
        let mut lines = BufReader::new(servers.0.stdout.take().ok_or("no output")?).lines();
        let mut address = || address(&mut lines);
        let (ours, raw) = (address()?, address()?);
        Ok((servers, ours, raw))
    }
}

fn address(lines: &mut std::io::Lines<BufReader<ChildStdout>>) -> Result<SocketAddr, Failure> {
    Ok(lines.next().ok_or("the servers did not start")??.parse()?)
}

impl Drop for Servers {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What the other process does: both servers, until it is killed.
async fn serve(admin: &str, customer: &str) -> Result<(), Failure> {
    let ours = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "development")
        .variable("DATABASE_ADMIN_URI", admin)
        .variable("DATABASE_CUSTOMER_URI", customer)
        .variable("CUSTOMER_SERVICES_ADDRESS", ours.to_string());
    let registry = Registry::new().with::<Admin>().with::<Customer>();
    let server = customer_services::server();
    let config = Config::load(&registry, &[(server.name(), server.port())], &sources)?;
    mongoplex_server::init_logging(&config.server);
    let databases = Databases::builder(registry, config.clone())
        .connect()
        .await?;
    databases.schema().common(Mode::Add).await?;
    databases
        .tenancy()?
        .create(&"acme".parse()?, "Acme")
        .await?;
    let bound = mongoplex_server::bind(&[server], &config).await?;
    let raw = bare::serve(&databases).await?;
    let addresses = format!("{ours}\n{}\n", raw.address);
    std::io::Write::write_all(&mut std::io::stdout(), addresses.as_bytes())?;
    let running = mongoplex_server::run(bound, &databases, &config, std::future::pending());
    tokio::select! {
        ended = running => drop(ended?),
        ended = raw.running => ended?,
    }
    Ok(())
}
