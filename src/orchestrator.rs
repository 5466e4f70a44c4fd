//! The orchestrator: builds one client per logical database, watches them, and takes them down.

mod connection;
mod privileges;
mod probe;
mod shutdown;
mod start;
mod topology;

use std::{
    any::TypeId,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::OnceCell;

pub(crate) use self::{
    connection::Connection, privileges::Privileges, probe::Known, topology::Server,
};
pub use self::{shutdown::Shutdown, start::Connect, topology::Deployment};
use crate::{
    config::{Config, ControlConfig},
    database::Database,
    error::{Error, Result},
    guard::{Force, GuardState},
    health::Health,
    meter::Names,
    migrate::{Behind, Lists, Migrator},
    monitor::{Monitor, Watch},
    registry::{LogicalDatabase, Registry},
    schema::Schema,
    seed::{self, Seeder},
    tasks::Tasks,
    tenancy::Tenancy,
};

/// All logical databases of an application, connected. Clones share them.
#[derive(Clone)]
pub struct Databases(Arc<Inner>);

/// The same for a background task, which keeps nothing alive.
pub(crate) struct WeakDatabases(Weak<Inner>);

impl WeakDatabases {
    pub(crate) fn upgrade(&self) -> Option<Databases> {
        self.0.upgrade().map(Databases)
    }
}

struct Inner {
    registry: Registry,
    connections: Vec<Arc<Connection>>,
    health: Health,
    tasks: Tasks,
    watch: Arc<Watch>,
    tenant_names: Names,
    audit_trail: bool,
    control: ControlConfig,
    migrations: Lists,
    behind: Behind,
    seeds: seed::Lists,
    /// What seeds are told by the configuration.
    given: Arc<seed::Given>,
    shutdown: OnceCell<Shutdown>,
}

impl Databases {
    /// Returns a builder that connects all databases of `registry` as `config` says.
    ///
    /// ```no_run
    /// # mongoplex::logical_database! { pub Admin = "admin" }
    /// # async fn run() -> mongoplex::Result<()> {
    /// use mongoplex::{Config, Databases, Registry, Sources};
    ///
    /// let registry = Registry::new().with::<Admin>();
    /// let config = Config::load(&registry, &[], &Sources::process())?;
    /// let databases = Databases::builder(registry, config).application("shop").connect().await?;
    /// let admin = databases.database::<Admin>()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(registry: Registry, config: Config) -> Connect {
        Connect::new(registry, config)
    }

    /// Returns the handle of a logical database: the one fallible step, at the start.
    ///
    /// # Errors
    /// [`Error::NotRegistered`], or [`Error::NotConfigured`] for an optional one without URI.
    pub fn database<D: LogicalDatabase>(&self) -> Result<Database<D>> {
        let connection = self.connection(TypeId::of::<D>(), D::NAME)?;
        Ok(Database::new(self.clone(), connection))
    }

    /// Returns the connection of a registered logical database.
    pub(crate) fn connection(&self, id: TypeId, name: &'static str) -> Result<Arc<Connection>> {
        let found = self
            .0
            .connections
            .iter()
            .find(|connection| connection.declared.id == id);
        if let Some(connection) = found {
            return Ok(connection.clone());
        }
        let registered = self
            .0
            .registry
            .databases()
            .iter()
            .any(|declared| declared.id == id);
        Err(if registered {
            Error::NotConfigured(name)
        } else {
            Error::NotRegistered(name)
        })
    }

    /// Returns what was registered.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Returns the health of the databases, and of whatever else registers there.
    pub fn health(&self) -> &Health {
        &self.0.health
    }

    /// Returns the tenants.
    ///
    /// # Errors
    /// [`Error::NotRegistered`] where no logical database lists `mongoplex::Tenant`.
    pub fn tenancy(&self) -> Result<Tenancy> {
        Tenancy::new(self.clone())
    }

    /// Returns what the models say about the databases, to compare and to add what is missing.
    pub fn schema(&self) -> Schema {
        Schema::new(self.clone())
    }

    /// Returns what carries out the migrations that the application has listed.
    pub fn migrator(&self) -> Migrator {
        Migrator::new(self.clone(), &self.0.migrations)
    }

    /// Returns what runs the seeds that the application has listed.
    pub fn seeder(&self) -> Seeder {
        Seeder::new(self.clone(), &self.0.seeds, self.0.given.clone())
    }

    pub(crate) fn behind(&self) -> &Behind {
        &self.0.behind
    }

    pub(crate) fn control(&self) -> &ControlConfig {
        &self.0.control
    }

    /// Returns each connected logical database's place, in the order of the registry.
    pub fn deployments(&self) -> Vec<Deployment> {
        let seen =
            |connection: &Arc<Connection>| topology::deployment(connection, &self.0.connections);
        self.0.connections.iter().map(seen).collect()
    }

    /// Returns how the guard of each connected logical database stands, in the order of the registry.
    pub fn guards(&self) -> Vec<GuardState> {
        let connections = self.0.connections.iter();
        connections
            .map(|connection| connection.guard.state())
            .collect()
    }

    /// Has a logical database's circuit do what an operator says, in this process only.
    ///
    /// Returns whether a logical database of this name is connected.
    pub fn force_circuit(&self, database: &str, force: Force) -> bool {
        let mut connections = self.0.connections.iter();
        let found = connections.find(|connection| connection.declared.name == database);
        found
            .map(|connection| connection.guard.force(force))
            .is_some()
    }

    /// Returns the figures of calls, pools, circuits and servers, live.
    pub fn monitor(&self) -> Monitor {
        Monitor::new(self.clone())
    }

    fn downgrade(&self) -> WeakDatabases {
        WeakDatabases(Arc::downgrade(&self.0))
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.0.watch
    }

    /// Returns how tenants are shown in figures.
    pub fn tenant_names(&self) -> Names {
        self.0.tenant_names
    }

    /// Returns the deployments, as far as can be told: to show them, and for nothing else.
    pub(crate) fn known(&self) -> Vec<Known> {
        probe::known(&self.0.connections)
    }

    /// Returns whether changes leave an audit entry: `ENABLE_AUDIT_TRAIL`.
    pub fn keeps_audit_trail(&self) -> bool {
        self.0.audit_trail
    }

    pub(crate) fn connections(&self) -> &[Arc<Connection>] {
        &self.0.connections
    }

    /// Stops intake, waits up to `grace` for the calls in flight, cuts off the rest, and closes
    /// every client within two seconds. Called again it returns the first answer.
    ///
    /// # Cancel safety
    /// Dropped midway it stops where it is; calling it again goes on.
    pub async fn shutdown(&self, grace: Duration) -> Shutdown {
        *self
            .0
            .shutdown
            .get_or_init(|| shutdown::run(&self.0, grace))
            .await
    }
}

/// Whoever forgets the shutdown leaves no probe behind; the driver's clients end with their last use.
impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

impl std::fmt::Debug for Databases {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self
            .0
            .connections
            .iter()
            .map(|connection| connection.declared.name);
        out.debug_list().entries(names).finish()
    }
}
