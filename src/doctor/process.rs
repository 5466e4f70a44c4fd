//! This process: what it was told, and what the system lets it do.
//!
//! A further setting of the whole process that somebody may have got wrong is a finding more here.

use std::any::TypeId;

use super::{
    Check, Examined, Finding, Status,
    capacity::against,
    host::{self, Limit},
    names,
};
use crate::{audit::Entry, config::Config, fault::Faults, registry::Registry};

/// Files that a process has open besides its connections to databases: listeners, requests, log.
const OTHERS: u64 = 64;

pub(super) fn examine(registry: &Registry, config: &Config, examined: &[Examined]) -> Vec<Finding> {
    let mut findings = vec![configuration(registry, config)];
    findings.extend(audit_trail(registry, config));
    findings.push(descriptors(examined));
    findings
}

/// Returns what is said where the configuration is at fault.
pub(super) fn refuse(faults: &Faults) -> Vec<Finding> {
    let failure = |fault: &crate::fault::Fault| {
        let origin = fault
            .origin
            .as_ref()
            .map(|origin| format!(" (from {origin})"));
        let found = format!(
            "{}{}: {}",
            fault.subject,
            origin.unwrap_or_default(),
            fault.problem
        );
        Finding::failure(Check::Configuration, found).cure(&fault.cure)
    };
    let mut findings: Vec<Finding> = faults.iter().map(failure).collect();
    let rest = [Check::AuditTrail, Check::Descriptors].into_iter();
    let rest = rest
        .chain(Check::OF_A_DATABASE)
        .chain([Check::Pools, Check::FileHandles]);
    let reason = "the configuration is at fault";
    findings.extend(rest.map(|check| Finding::not_tested(check, reason)));
    findings
}

fn configuration(registry: &Registry, config: &Config) -> Finding {
    let (environment, count) = (config.environment, config.databases.len());
    let told = format!("{environment}, {count} logical database(s)");
    let has_uri = |name| {
        config
            .databases
            .iter()
            .any(|database| database.name == name)
    };
    let all = registry.databases().iter().map(|declared| declared.name);
    let left_out: Vec<&str> = all.filter(|name| !has_uri(*name)).collect();
    match left_out.is_empty() {
        true => Finding::ok(Check::Configuration, told),
        false => {
            let found = format!(
                "{told}; {} is optional, has no URI and is left out",
                names(left_out)
            );
            Finding::new(Check::Configuration, Status::Note, found)
        }
    }
}

/// Tells whether changes leave an entry; nothing where no database lists the library's entries.
fn audit_trail(registry: &Registry, config: &Config) -> Option<Finding> {
    let check = Check::AuditTrail;
    let mut routes = registry.databases().iter().flat_map(|one| one.routes);
    routes.find(|route| route.id == TypeId::of::<Entry>())?;
    Some(match config.audit_trail {
        true => Finding::ok(check, "on"),
        false => Finding::new(check, Status::Warning, "off: changes leave no entry")
            .cure("set ENABLE_AUDIT_TRAIL=true, or leave it out"),
    })
}

/// Compares the pools, when all of them are full, with the limit of this process.
fn descriptors(examined: &[Examined]) -> Finding {
    let check = Check::Descriptors;
    let all = examined.iter().map(|one| one.sockets * one.servers as u64);
    let need = all.sum::<u64>() + OTHERS;
    match host::open_files("self") {
        None => Finding::not_tested(check, "this system has no /proc to read the limit from"),
        Some(Limit::None) => Finding::ok(check, format!("full pools need {need}; no limit")),
        Some(Limit::Files(limit)) => {
            let status = against(need, limit, limit / 5 * 4);
            let found = format!("full pools need {need} of {limit} open files");
            let finding = Finding::new(check, status, found);
            match status {
                Status::Ok => finding,
                _ => finding
                    .cure("raise the limit (ulimit -n, LimitNOFILE), or lower DB_MAX_POOL_SIZE"),
            }
        }
    }
}
