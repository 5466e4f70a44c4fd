//! The schema, looked at and never changed: the common models' whole, tenants' databases by sample.

use mongodb::bson::{Document, doc};
use tokio::time::timeout;

use super::{Check, Examined, Finding, LIMIT, Live, Standing, Status, unanswered, within};
use crate::{
    error::Error,
    model::{Model, TenantId},
    registry::{Declared, Registry, Scope},
    schema::{self, Difference, Mode, Report},
    tenancy::Tenant,
};

/// How many tenants' databases are looked at: a walk through a large fleet would open all its files.
const SAMPLE: u32 = 5;
/// How many things that are missing are named; more are counted.
const NAMED: usize = 5;

/// Compares the common models of one database.
pub(super) async fn common(live: &Live, standing: Standing) -> Finding {
    let check = Check::Schema;
    let connection = &live.connection;
    let compared = schema::compare(connection, connection.name.clone(), Scope::Common);
    match timeout(LIMIT, compared).await {
        Err(_) => late(check),
        Ok(Err(error)) => untold(check, &error),
        Ok(Ok(report)) if report.missing.is_empty() => {
            Finding::ok(check, "as the common models have it")
        }
        Ok(Ok(report)) => missing(check, standing, &report),
    }
}

/// Compares the databases of the first tenants; nothing where no model is a tenant's.
pub(super) async fn tenants(
    fleet: &Result<Option<Fleet>, Finding>,
    examined: &[Examined],
    standing: Standing,
) -> Option<Finding> {
    match fleet {
        Ok(None) => None,
        Ok(Some(fleet)) => Some(sampled(fleet, examined, standing).await),
        Err(untested) => Some(untested.clone()),
    }
}

async fn sampled(fleet: &Fleet, examined: &[Examined], standing: Standing) -> Finding {
    let check = Check::Tenants;
    let homes = examined.iter().filter(|one| one.declared.is_per_tenant());
    let mut connections = Vec::new();
    for one in homes {
        let Some(live) = &one.live else {
            let reason = format!("`{}` was not reached", one.declared.name);
            return Finding::not_tested(check, reason);
        };
        connections.push(&live.connection);
    }
    let mut report = Report::default();
    for (id, connection) in fleet
        .sample
        .iter()
        .flat_map(|id| connections.iter().map(move |connection| (id, connection)))
    {
        let compared = schema::compare(connection, connection.tenant_name(id), Scope::PerTenant);
        match timeout(LIMIT, compared).await {
            Ok(Ok(found)) => report = report.merge(found),
            Ok(Err(error)) => return untold(check, &error),
            Err(_) => return late(check),
        }
    }
    let (seen, all) = (fleet.sample.len(), fleet.count);
    match report.missing.is_empty() {
        true if seen == 0 => Finding::ok(check, "there are none yet"),
        true => Finding::ok(check, format!("{seen} of {all} looked at: complete")),
        false => missing(check, standing, &report),
    }
}

/// The tenants, as far as the doctor wants to know them.
pub(super) struct Fleet {
    /// How many rows there are.
    pub(super) count: u64,
    /// The first of them.
    sample: Vec<TenantId>,
}

/// Counts the tenants and names the first; nothing where no model is a tenant's.
///
/// # Errors
/// A finding that says why they are not known.
pub(super) async fn fleet(
    registry: &Registry,
    examined: &[Examined],
) -> Result<Option<Fleet>, Finding> {
    if !registry.databases().iter().any(Declared::is_per_tenant) {
        return Ok(None);
    }
    let untested = |reason: &str| Finding::not_tested(Check::Tenants, reason);
    let home = registry
        .tenants()
        .ok_or_else(|| untested("no database lists the tenants"))?;
    let examined = examined.iter().find(|one| one.declared.id == home.id);
    let live = examined.and_then(|one| one.live.as_ref());
    let live =
        live.ok_or_else(|| untested("the database with the tenants' rows was not reached"))?;
    let rows = live
        .connection
        .own()
        .collection::<Document>(Tenant::COLLECTION);
    let counted = within(async { rows.estimated_document_count().await }).await;
    let count = counted.map_err(|cause| unanswered(Check::Tenants, &cause, "readWrite"))?;
    let command = doc! {
        "find": Tenant::COLLECTION, "sort": { "_id": 1 }, "projection": { "_id": 1 },
        "limit": i64::from(SAMPLE), "singleBatch": true,
    };
    let found = live.command_own(command).await;
    let found = found.map_err(|cause| unanswered(Check::Tenants, &cause, "readWrite"))?;
    let batch = found
        .get_document("cursor")
        .and_then(|cursor| cursor.get_array("firstBatch"));
    let rows = batch
        .into_iter()
        .flatten()
        .filter_map(|row| row.as_document());
    let ids = rows.filter_map(|row| row.get_str("_id").ok()?.parse().ok());
    let sample = ids.collect();
    Ok(Some(Fleet { count, sample }))
}

/// Says what is missing. A private set is completed by the next `up`; elsewhere `up` is not ready
/// while a required database lacks something.
fn missing(check: Check, standing: Standing, report: &Report) -> Finding {
    let told = report.missing.iter().take(NAMED);
    let mut lines: Vec<String> = told
        .map(|missing| format!("{} lacks {}", missing.namespace, missing.what))
        .collect();
    if report.missing.len() > NAMED {
        lines.push(format!("{} more", report.missing.len() - NAMED));
    }
    // `up` builds on a private set what elsewhere wants a migration, but changes nothing that is there.
    let left = |one: &&Difference| !one.is_ended_by(Mode::Build);
    let doubtful = report.missing.iter().find(left);
    let worst = doubtful.or(report.missing.first());
    let ends = standing.is_private && doubtful.is_none();
    let status = if ends { Status::Note } else { Status::Failure };
    let finding = Finding::new(check, status, lines.join("; "));
    match worst {
        _ if ends => finding.cure(
            "`up` adds it on a private set, or says why it cannot: documents share a unique key",
        ),
        Some(worst) => finding.cure(worst.cure.advice()),
        None => finding,
    }
}

fn late(check: Check) -> Finding {
    Finding::not_tested(check, format!("not compared within {LIMIT:?}"))
}

fn untold(check: Check, error: &Error) -> Finding {
    match error {
        Error::Driver { cause, .. } => unanswered(check, cause, "readWrite"),
        error => Finding::not_tested(check, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        health::Need,
        schema::{Cure, Kind, Part},
    };

    fn difference(kind: Kind, is_built: bool) -> Difference {
        Difference {
            namespace: "d.c".into(),
            kind,
            part: Part::Index,
            what: "an index".into(),
            cure: Cure::Migration,
            need: Need::Required,
            is_built,
        }
    }

    #[test]
    fn on_a_private_set_only_what_up_adds_is_a_note() {
        let judge = |is_private, missing_: Vec<Difference>| {
            let report = Report {
                missing: missing_,
                ..Report::default()
            };
            let standing = Standing {
                is_private,
                is_harmless: true,
            };
            missing(Check::Schema, standing, &report).status
        };
        let (built, kept) = (
            difference(Kind::Missing, true),
            difference(Kind::Different, false),
        );

        assert_eq!(judge(true, vec![built.clone()]), Status::Note);
        assert_eq!(judge(true, vec![built.clone(), kept]), Status::Failure);
        assert_eq!(judge(false, vec![built]), Status::Failure);
    }
}
