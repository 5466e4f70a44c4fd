//! Starting: build all clients, reach each, warm its pool, then watch.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mongodb::event::{EventHandler, command::CommandEvent};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep, timeout_at},
};

use super::{Connection, Databases, Inner, probe, probe::Probe};
use crate::{
    config::{Config, DatabaseConfig},
    error::{Cause, Error, Result, Unreached},
    fault::{Fault, Faults},
    guard::{Circuit, Listeners, Observer, SlowLog},
    health::{Health, Need},
    meter::Meter,
    migrate::{Behind, List, Lists},
    monitor::Watch,
    pauses::Pauses,
    registry::{Declared, Registry},
    seed,
    slow::{self, Explainer},
    tasks::Tasks,
};

/// Pauses between two tries to reach a database that is down at the start.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection in the making; see [`Databases::builder`].
#[must_use = "nothing is connected before `connect`"]
pub struct Connect {
    registry: Registry,
    config: Config,
    application: String,
    observers: Vec<Arc<dyn Observer>>,
    /// What stands in the place of what each database declares.
    need: Option<Need>,
    commands: Option<EventHandler<CommandEvent>>,
    migrations: Lists,
    seeds: seed::Lists,
    /// Where slow reads wait to be explained, and who does it.
    explains: (slow::Queue, Explainer),
}

impl Connect {
    pub(super) fn new(registry: Registry, config: Config) -> Self {
        Self {
            registry,
            config,
            application: "mongoplex".into(),
            observers: Vec::new(),
            need: None,
            commands: None,
            migrations: Lists::default(),
            seeds: seed::Lists::default(),
            explains: slow::queue(),
        }
    }

    /// Returns the builder with the name under which the servers see the clients in `$currentOp`
    /// and in their logs: `<application>/<logical database>`. Default `mongoplex`.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Returns the builder that connects whether databases are down or not, for whoever wants to look at
    /// them: each is tried once, and [`health`](Databases::health) says how it is.
    pub fn even_if_down(mut self) -> Self {
        self.need = Some(Need::Optional);
        self
    }

    /// Returns the builder with the migrations of one target; see [`migrations!`](crate::migrations).
    pub fn migrations(mut self, list: List) -> Self {
        self.migrations.add(list);
        self
    }

    /// Returns the builder with the seeds of one target; see [`seeds!`](crate::seeds).
    pub fn seeds(mut self, list: seed::List) -> Self {
        self.seeds.add(list);
        self
    }

    /// Returns the builder with one more observer of every call.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Returns the builder with a handler of the driver's command events: every command that the clients
    /// of all logical databases send, the health probe's too, and every reply. It has the place of the
    /// one that was given before. Default none.
    ///
    /// It is off by default because the driver then turns every command and reply into a document:
    /// a `find` of 1 MB was measured to take 5 to 8 ms instead of 1.3 ms. An
    /// [`observer`](Self::observer) costs next to nothing and tells of each call, but not of what the
    /// driver sends for it.
    ///
    /// Events hold documents, filters and replies as they are: whoever listens must not log them.
    /// A [`callback`](EventHandler::callback) is called on the task that makes the call, in order; it must be
    /// quick and never block. The other kinds of handler get each event on a task of the driver's, in any
    /// order, which no shutdown waits for.
    pub fn command_events(mut self, handler: EventHandler<CommandEvent>) -> Self {
        self.commands = Some(handler);
        self
    }

