//! What the databases of one deployment ask of it together: connections and open files.

use mongodb::bson::{Bson, Document, doc};

use super::{
    Check, Examined, Finding, Live, Status,
    drift::Fleet,
    host::{self, Limit},
    names, unanswered,
};
use crate::{
    error::Cause,
    registry::{Route, Scope},
};

/// The role that may ask for a server's figures.
const ROLE: &str = "clusterMonitor";

/// Examines each deployment that answered.
pub(super) async fn examine(
    fleet: &Result<Option<Fleet>, Finding>,
    examined: &[Examined],
    instances: u32,
) -> Vec<Finding> {
    let groups = groups(examined);
    if groups.is_empty() {
        let untested = |check| Finding::not_tested(check, "no database was reached");
        return [Check::Pools, Check::FileHandles].map(untested).into();
    }
    let tenants = match fleet {
        Ok(fleet) => Ok(fleet.as_ref().map_or(0, |fleet| fleet.count)),
        Err(untested) => Err(untested.found.as_str()),
    };
    let mut findings = Vec::new();
    for group in groups {
        let figures = group.figures().await;
        let need = group.connections(instances);
        findings.push(group.pools(&figures, need, instances));
        findings.push(group.files(&figures, need, tenants).await);
    }
    findings
}

/// The databases of one deployment.
struct Group<'a> {
    members: Vec<(&'a Examined, &'a Live)>,
}

/// Sorts the databases that answered by deployment; unknown is not the same.
fn groups(examined: &[Examined]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in examined {
        let Some(live) = &one.live else { continue };
        let same = |group: &&mut Group<'_>| {
            group
                .members
                .iter()
                .any(|(_, other)| live.connection.shares_deployment(&other.connection))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.members.push((one, live)),
            None => groups.push(Group {
                members: vec![(one, live)],
            }),
        }
    }
    groups
}

impl Group<'_> {
    fn names(&self) -> String {
        names(self.members.iter().map(|(one, _)| one.declared.name))
    }

    /// Asks for the server's figures through each client until one may.
    async fn figures(&self) -> Result<(Document, &Live), Cause> {
        let mut refused = Cause::silence();
        for (_, live) in &self.members {
            match live
                .command(doc! { "serverStatus": 1, "metrics": 0, "locks": 0 })
                .await
            {
                Ok(figures) => return Ok((figures, live)),
                Err(cause) => refused = cause,
            }
        }
        Err(refused)
    }

    /// Returns the most connections to each server that all instances may open.
    fn connections(&self, instances: u32) -> u64 {
        let one: u64 = self.members.iter().map(|(one, _)| one.sockets).sum();
        one * u64::from(instances)
    }

    fn pools(
        &self,
        figures: &Result<(Document, &Live), Cause>,
        need: u64,
        instances: u32,
    ) -> Finding {
        let (figures, live) = match figures {
            Ok(found) => found,
            Err(cause) => return unanswered(Check::Pools, cause, ROLE),
        };
        let connections = figures
            .get_document("connections")
            .cloned()
            .unwrap_or_default();
        let (Some(current), Some(available)) = (
            number(&connections, "current"),
            number(&connections, "available"),
        ) else {
            return Finding::not_tested(Check::Pools, "the server does not tell its limit");
        };
        let limit = current + available;
        let found = format!(
            "{}, with {instances} instance(s), may open {need} connections to {}, which takes {limit} and has {current}",
            self.names(),
            live.server(),
        );
        // A fifth is left to shells, monitors, backups and the members themselves.
        let status = against(need, limit, limit / 5 * 4);
        let finding = Finding::new(Check::Pools, status, found);
        match status {
            Status::Ok => finding,
            _ => finding.cure("lower DB_MAX_POOL_SIZE or INSTANCES, or raise the server's limit"),
        }
    }

    async fn files(
        &self,
        figures: &Result<(Document, &Live), Cause>,
        connections: u64,
        tenants: Result<u64, &str>,
    ) -> Finding {
        let check = Check::FileHandles;
        let (figures, live) = match figures {
            Ok(found) => found,
            Err(cause) => return unanswered(check, cause, ROLE),
        };
        let tenants = match tenants {
            Ok(tenants) => tenants,
            Err(reason) => return Finding::not_tested(check, reason),
        };
        let Some(open) = open_files(figures) else {
            return Finding::not_tested(
                check,
                "the server does not tell how many files it has open",
            );
        };
        let forecast = self.forecast(tenants);
        let told = format!(
            "{}: {forecast} files of {tenants} tenant(s) and the common models when all are in use, {connections} connections; open now: {open} files",
            self.names(),
        );
        match limit(figures, live).await {
            Err(reason) => Finding::not_tested(check, format!("{told}; limit unknown: {reason}")),
            Ok(Limit::None) => Finding::ok(check, format!("{told}; no limit")),
            Ok(Limit::Files(limit)) => {
                let need = forecast.max(open) + connections;
                judge(need, limit, format!("{told}; limit {limit}"))
            }
        }
    }

    /// Returns how many files the models' collections are: each collection one, its index on `_id` one,
    /// each further index one.
    fn forecast(&self, tenants: u64) -> u64 {
        let files = |route: &Route| 2 + route.indexes().len() as u64;
        let of = |scope| {
            let declared = self.members.iter().map(|(one, _)| one.declared);
            let routes = declared.flat_map(move |declared| declared.routes_in(scope));
            routes.map(files).sum::<u64>()
        };
        of(Scope::Common) + tenants * of(Scope::PerTenant)
    }
}

