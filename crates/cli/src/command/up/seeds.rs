//! What `up` does about seeds: on a private set in development it writes them, demo data too; else `seed run`
//! is for that.

use mongoplex::{
    Databases, Environment,
    seed::{At, Event},
};

use crate::{exit::Failure, output, place::Place};

/// Writes what the databases of a private set begin with. Returns what is to be said, if anything is.
pub(super) async fn settle(
    place: &Place,
    databases: &Databases,
) -> Result<Option<String>, Failure> {
    let is_development = place.config.environment == Environment::Development;
    if place.private.is_none() || !is_development {
        return Ok(None);
    }
    let names: Vec<_> = place
        .config
        .databases
        .iter()
        .map(|known| known.name)
        .collect();
    let seeder = databases.seeder().databases(&names).on_private_set();
    let outcome = seeder.telling(tell).run().await?;
    // Servers are of use without them.
    let failed = outcome.failed.iter().map(|failed| {
        let At { seed, database, .. } = &failed.at;
        format!("seed `{seed}` failed at {database}: {}", failed.reason)
    });
    let mut lines: Vec<String> = failed.collect();
    if outcome.rows.inserted > 0 {
        lines.push(format!(
            "seeds: {} documents to begin with",
            outcome.rows.inserted
        ));
    }
    Ok((!lines.is_empty()).then(|| lines.join("\n")))
}

fn tell(event: &Event) {
    if let Event::Password { path } = event {
        output::made_up(path);
    }
}