    /// Connects all databases concurrently: each client is built, pinged and warmed.
    ///
    /// An optional database that is down is left to recover by itself. A required one is tried
    /// with backoff for `STARTUP_TIMEOUT`.
    ///
    /// # Errors
    /// [`Error::Unreachable`] with every required database that did not answer, [`Error::Faults`]
    /// for an invalid registry, or for two logical databases that turn out to be one namespace.
    pub async fn connect(mut self) -> Result<Databases> {
        self.registry.check()?;
        self.migrations.settle(&self.registry).into_result(())?;
        self.seeds.settle(&self.registry).into_result(())?;
        self.tell_left_out();
        let limit = self.config.server.startup_timeout;
        let configured = self.config.databases.iter();
        let pairs = configured.filter_map(|config| Some((self.declared(config)?, config)));
        let building = pairs.map(|(declared, config)| self.build(declared, config));
        let (mut connections, mut unreached) = (Vec::new(), Vec::new());
        for built in join_all(building).await {
            match built {
                Ok(connection) => connections.extend(connection),
                Err(error) => unreached.push(error),
            }
        }
        let reached = reach_all(&connections, unreached, limit, self.need).await;
        if let Err(error) = reached {
            join_all(
                connections
                    .iter()
                    .map(|connection| super::shutdown::close(connection)),
            )
            .await;
            return Err(error);
        }
        Ok(self.watch(connections))
    }

    fn declared(&self, config: &DatabaseConfig) -> Option<Declared> {
        self.registry
            .databases()
            .iter()
            .find(|declared| declared.name == config.name)
            .copied()
    }

    fn tell_left_out(&self) {
        for declared in self.registry.databases() {
            let name = declared.name;
            if !self
                .config
                .databases
                .iter()
                .any(|config| config.name == name)
            {
                tracing::warn!(
                    db.logical = name,
                    "optional logical database `{name}` has no URI and is left out"
                );
            }
        }
    }

    /// Builds a client. The name of a `mongodb+srv` URI is looked up here: for a required database
    /// again and again within the limit; an optional one whose name is not found is left out.
    async fn build(
        &self,
        declared: Declared,
        config: &DatabaseConfig,
    ) -> Result<Option<Arc<Connection>>, Unreached> {
        let database = declared.name;
        let until = Instant::now() + self.config.server.startup_timeout;
        let mut pauses = Pauses::around(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let cause = match timeout_at(until, self.client(declared, config)).await {
                Ok(Ok(connection)) => return Ok(Some(Arc::new(connection))),
                Ok(Err(error)) => Cause::new(error),
                Err(_) => Cause::silence(),
            };
            if !config.required {
                tracing::warn!(
                    db.logical = database,
                    "optional logical database `{database}` is left out until the next start: {cause}"
                );
                return Ok(None);
            }
            let pause = pauses.pause();
            if !cause.is_unavailable() || Instant::now() + pause >= until {
                return Err(Unreached { database, cause });
            }
            sleep(pause).await;
        }
    }

    /// # Errors
    /// The driver's, which may quote the URI: it must not be printed.
    async fn client(
        &self,
        declared: Declared,
        config: &DatabaseConfig,
    ) -> mongodb::error::Result<Connection> {
        let name = format!("{}/{}", self.application, declared.name);
        let mut options = config.client_options(name).await?;
        options.command_event_handler = self.commands.clone();
        let listeners = Listeners {
            observers: self.observers.clone(),
            meter: self.config.metrics.then(Meter::default),
            slow: self.config.metrics.then(|| SlowLog {
                log: slow::Log::new(declared.name, self.explains.0.clone()),
                from: config.guard.slowlog,
            }),
        };
        Connection::with_options(declared, config, options, listeners)
    }

