//! Both servers in one process, on one client and one mongod.
//!
//! It logs as a program of ours does, a line for each request of customer-services.

use std::{
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, ChildStdout, Command, Stdio},
};

use models::{admin_server::Admin, customer_services::Customer};
use mongoplex::{Config, Databases, Registry, Sources, schema::Mode};
use mongoplex_server::Bound;
use mongoplex_testing::free_port;

use super::bare::{self, Bare};
use crate::Failure;

/// The URIs of both databases.
#[derive(Clone, Copy)]
pub(crate) struct Uris<'a> {
    pub(crate) admin: &'a str,
    pub(crate) customer: &'a str,
}

/// Both servers, in this process.
pub(crate) struct Both {
    databases: Databases,
    config: Config,
    bound: Vec<Bound>,
    raw: Bare,
}

impl Both {
    /// Connects and takes the ports. `variables` come on top of the defaults of development.
    pub(crate) async fn open(uris: Uris<'_>, variables: &[(&str, &str)]) -> Result<Self, Failure> {
        let ours = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let sources = Sources::default()
            .variable("MONGOPLEX_ENV", "development")
            .variable("DATABASE_ADMIN_URI", uris.admin)
            .variable("DATABASE_CUSTOMER_URI", uris.customer)
            .variable("CUSTOMER_SERVICES_ADDRESS", ours.to_string());
        let sources = variables.iter().fold(sources, |sources, (name, value)| {
            sources.variable(*name, *value)
        });
        let registry = Registry::new().with::<Admin>().with::<Customer>();
        let server = customer_services::server();
        let config = Config::load(&registry, &[(server.name(), server.port())], &sources)?;
        mongoplex_server::init_logging(&config.server);
        let databases = Databases::builder(registry, config.clone())
            .connect()
            .await?;
        let bound = mongoplex_server::bind(&[server], &config).await?;
        let raw = bare::serve(&databases).await?;
        Ok(Self {
            databases,
            config,
            bound,
            raw,
        })
    }

    /// Returns the addresses of ours and of the bare one.
    pub(crate) fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.bound[0].address(), self.raw.address)
    }

    /// Serves, without an end.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let (bound, databases) = (self.bound, &self.databases);
        let running = mongoplex_server::run(bound, databases, &self.config, std::future::pending());
        tokio::select! {
            ended = running => drop(ended?),
            ended = self.raw.running => ended?,
        }
        Ok(())
    }
}

/// What the other process does: makes tenant `acme` and serves, until it is killed.
pub(crate) async fn serve(uris: Uris<'_>) -> Result<(), Failure> {
    let both = Both::open(uris, &[]).await?;
    both.databases.schema().common(Mode::Add).await?;
    let tenancy = both.databases.tenancy()?;
    tenancy.create(&"acme".parse()?, "Acme").await?;
    let (ours, raw) = both.addresses();
    std::io::stdout().write_all(format!("{ours}\n{raw}\n").as_bytes())?;
    both.run().await
}

/// The other process; it ends with this.
pub(crate) struct Servers(Child);

impl Servers {
    /// Starts it and returns the addresses of ours and of the bare one.
    pub(crate) fn start(uris: Uris<'_>) -> Result<(Self, SocketAddr, SocketAddr), Failure> {
        let child = Command::new(std::env::current_exe()?)
            .args([uris.admin, uris.customer])
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
