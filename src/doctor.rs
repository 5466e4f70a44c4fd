//! The doctor: looks at a configuration and at the servers it leads to, and names what is wrong with
//! its cure.
//!
//! It works where [`Databases`](crate::Databases) does not connect: a database that is down, refuses
//! TLS or the password keeps nothing else from being examined. It only looks: nothing is written, no
//! collection made. Every question has a bound in time, so that an examination always ends.

mod capacity;
mod drift;
mod host;
mod live;
mod patient;
mod process;
mod reach;
mod report;
mod rights;
mod server;
mod support;
mod tls;
mod topology;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

pub use self::report::{Check, Finding, Report, Status};
use self::{
    live::Live,
    patient::{Examined, Subject},
};
use crate::{
    config::{Config, DatabaseConfig},
    error::Cause,
    fault::Faults,
    registry::Registry,
};

/// How long one question may take: longer than the search for a server and a connection together.
const LIMIT: Duration = Duration::from_secs(6);

/// Examines an application's configuration and databases.
///
/// ```no_run
/// # mongoplex::logical_database! { pub Shop = "shop" }
/// # async fn run() -> mongoplex::Result<()> {
/// use mongoplex::{Config, Registry, Sources, doctor::{Doctor, Status}};
///
/// let registry = Registry::new().with::<Shop>();
/// let config = Config::load(&registry, &[], &Sources::process())?;
/// let report = Doctor::new(registry, config).examine().await;
/// assert!(report.worst() < Status::Failure, "{:?}", report.findings);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Doctor {
    registry: Registry,
    config: Config,
    application: String,
    is_private: bool,
}

impl Doctor {
    /// Returns a doctor for all databases of `registry` that `config` has a URI for.
    pub fn new(registry: Registry, config: Config) -> Self {
        Self {
            registry,
            config,
            application: "mongoplex".into(),
            is_private: false,
        }
    }

    /// Returns the doctor with the name under which servers see its clients:
    /// `<application>/<logical database>/doctor`. Default `mongoplex`.
    #[must_use]
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Returns the doctor told that the servers are a private set: what that cannot do better, such
    /// as having more than one node, is a note and no warning.
    #[must_use]
    pub fn on_private_set(mut self) -> Self {
        self.is_private = true;
        self
    }

    /// Examines the process, all databases at once, and the deployments that they are on.
    ///
    /// # Cancel safety
    /// It changes nothing and may be dropped.
    pub async fn examine(&self) -> Report {
        let configured = self.config.databases.iter();
        let subjects = configured.filter_map(|config| self.subject(config));
        let mut examined = join_all(subjects.map(patient::examine)).await;
        let mut findings = process::examine(&self.registry, &self.config, &examined);
        for one in &mut examined {
            findings.append(&mut one.findings);
        }
        let instances = self.config.server.instances;
        let fleet = drift::fleet(&self.registry, &examined).await;
        let (tenants, deployments) = tokio::join!(
            drift::tenants(&fleet, &examined, self.standing()),
            capacity::examine(&fleet, &examined, instances),
        );
        findings.extend(tenants);
        findings.extend(deployments);
        let live = examined.iter().filter_map(|one| one.live.as_ref());
        join_all(live.map(|live| live.connection.close())).await;
        Report { findings }
    }

    /// Returns the report of a configuration that is at fault: each fault a failure, and nothing else
    /// tested.
    pub fn refuse(faults: &Faults) -> Report {
        let findings = process::refuse(faults);
        Report { findings }
    }

    fn subject<'a>(&'a self, config: &'a DatabaseConfig) -> Option<Subject<'a>> {
        let mut declared = self.registry.databases().iter();
        let declared = *declared.find(|declared| declared.name == config.name)?;
        Some(Subject {
            declared,
            config,
            application: &self.application,
            standing: self.standing(),
        })
    }

    fn standing(&self) -> Standing {
        Standing {
            is_private: self.is_private,
            is_harmless: self.config.environment.is_harmless(),
        }
    }
}

/// Whose servers they are, which decides how much some findings matter.
#[derive(Debug, Clone, Copy)]
struct Standing {
    is_private: bool,
    /// Development or test.
    is_harmless: bool,
}

impl Standing {
    /// Returns what a limit counts that a private set always has.
    fn limit(self) -> Status {
        match self.is_private {
            true => Status::Note,
            false => Status::Warning,
        }
    }

    /// Returns what an open door counts: where nobody's data is at stake it is a note.
    fn open_door(self) -> Status {
        match self.is_harmless {
            true => Status::Note,
            false => Status::Warning,
        }
    }
}

/// Waits for the driver, bounded.
async fn within<T>(work: impl Future<Output = mongodb::error::Result<T>>) -> Result<T, Cause> {
    match timeout(LIMIT, work).await {
        Ok(answer) => answer.map_err(Cause::new),
        Err(_) => Err(Cause::silence()),
    }
}

/// Returns the finding of a question that was not answered, and which role would have it answered.
fn unanswered(check: Check, cause: &Cause, role: &str) -> Finding {
    match cause.code() {
        Some(13) => {
            let reason = format!("the user may not ask for it; the role {role} allows it");
            Finding::not_tested(check, reason)
        }
        _ => Finding::not_tested(check, cause.to_string()),
    }
}

/// Joins names as in `` `a`, `b` and `c` ``.
fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let Some(last) = names.pop() else {
        return String::new();
    };
    match names.is_empty() {
        true => last,
        false => format!("{} and {last}", names.join(", ")),
    }
}
