//! Which databases a command line means; what it names and nobody knows is wrong usage.

use mongoplex::{Config, Databases, Error, Tenancy, TenantId};

use crate::{app::App, exit::Failure, fleet, nearest::nearest};

/// Refuses names that no logical database has, all at once.
pub(crate) fn check_databases(app: &App, names: &[String]) -> Result<(), Failure> {
    let known = || app.registry.databases().iter().map(|known| known.name);
    let unknown = names
        .iter()
        .filter(|name| !known().any(|known| known == *name));
    let told: Vec<String> = unknown
        .map(|name| match nearest(name, known()) {
            Some(near) => format!("no logical database `{name}`: did you mean `{near}`?"),
            None => format!(
                "no logical database `{name}`: there are {}",
                known().collect::<Vec<_>>().join(", ")
            ),
        })
        .collect();
    refuse(&told)
}

/// Refuses optional databases that are asked for by name and have no URI.
pub(crate) fn check_configured(config: &Config, names: &[String]) -> Result<(), Failure> {
    let configured = |name: &String| config.databases.iter().any(|known| known.name == name);
    match names.iter().find(|name| !configured(name)) {
        None => Ok(()),
        Some(name) => Err(Failure::configuration(format!(
            "logical database `{name}` is optional and has no URI: set DATABASE_{}_URI",
            name.to_uppercase()
        ))),
    }
}

/// Returns the tenants that are named, each once; `None` where none is.
pub(crate) async fn tenants(
    databases: &Databases,
    named: &[TenantId],
) -> Result<Option<Vec<TenantId>>, Failure> {
    if named.is_empty() {
        return Ok(None);
    }
    let tenancy = tenancy(databases)?;
    let mut ids = named.to_vec();
    ids.sort();
    ids.dedup();
    check_tenants(&tenancy, &ids).await?;
    Ok(Some(ids))
}

/// Returns the registry of tenants.
pub(crate) fn tenancy(databases: &Databases) -> Result<Tenancy, Failure> {
    match databases.tenancy() {
        Err(Error::NotRegistered(_)) => Err(Failure::usage("this application has no tenants")),
        tenancy => Ok(tenancy?),
    }
}

pub(crate) async fn check_tenants(tenancy: &Tenancy, ids: &[TenantId]) -> Result<(), Failure> {
    let mut unknown = Vec::new();
    for id in ids {
        if tenancy.get(id).await?.is_none() {
            unknown.push(id);
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let known = fleet::all(tenancy).await?;
    let told: Vec<String> = unknown
        .into_iter()
        .map(
            |id| match nearest(id.as_str(), known.iter().map(TenantId::as_str)) {
                Some(near) => format!("no tenant `{id}`: did you mean `{near}`?"),
                None => format!("no tenant `{id}`: `tenants list` lists them"),
            },
        )
        .collect();
    refuse(&told)
}

fn refuse(told: &[String]) -> Result<(), Failure> {
    match told {
        [] => Ok(()),
        told => Err(Failure::usage(told.join("\n"))),
    }
}
