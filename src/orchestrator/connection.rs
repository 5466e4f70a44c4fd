//! One logical database's client and what belongs to it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mongodb::{Client, bson::doc, options::ClientOptions};

use super::{
    privileges::Privileges,
    topology::{Server, Topology},
};
use crate::{
    collection::{Collection, Reach},
    config::DatabaseConfig,
    guard::{Guard, Listeners},
    health::Need,
    meter::{Meter, Pool, PoolState},
    model::Model,
    registry::Declared,
    slow::Log,
    tenancy::TenantId,
};

/// A logical database's client, guard and topology.
pub(crate) struct Connection {
    pub(crate) declared: Declared,
    pub(crate) client: Client,
    /// The physical name of its own database.
    pub(crate) name: Arc<str>,
    pub(crate) guard: Guard,
    pub(crate) need: Need,
    pub(super) topology: Arc<Topology>,
    /// Nothing with `ENABLE_METRICS=false`.
    pub(super) meters: Option<Meters>,
    /// The same.
    pub(super) slow: Option<Log>,
    /// How long a primary counts as seen.
    pub(super) silence: Duration,
    /// What its user may do, once somebody asked.
    privileges: Mutex<Option<Arc<Privileges>>>,
}

/// What is counted of a logical database.
pub(super) struct Meters {
    pub(super) calls: Meter,
    pub(super) pool: Pool,
    pub(super) pool_size: u32,
}

impl Connection {
    /// Builds the client of options that were made of `config` and perhaps changed since. It connects
    /// to nothing yet.
    ///
    /// # Errors
    /// The driver's, of TLS files that cannot be used; it must not be printed.
    pub(crate) fn with_options(
        declared: Declared,
        config: &DatabaseConfig,
        mut options: ClientOptions,
        listeners: Listeners,
    ) -> mongodb::error::Result<Self> {
        let pool = options.max_pool_size.unwrap_or(10);
        let meter = listeners.meter.clone();
        let slow = listeners.slow.as_ref().map(|slow| slow.log.clone());
        let guard = Guard::new(declared.name, config.guard, pool, listeners);
        let meters = meter.map(|calls| Meters {
            calls,
            pool: Pool::default(),
            pool_size: pool,
        });
        options.cmap_event_handler = meters.as_ref().map(|meters| meters.pool.listener());
        let topology = Arc::new(Topology::default());
        let criteria = options.selection_criteria.clone();
        options.sdam_event_handler = Some(topology.clone().listener(guard.clone(), criteria));
        let silence = silence(&options);
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that builds clients"
        )]
        let client = Client::with_options(options)?;
        Ok(Self {
            declared,
            client,
            name: Arc::from(config.uri.database()),
            guard,
            need: if config.required {
                Need::Required
            } else {
                Need::Optional
            },
            topology,
            meters,
            slow,
            silence,
            privileges: Mutex::default(),
        })
    }

    /// Asks the primary for a sign of life.
    pub(super) async fn ping(&self) -> mongodb::error::Result<()> {
        self.client
            .database(&self.name)
            .run_command(doc! { "ping": 1 })
            .await
            .map(drop)
    }

    /// Returns why a server last failed to answer a heartbeat, if one did.
    pub(crate) fn failure(&self) -> Option<mongodb::error::Error> {
        self.topology.failure()
    }

    /// Returns the name of the replica set that the servers said to be of in heartbeats, empty where they
    /// are of none; nothing before one has answered.
    pub(crate) fn set(&self) -> Option<String> {
        self.topology.set()
    }

    /// Returns what its deployment is called: by its set's name, else by its first server.
    pub(crate) fn deployment_name(&self) -> String {
        let set = self.set().filter(|set| !set.is_empty());
        let first = || self.servers().into_iter().next();
        set.or_else(|| first().map(|server| server.address))
            .unwrap_or_else(|| "unknown".into())
    }

    /// Returns what counts its calls; nothing with `ENABLE_METRICS=false`.
    pub(crate) fn meter(&self) -> Option<&Meter> {
        self.meters.as_ref().map(|meters| &meters.calls)
    }

    /// Returns its slow calls; nothing with `ENABLE_METRICS=false`.
    pub(crate) fn slow(&self) -> Option<&Log> {
        self.slow.as_ref()
    }

    /// Returns its connections; nothing with `ENABLE_METRICS=false`.
    pub(crate) fn pool(&self) -> Option<PoolState> {
        let meters = self.meters.as_ref()?;
        Some(meters.pool.state(meters.pool_size))
    }

    /// Returns the servers of its deployment as the heartbeats show them.
    pub(crate) fn servers(&self) -> Vec<Server> {
        self.topology.servers()
    }

    /// Returns whether both were seen to be on one deployment. Unknown is not the same.
    pub(crate) fn shares_deployment(&self, other: &Self) -> bool {
        self.topology.is_same_deployment(&other.topology)
    }

    /// Returns what its user may do, as it was when somebody last asked.
    pub(crate) fn known_privileges(&self) -> Option<Arc<Privileges>> {
        let known = self.privileges.lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps what its user may do.
    pub(crate) fn keep_privileges(&self, privileges: Arc<Privileges>) {
        let mut known = self
            .privileges
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some(privileges);
    }

    /// Closes the client at once, within two seconds.
    pub(crate) async fn close(&self) {
        super::shutdown::close(self).await;
    }

    /// Returns the logical database's own database.
    pub(crate) fn own(&self) -> mongodb::Database {
        self.client.database(&self.name)
    }

    /// Returns the collection of one of the library's own records, whose route was looked up.
    pub(crate) fn collection<M: Model>(&self) -> Collection<M> {
        let (name, guard, reach) = (self.name.clone(), self.guard.clone(), Reach::Deployment);
        Collection::new(&self.own(), &self.declared, name, guard, reach, None)
    }

    /// Returns the physical name of a tenant's database, at most 63 bytes.
    pub(crate) fn tenant_name(&self, id: &TenantId) -> Arc<str> {
        Arc::from(format!("{}__{id}", self.name))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Connection({} = {})", self.declared.name, self.name)
    }
}

/// Returns how long a server may be silent before it no longer counts as seen: three heartbeats
/// and one connect timeout, the driver's defaults where none are set.
fn silence(options: &ClientOptions) -> Duration {
    let ten = Duration::from_secs(10);
    options.heartbeat_freq.unwrap_or(ten) * 3 + options.connect_timeout.unwrap_or(ten)
}