fn judge(need: u64, limit: u64, found: String) -> Finding {
    let status = against(need, limit, limit / 2);
    let finding = Finding::new(Check::FileHandles, status, found);
    match status {
        Status::Ok => finding,
        // At its limit mongod does not refuse: it aborts.
        _ => finding.cure("raise mongod's limit of open files (ulimit -n, LimitNOFILE), have idle files closed sooner (file_manager), or give tenants a second deployment: at the limit mongod aborts"),
    }
}

/// Returns how a need stands against a limit, with a warning from `early` on.
pub(super) fn against(need: u64, limit: u64, early: u64) -> Status {
    match need {
        need if need > limit => Status::Failure,
        need if need > early => Status::Warning,
        _ => Status::Ok,
    }
}

fn open_files(figures: &Document) -> Option<u64> {
    let engine = figures.get_document("wiredTiger").ok()?;
    number(
        engine.get_document("connection").ok()?,
        "files currently open",
    )
}

/// Returns mongod's limit where it runs on this machine: its process has the command line that the
/// server says it was started with. A number alone may be another process's, as with a container.
async fn limit(figures: &Document, live: &Live) -> Result<Limit, &'static str> {
    if !live.is_here() {
        return Err("the server is on another machine");
    }
    let pid = figures
        .get("pid")
        .and_then(integer)
        .ok_or("it tells no process id")?;
    let started = live.command(doc! { "getCmdLineOpts": 1 }).await;
    let started =
        started.map_err(|_| "the user may not ask how it was started; clusterMonitor allows it")?;
    let words = started
        .get_array("argv")
        .map_err(|_| "it does not tell how it was started")?;
    let words: Vec<&str> = words.iter().filter_map(Bson::as_str).collect();
    match host::command_line(pid) {
        Some(line) if line == words => {
            host::open_files(&pid.to_string()).ok_or("this user may not read the process's limits")
        }
        _ => Err("its process is not seen on this machine, as in a container"),
    }
}

fn number(document: &Document, key: &str) -> Option<u64> {
    u64::try_from(document.get(key).and_then(integer)?).ok()
}

fn integer(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int32(number) => Some(i64::from(*number)),
        Bson::Int64(number) => Some(*number),
        _ => None,
    }
}
