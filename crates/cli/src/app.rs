//! One value carries an application into the product.

use mongoplex::{LogicalDatabase, Registry, migrate::List, seed};
use mongoplex_server::Server;

/// An application: its name, its logical databases with their models, its migrations, its servers.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) name: &'static str,
    pub(crate) registry: Registry,
    pub(crate) migrations: Vec<List>,
    pub(crate) servers: Vec<Server>,
    pub(crate) seeds: Vec<seed::List>,
    pub(crate) sample_tenants: Vec<&'static str>,
}

impl App {
    /// Returns an application without databases and servers.
    ///
    /// `name` is what the servers of MongoDB see in front of each client's name; on a private set
    /// the physical databases are called `<name>_<logical database>` (one word where they are the
    /// same), at most 25 bytes where there are tenants.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            registry: Registry::new(),
            migrations: Vec::new(),
            servers: Vec::new(),
            seeds: Vec::new(),
            sample_tenants: Vec::new(),
        }
    }

    /// Returns the application with a logical database and all models of its list.
    #[must_use]
    pub fn database<D: LogicalDatabase>(mut self) -> Self {
        self.registry = self.registry.with::<D>();
        self
    }

    /// Returns the application with the migrations of one target: a logical database, or its tenants. See
    /// [`migrations!`](mongoplex::migrations).
    #[must_use]
    pub fn migrations(mut self, list: List) -> Self {
        self.migrations.push(list);
        self
    }

    /// Returns the application with a server.
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.servers.push(server);
        self
    }

    /// Returns the application with the seeds of one target; see `mongoplex::seeds!`.
    #[must_use]
    pub fn seeds(mut self, list: seed::List) -> Self {
        self.seeds.push(list);
        self
    }

    /// Returns the application with tenants that `up` creates on a private set, and only there.
    #[must_use]
    pub fn sample_tenants(mut self, ids: &[&'static str]) -> Self {
        self.sample_tenants.extend(ids);
        self
    }

    pub(crate) fn ports(&self) -> Vec<(&'static str, u16)> {
        self.servers
            .iter()
            .map(|server| (server.name(), server.port()))
            .collect()
    }
}
