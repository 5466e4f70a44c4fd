//! `seed`: what databases are to begin with, shown, written, and taken away again.

mod arguments;
mod report;

use std::time::Duration;

use mongoplex::{
    Databases,
    schema::Mode,
    seed::{Error, Outcome, Seeder},
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::arguments::SeedCommand;
use self::{arguments::Volume, report::Report};
use crate::scope;
use crate::{
    app::App,
    exit::Failure,
    place::{self, Place, Sharing},
    private,
};

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    command: &SeedCommand,
) -> Result<(), Failure> {
    let report = Report::new(command.selected().json, command.verb());
    let mut outcome = None;
    let done = at_place(app, set, command, &report, &mut outcome).await;
    report.summary(outcome.as_ref(), done.as_ref().err());
    done
}

async fn at_place(
    app: &App,
    set: &[(String, String)],
    command: &SeedCommand,
    report: &Report,
    outcome: &mut Option<Outcome>,
) -> Result<(), Failure> {
    let selected = command.selected();
    scope::check_databases(app, &selected.db)?;
    let stop = mongoplex_server::terminated();
    tokio::pin!(stop);
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    scope::check_configured(&config, &selected.db)?;
    let place = tokio::select! {
        found = place::find(app, &sources, Sharing::Attach) => found?,
        _ = &mut stop => return Err(stopped()),
    };
    if let Some(set) = &place.private {
        private::announce(set);
    }
    let databases = place.connect(app).await?;
    let ending = CancellationToken::new();
    let work = work(&place, &databases, command, report, &ending, outcome);
    tokio::pin!(work);
    let done = tokio::select! {
        done = &mut work => done,
        _ = &mut stop => {
            // What has begun ends; nothing more begins.
            ending.cancel();
            work.await
        }
    };
    place
        .close(&databases, place.config.server.shutdown_grace)
        .await;
    done
}

async fn work(
    place: &Place,
    databases: &Databases,
    command: &SeedCommand,
    report: &Report,
    ending: &CancellationToken,
    ended: &mut Option<Outcome>,
) -> Result<(), Failure> {
    let selected = command.selected();
    let mut seeder = databases.seeder().stop(ending.clone());
    if place.private.is_some() {
        seeder = seeder.on_private_set();
    }
    if !selected.db.is_empty() {
        seeder = seeder.databases(&selected.db);
    }
    if selected.all_tenants {
        seeder = seeder.all_tenants();
    } else if !selected.tenants.is_empty() {
        scope::check_tenants(&databases.tenancy()?, &selected.tenants).await?;
        seeder = seeder.tenants(selected.tenants.iter().cloned());
    }
    if !selected.only.is_empty() {
        seeder = seeder.only(&selected.only);
    }
    let telling = report.clone();
    let seeder = seeder.telling(move |event| telling.tell(event));
    let outcome = match command {
        SeedCommand::Plan {
            volume, exit_code, ..
        } => {
            let outcome = with_volume(seeder, volume).plan().await?;
            pending(*exit_code && outcome.is_pending).map(|()| outcome)?
        }
        SeedCommand::Run { volume, wait, .. } => {
            // On a private set what the models need is added, as everywhere there.
            place.complete(databases, Mode::Check).await?;
            let seeder = with_volume(seeder, volume).wait(wait.unwrap_or(Duration::ZERO));
            seeder.run().await?
        }
        SeedCommand::Status { exit_code, .. } => {
            let all = seeder.status().await?;
            report.status(&all);
            return pending(*exit_code && all.iter().any(mongoplex::seed::Status::is_pending));
        }
        SeedCommand::Reset { yes, confirm, .. } => {
            reset(place, seeder, *yes, confirm, ended).await?
        }
    };
    report.end(&outcome);
    let judged = judge(&outcome);
    *ended = Some(outcome);
    judged
}

fn with_volume(seeder: Seeder, volume: &Volume) -> Seeder {
    match volume.volume {
        Some(documents) => seeder.volume(documents).number(volume.number),
        None => seeder,
    }
}

/// Counts what would be taken away, and takes it away where that was confirmed.
async fn reset(
    place: &Place,
    seeder: Seeder,
    is_meant: bool,
    confirmed: &[String],
    ended: &mut Option<Outcome>,
) -> Result<Outcome, Failure> {
    let names = match place.private {
        Some(_) => Vec::new(),
        None => seeder.names()?,
    };
    let missing: Vec<String> = names
        .into_iter()
        .filter(|name| !confirmed.contains(name))
        .map(|name| format!("--confirm {name}"))
        .collect();
    if is_meant && missing.is_empty() {
        return Ok(seeder.reset().await?);
    }
    let quiet = seeder.clone().telling(|_| {});
    let planned = quiet.plan_of_reset().await?;
    let count = planned.rows.pruned;
    *ended = Some(planned);
    let mut wants = missing;
    if !is_meant {
        wants.insert(0, "--yes".into());
    }
    Err(Failure::usage(format!(
        "{count} documents that seeds have inserted would be taken away; nothing was changed: add {}",
        wants.join(" ")
    )))
}

fn judge(outcome: &Outcome) -> Result<(), Failure> {
    if outcome.is_stopped {
        return Err(stopped());
    }
    if outcome.failed.is_empty() {
        return Ok(());
    }
    let code = match outcome.failed.iter().all(|failed| failed.is_precondition) {
        true => 9,
        false => 6,
    };
    let message = format!("{} seeds failed, all others are done", outcome.failed.len());
    Err(Failure { code, message })
}

fn pending(is_pending: bool) -> Result<(), Failure> {
    match is_pending {
        true => Err(Failure::missing("something is pending: `seed run` does it")),
        false => Ok(()),
    }
}

fn stopped() -> Failure {
    Failure {
        code: 130,
        message: "stopped: run it again to go on".into(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = match error {
            Error::Database(error) => return error.into(),
            Error::Usage(_) => 2,
            Error::Held(_) | Error::Fenced { .. } => 5,
            Error::Refused(_) => 8,
            Error::Precondition(_) => 9,
            _ => 1,
        };
        let message = error.to_string();
        Self { code, message }
    }
}