    fn watch(self, connections: Vec<Arc<Connection>>) -> Databases {
        let (health, tasks) = (Health::default(), Tasks::default());
        let frequency = self
            .config
            .databases
            .iter()
            .map(DatabaseConfig::heartbeat)
            .min();
        let frequency = frequency.unwrap_or(Duration::from_secs(2));
        for group in probe::groups(&connections) {
            let guards = group.iter().map(|&position| &connections[position].guard);
            let mut paying = guards.filter(|guard| guard.has_budget());
            if let Some(first) = paying.next() {
                paying.for_each(|other| first.share_budget(other));
            }
        }
        let checks = self.config.health.clone();
        let probe = Probe::new(connections.clone(), &health, checks.clone(), frequency);
        tasks.spawn(probe.run());
        let asked = connections.clone();
        let may_ask = move |database| asked.iter().any(|own| is_calm(own, database));
        tasks.spawn(self.explains.1.run(may_ask));
        let watch = Arc::new(Watch::new(&health, &checks, self.config.alerts.rules));
        let (behind, reported) = (Behind::new(self.config.control.policy), health.clone());
        let migrates = !self.migrations.is_empty();
        let databases = Databases(Arc::new(Inner {
            registry: self.registry,
            watch: watch.clone(),
            tenant_names: self.config.tenant_names,
            connections: connections.clone(),
            health,
            tasks,
            audit_trail: self.config.audit_trail,
            control: self.config.control,
            migrations: self.migrations,
            behind: behind.clone(),
            seeds: self.seeds,
            given: Arc::new(seed::Given {
                environment: self.config.environment,
                directory: self.config.directory,
                email: self.config.super_admin.email,
                password: self.config.super_admin.password,
            }),
            shutdown: OnceCell::new(),
        }));
        let watching = watch.run(connections, databases.downgrade());
        databases.0.tasks.spawn(watching);
        if migrates {
            let watching = behind.watch(databases.downgrade(), reported);
            databases.0.tasks.spawn(watching);
        }
        databases
    }
}

/// Returns whether it is the connection of a logical database whose circuit lets everything through.
fn is_calm(connection: &Connection, database: &str) -> bool {
    let circuit = connection.guard.state().circuit.circuit;
    connection.declared.name == database && matches!(circuit, Circuit::Closed | Circuit::Disabled)
}

async fn reach_all(
    connections: &[Arc<Connection>],
    mut unreached: Vec<Unreached>,
    limit: Duration,
    need: Option<Need>,
) -> Result<()> {
    let reached = join_all(
        connections
            .iter()
            .map(|connection| reach(connection, limit, need.unwrap_or(connection.need))),
    )
    .await;
    unreached.extend(reached.into_iter().flatten());
    if !unreached.is_empty() {
        return Err(Error::Unreachable {
            databases: unreached,
            limit,
        });
    }
    let mut faults = Faults::default();
    for (position, connection) in connections.iter().enumerate() {
        let same = connections[..position].iter().find(|other| {
            other.name == connection.name && other.topology.is_same_deployment(&connection.topology)
        });
        faults.extend(same.map(|other| {
            Fault::new(
                format!("logical database `{}`", connection.declared.name),
                format!(
                    "is the same database as `{}`, on the same deployment",
                    other.declared.name
                ),
                "give each logical database a database of its own in the URI's path",
            )
        }));
    }
    Ok(faults.into_result(())?)
}

/// Pings until an answer or the limit; one that is not needed gets one try.
async fn reach(connection: &Connection, limit: Duration, need: Need) -> Option<Unreached> {
    let until = Instant::now() + limit;
    let mut pauses = Pauses::around(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let answer = timeout_at(until, connection.ping()).await;
        let cause = match answer {
            Ok(Ok(())) => {
                warm(connection, until).await;
                return None;
            }
            Ok(Err(error)) => Some(Cause::new(error)),
            Err(_) => None,
        };
        let database = connection.declared.name;
        let seen = || connection.topology.failure().map(Cause::new);
        let cause = cause.or_else(seen).unwrap_or_else(Cause::silence);
        if need == Need::Optional {
            tracing::warn!(
                db.logical = database,
                "logical database `{database}` is down and used once it is up: {cause}"
            );
            return None;
        }
        let pause = pauses.pause();
        if cause.is_final() || Instant::now() + pause >= until {
            return Some(Unreached { database, cause });
        }
        sleep(pause).await;
    }
}

/// Fills the pool to its minimum. Only after a ping: before the first server is known the driver
/// returns at once with nothing warmed.
async fn warm(connection: &Connection, until: Instant) {
    drop(timeout_at(until, connection.client.warm_connection_pool()).await);
}
