//! What heartbeats tell of a deployment: which one it is, and when a writable primary was seen.
//!
//! The driver calls the listener inline: it takes a short lock and never waits.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use mongodb::{
    bson::{Document, oid::ObjectId},
    event::{EventHandler, sdam::SdamEvent},
    options::SelectionCriteria,
};

use super::Connection;
use crate::guard::{Eligible, Guard};

/// A client's view of its deployment.
#[derive(Debug, Default)]
pub(crate) struct Topology(Mutex<View>);

#[derive(Debug, Default)]
struct View {
    /// By server: differs for every mongod process that ever was.
    processes: HashMap<String, ObjectId>,
    primary_seen: Option<Instant>,
    /// The last failure of a heartbeat, for a start that ends before the driver tells more.
    failure: Option<mongodb::error::Error>,
    set: Option<String>,
    hosts: Vec<String>,
    /// By address: what its last heartbeat said.
    servers: BTreeMap<String, Seen>,
}

/// What a server's heartbeat said.
#[derive(Debug, Default)]
struct Seen {
    kind: Option<&'static str>,
    round_trip: Option<Duration>,
    /// When it last wrote what the deployment wrote.
    written: Option<SystemTime>,
}

/// A server of a deployment as the heartbeats show it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: String,
    /// `unknown` where it does not answer.
    pub(crate) kind: &'static str,
    pub(crate) round_trip: Option<Duration>,
    /// How far a secondary is behind the primary.
    pub(crate) lag: Option<Duration>,
}

/// Where a logical database is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployment {
    /// The logical database.
    pub database: &'static str,
    /// Its physical database.
    pub name: String,
    /// The replica set's name; `None` for a sharded cluster, a standalone, or before a server was seen.
    pub set: Option<String>,
    /// The servers that were seen, as `host:port`.
    pub hosts: Vec<String>,
    /// The logical databases, itself included, that were seen to be on the same deployment.
    pub shared_with: Vec<&'static str>,
}

impl Topology {
    /// Returns what the driver calls at every topology event. The guard is told what the servers
    /// are good for.
    pub(super) fn listener(
        self: Arc<Self>,
        guard: Guard,
        criteria: Option<SelectionCriteria>,
    ) -> EventHandler<SdamEvent> {
        EventHandler::callback(move |event| {
            if let SdamEvent::TopologyDescriptionChanged(change) = &event {
                let now = &change.new_description;
                let eligible = match now {
                    now if now.has_writable_server() => Eligible::Writes,
                    now if now.has_readable_server(criteria.clone()) => Eligible::Reads,
                    _ => Eligible::Nothing,
                };
                guard.note_servers(eligible);
            }
            self.note(event);
        })
    }

    fn note(&self, event: SdamEvent) {
        match event {
            SdamEvent::ServerHeartbeatSucceeded(beat) => {
                let server = beat.server_address.to_string();
                let mut view = self.view();
                let seen = view.servers.entry(server.clone()).or_default();
                // The others waited at the server for a change.
                if !beat.awaited {
                    seen.round_trip = Some(beat.duration);
                }
                seen.kind = Some(kind(&beat.reply));
                seen.written = written(&beat.reply);
                view.note(server, &beat.reply);
            }
            SdamEvent::ServerHeartbeatFailed(beat) => {
                let mut view = self.view();
                let server = beat.server_address.to_string();
                view.processes.remove(&server);
                view.servers.insert(server, Seen::default());
                view.failure = Some(beat.failure);
            }
            SdamEvent::ServerClosed(closed) => {
                let mut view = self.view();
                view.servers.remove(&closed.address.to_string());
            }
            _ => {}
        }
    }

    /// Returns the servers, sorted by address.
    pub(super) fn servers(&self) -> Vec<Server> {
        let view = self.view();
        let primaries = view.servers.values();
        let primary = primaries
            .filter(|seen| seen.kind == Some(PRIMARY))
            .find_map(|seen| seen.written);
        let server = |(address, seen): (&String, &Seen)| Server {
            address: address.clone(),
            kind: seen.kind.unwrap_or(UNKNOWN),
            round_trip: seen.round_trip,
            // A secondary that is ahead of the primary's last heartbeat is up to date.
            lag: primary
                .zip(seen.written)
                .map(|(primary, own)| primary.duration_since(own).unwrap_or_default()),
        };
        view.servers.iter().map(server).collect()
    }

