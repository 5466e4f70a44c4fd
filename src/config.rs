//! Configuration: read once, checked whole, then trusted.
//!
//! Precedence, highest first: command line, environment, `.env.<environment>.local`,
//! `.env.<environment>`, `.env`, `mongoplex.toml`, defaults. Every fault is reported in one run, by
//! variable name, source and cure; a value is never part of a message, because any value may be
//! a secret put into the wrong variable. This module alone reads the environment.

mod alerts;
mod control;
mod database;
mod environment;
mod explain;
mod guard;
mod health;
mod parse;
mod peers;
mod reader;
mod secret;
mod server;
mod settings;
mod sources;
mod super_admin;
mod unknown;
mod uri;

use std::path::PathBuf;

use self::reader::{Reader, Trail};
pub use self::{
    alerts::{
        AlertConfig, MEASURES, Measure, Named, Rule, Severity, WebhookConfig, When,
        built_in as built_in_rules, checks,
    },
    control::{ControlConfig, MigrationPolicy},
    database::{DatabaseConfig, Tuning},
    environment::Environment,
    explain::{Explained, Explanation},
    guard::{BreakerConfig, BulkheadConfig, Deadlines, GuardConfig, RetryConfig},
    health::HealthConfig,
    peers::Peer,
    secret::Secret,
    server::{LogFormat, ServerConfig},
    settings::{Applies, SETTINGS, Setting},
    sources::Sources,
    super_admin::SuperAdmin,
    uri::Uri,
};
use crate::{
    fault::{Fault, Faults},
    meter::Names,
    registry::Registry,
};

/// Everything that the process was told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Which presets apply.
    pub environment: Environment,
    /// The logical databases that have a URI, in the order of the registry.
    pub databases: Vec<DatabaseConfig>,
    /// What the servers were told.
    pub server: ServerConfig,
    /// Whether calls, pools and tenants are counted: `ENABLE_METRICS`.
    pub metrics: bool,
    /// How tenants are shown in figures: `METRICS_TENANTS`.
    pub tenant_names: Names,
    /// What is looked at: `ENABLE_HEALTH_CHECKS` and `HEALTH_LIMITS`.
    pub health: HealthConfig,
    /// What is watched and who is told: `ALERT_…`.
    pub alerts: AlertConfig,
    /// Where migrations and seeds keep what they did.
    pub control: ControlConfig,
    /// Who the first administrator is, for seeds: `SUPER_ADMIN_…`.
    pub super_admin: SuperAdmin,
    /// The authority that signed the certificates of webhook and peers: `HTTPS_CA_FILE`.
    pub https_ca_file: Option<PathBuf>,
    /// Whether changes that are audited leave an entry: `ENABLE_AUDIT_TRAIL`.
    pub audit_trail: bool,
    /// Variables that are no settings and look like some: perhaps misspelt, perhaps somebody else's.
    pub suspects: Vec<Fault>,
    /// The folder of `Cargo.lock`, or the working directory: where `.env` files are looked for.
    pub directory: PathBuf,
}

/// What decides whether a private MongoDB may be used, before anything else is read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Privacy {
    /// `MONGOPLEX_ENV`, where it is set to something known.
    pub environment: Option<Environment>,
    /// Whether `MONGOPLEX_ENV` is set to something that is none of the four.
    pub is_misspelt: bool,
    /// The URI variables that are set anywhere.
    pub uris: Vec<String>,
}

impl Privacy {
    /// Returns whether a private MongoDB may stand in: development or test, and no URI at all.
    ///
    /// With only some URIs set it may not: a lost variable must never put customers on an empty
    /// database.
    pub fn allows_private_set(&self) -> bool {
        let harmless = self.environment.is_none_or(Environment::is_harmless);
        harmless && !self.is_misspelt && self.uris.is_empty()
    }
}

impl Config {
    /// Reads the configuration of `registry`'s databases and of `servers`, which are pairs of
    /// a server's name and its default port.
    ///
    /// # Errors
    /// All faults at once: those of the registry and those of every variable.
    pub fn load(
        registry: &Registry,
        servers: &[(&'static str, u16)],
        sources: &Sources,
    ) -> Result<Self, Faults> {
        let (config, faults, _) = Self::read(registry, servers, sources);
        match config {
            Some(config) => faults.into_result(config),
            None => Err(faults),
        }
    }

    /// Reads everything, and keeps what was seen on the way.
    fn read(
        registry: &Registry,
        servers: &[(&'static str, u16)],
        sources: &Sources,
    ) -> (Option<Self>, Faults, Trail) {
        let mut faults = registry.check().err().unwrap_or_default();
        let mut reader = Reader::new(sources);
        let environment = reader.environment();
        // Presets need an environment; without one the faults of the rest are still worth telling.
        reader.presets(environment.unwrap_or(Environment::Production));

        let databases = database::read_all(&mut reader, registry);
        let server = server::read(&mut reader, servers);
        let audit_trail = reader.process("ENABLE_AUDIT_TRAIL", parse::flag);
        let metrics = reader.process("ENABLE_METRICS", parse::flag);
        let tenant_names = reader.process("METRICS_TENANTS", parse::tenant_names);
        let health = health::read(&mut reader);
        let alerts = alerts::read(&mut reader);
        let control = control::read(&mut reader);
        let super_admin = super_admin::read(&mut reader);
        let https_ca_file = reader.process("HTTPS_CA_FILE", parse::file);
        let suspects = unknown::check(&mut reader, registry, servers);
        let (found, trail) = reader.finish();
        faults.extend(found);
        let whole = || {
            Some(Self {
                environment: environment?,
                databases,
                server: server?,
                audit_trail: audit_trail?.value,
                metrics: metrics?.value,
                tenant_names: tenant_names?.value,
                health: health?,
                suspects,
                alerts,
                control: control?,
                super_admin,
                https_ca_file: https_ca_file.map(|chosen| chosen.value),
                directory: sources.directory().to_owned(),
            })
        };
        let config = whole();
        (config, faults, trail)
    }

    /// Looks at what decides whether a private MongoDB may be used. A fault is left for [`load`](Self::load).
    pub fn privacy(registry: &Registry, sources: &Sources) -> Privacy {
        let text = Reader::new(sources).text("MONGOPLEX_ENV");
        let environment = text
            .as_ref()
            .and_then(|found| found.value.trim().parse().ok());
        let is_misspelt = text.is_some() && environment.is_none();
        // Without an environment it would be development, whose files may hold URIs.
        let assumed = environment.unwrap_or(Environment::Development);
        let sources = sources.clone().argument("MONGOPLEX_ENV", assumed.as_str());
        let mut reader = Reader::new(&sources);
        let names = registry.databases().iter().flat_map(|database| {
            let prefix = settings::prefix(database.name);
            [format!("{prefix}URI"), format!("{prefix}URI_FILE")]
        });
        let uris = names.filter(|name| reader.text(name).is_some()).collect();
        Privacy {
            environment,
            is_misspelt,
            uris,
        }
    }

    /// Returns the path in `MONGOD`, if it is set.
    pub fn mongod(sources: &Sources) -> Option<PathBuf> {
        Reader::new(sources)
            .text("MONGOD")
            .map(|found| PathBuf::from(found.value))
    }
}

/// Returns the fault of a variable that holds something else than expected.
fn misfit(name: &str, origin: &str, expected: &str, cure: impl Into<String>) -> Fault {
    Fault::new(name, format!("expected {expected}"), cure).set_in(origin)
}
