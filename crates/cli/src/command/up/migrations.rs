//! What `up` does about migrations: on a private set, and where it is told to, it carries them out; else it
//! says what is pending.

use mongoplex::{
    Config, Databases,
    migrate::{Failed, Migrator, Outcome},
};

use crate::{
    arguments::UpArguments,
    exit::{self, Failure},
    output,
    place::Place,
};

/// How many failures are named; more are counted.
const NAMED: usize = 5;

/// Brings the databases to the head, or looks how far they are from it. Returns what is to be said, if
/// anything is.
pub(super) async fn settle(
    place: &Place,
    databases: &Databases,
    arguments: &UpArguments,
) -> Result<Option<String>, Failure> {
    let migrator = present(databases, &place.config);
    if migrator.targets().next().is_none() {
        return Ok(None);
    }
    if place.private.is_some() {
        // What is there and has no record was made from the models.
        migrator.adopt().await?;
    }
    if place.private.is_none() && !arguments.migrate {
        // Servers need no rights on the control database.
        let pending = pending(&migrator).await;
        return Ok(pending.unwrap_or_else(|failure| {
            Some(format!(
                "migrations could not be looked at: {}",
                failure.message
            ))
        }));
    }
    let outcome = migrator.up().await?;
    let common = outcome.failed.iter().find(|failed| failed.tenant.is_none());
    match common {
        // Without it no server is of use; a tenant's failure leaves all others.
        Some(failed) => Err(Failure::of(exit::TARGETS, told(failed))),
        None => Ok(done(&outcome)),
    }
}

/// Returns the migrator of the databases that are configured.
fn present(databases: &Databases, config: &Config) -> Migrator {
    let names: Vec<_> = config.databases.iter().map(|known| known.name).collect();
    databases.migrator().databases(&names)
}

async fn pending(migrator: &Migrator) -> Result<Option<String>, Failure> {
    let all = migrator.status().await?;
    let lines = all.iter().flat_map(|status| {
        status.pending.iter().map(|pending| {
            let (first, more) = (&pending.database, pending.targets.saturating_sub(1));
            let others = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let count = pending.migrations.len();
            vec![
                status.target.clone(),
                format!("{first}{others}"),
                count.to_string(),
            ]
        })
    });
    let rows: Vec<_> = lines.collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let table = output::table(&["MIGRATIONS OF", "DATABASE", "PENDING"], rows);
    let cure = "`migrate plan` shows them, `migrate up` or `up --migrate` applies them";
    Ok(Some(format!("migrations are pending: {cure}\n\n{table}")))
}

fn done(outcome: &Outcome) -> Option<String> {
    let mut lines = Vec::new();
    if outcome.migrations > 0 {
        let Outcome {
            migrations, done, ..
        } = outcome;
        lines.push(format!(
            "migrations: {migrations} applied, to {done} databases"
        ));
    }
    lines.extend(outcome.failed.iter().take(NAMED).map(told));
    let more = outcome.failed.len().saturating_sub(NAMED) as u64;
    let more = more + outcome.quarantined_before + outcome.interrupted_before;
    if more > 0 {
        lines.push(format!("{more} more are behind: `migrate status` says why"));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn told(failed: &Failed) -> String {
    let (database, failure) = (&failed.database, &failed.failure);
    format!(
        "migration {} failed at {database}, step `{}`: {}",
        failure.migration, failure.step, failure.reason
    )
}