    /// Returns how long ago a writable primary answered, if one ever did.
    pub(super) fn primary_age(&self) -> Option<Duration> {
        self.view().primary_seen.map(|seen| seen.elapsed())
    }

    /// Returns why a server last failed to answer, if one did.
    pub(super) fn failure(&self) -> Option<mongodb::error::Error> {
        self.view().failure.clone()
    }

    /// Returns the name of the replica set that the servers said to be of, empty where they are of none;
    /// nothing before one has answered.
    pub(super) fn set(&self) -> Option<String> {
        let view = self.view();
        let answered = !view.hosts.is_empty();
        answered.then(|| view.set.clone().unwrap_or_default())
    }

    /// Returns whether both clients see a common server process. Host names prove nothing: the
    /// same name may stand for two servers, and two names for one. Unknown is not the same.
    pub(super) fn is_same_deployment(&self, other: &Self) -> bool {
        if std::ptr::eq(self, other) {
            return true;
        }
        let mine: Vec<ObjectId> = self.view().processes.values().copied().collect();
        let theirs = other.view();
        mine.iter()
            .any(|process| theirs.processes.values().any(|other| other == process))
    }

    /// Returns whether both were last seen as a set of the same name and members, or outside of sets as the
    /// same servers.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        let members = |view: &View| match &view.set {
            Some(_) => view.hosts.clone(),
            None => view.servers.keys().cloned().collect(),
        };
        let look = |view: &View| (view.set.clone(), members(view));
        let mine = look(&self.view());
        !mine.1.is_empty() && mine == look(&other.view())
    }

    fn view(&self) -> MutexGuard<'_, View> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    fn note(&mut self, server: String, hello: &Document) {
        let process = hello
            .get_document("topologyVersion")
            .and_then(|version| version.get_object_id("processId"));
        match process {
            Ok(process) => drop(self.processes.insert(server.clone(), process)),
            Err(_) => drop(self.processes.remove(&server)),
        }
        let writable = ["isWritablePrimary", "ismaster"]
            .iter()
            .any(|key| hello.get_bool(key).unwrap_or(false));
        if writable {
            self.primary_seen = Some(Instant::now());
        }
        if let Ok(set) = hello.get_str("setName") {
            self.set = Some(set.to_owned());
        }
        let members = hello
            .get_array("hosts")
            .into_iter()
            .flatten()
            .filter_map(|host| host.as_str());
        let members: Vec<_> = members.map(str::to_owned).collect();
        self.hosts = if members.is_empty() {
            vec![server]
        } else {
            members
        };
    }
}

pub(super) const PRIMARY: &str = "primary";
pub(super) const SECONDARY: &str = "secondary";
/// A server that does not answer.
pub(super) const UNKNOWN: &str = "unknown";

/// Returns what a server is, by its answer to `hello`.
fn kind(hello: &Document) -> &'static str {
    let says = |key| hello.get_bool(key).unwrap_or(false);
    let is_member = hello.contains_key("setName");
    match () {
        () if hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid") => "mongos",
        () if is_member && (says("isWritablePrimary") || says("ismaster")) => PRIMARY,
        () if says("secondary") => SECONDARY,
        () if says("arbiterOnly") => "arbiter",
        () if is_member || says("isreplicaset") => "other",
        () => "standalone",
    }
}

fn written(hello: &Document) -> Option<SystemTime> {
    let last = hello.get_document("lastWrite").ok()?;
    Some(last.get_datetime("lastWriteDate").ok()?.to_system_time())
}

/// Returns where a connection's database is, and which of `all` share its deployment.
pub(super) fn deployment(connection: &Connection, all: &[Arc<Connection>]) -> Deployment {
    let same = all
        .iter()
        .filter(|other| connection.topology.is_same_deployment(&other.topology));
    let shared_with = same.map(|other| other.declared.name).collect();
    let view = connection.topology.view();
    Deployment {
        database: connection.declared.name,
        name: connection.name.to_string(),
        set: view.set.clone(),
        hosts: view.hosts.clone(),
        shared_with,
    }
}
