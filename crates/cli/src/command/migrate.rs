//! `migrate`: what is pending in all databases and tenants, and the carrying out of it.
//!
//! What is done, and that nothing is done twice, is the library's; here it is asked for, shown and judged.

mod failure;
mod json;
mod mend;
mod new;
mod plan;
mod report;
mod status;
mod task;
mod verify;

use std::{future::pending, pin::Pin, time::Duration};

use mongoplex::{
    Config, Databases,
    migrate::{Direction, Migrator},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::{
    report::Report,
    task::{Task, Verb},
};
use crate::{
    app::App,
    arguments::migrate::MigrateCommand,
    exit::{self, Failure},
    output,
    place::{self, Sharing},
    private, scope,
};

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    command: MigrateCommand,
) -> Result<(), Failure> {
    let task = match command {
        MigrateCommand::New(arguments) => return new::run(app, set, &arguments),
        MigrateCommand::Plan(arguments) => Task::from(arguments),
        MigrateCommand::Up(arguments) => Task::from(arguments),
        MigrateCommand::Down(arguments) => Task::from(arguments),
        MigrateCommand::Redo(arguments) => Task::from(arguments),
        MigrateCommand::Status(arguments) => Task::from(arguments),
        MigrateCommand::Verify(arguments) => Task::from(arguments),
        MigrateCommand::Baseline(arguments) => Task::from(arguments),
        MigrateCommand::Repair(arguments) => Task::from(arguments),
        MigrateCommand::Unlock(arguments) => Task::from(arguments),
    };
    let mut report = Report::new(&task);
    let done = connected(app, set, &task, &mut report).await;
    report.end(done.as_ref().err());
    done
}

type Signal<'a> = Pin<&'a mut (dyn Future<Output = std::io::Result<()>> + Send)>;

async fn connected(
    app: &App,
    set: &[(String, String)],
    task: &Task,
    report: &mut Report,
) -> Result<(), Failure> {
    scope::check_databases(app, &task.chosen.db)?;
    task.check_ids(app)?;
    if app.migrations.is_empty() {
        report.nothing(
            "this application lists no migrations: `migrate new` writes the first of a list",
        );
        return Ok(());
    }
    let mut signal = std::pin::pin!(mongoplex_server::terminated());
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    scope::check_configured(&config, &task.chosen.db)?;
    let place = tokio::select! {
        found = place::find(app, &sources, Sharing::Attach) => found?,
        _ = &mut signal => return Err(Failure::of(exit::STOPPED, "stopped before anything was done")),
    };
    if let Some(set) = &place.private {
        private::announce(set);
    }
    let databases = place.connect(app).await?;
    let stop = CancellationToken::new();
    let (done, grace) = tokio::select! {
        done = carried_out(&place.config, &databases, task, report, &stop) => (done, place.config.server.shutdown_grace),
        () = stopped(task, signal, &stop) => (Err(cut_off(task)), Duration::ZERO),
    };
    place.close(&databases, grace).await;
    done
}

/// Stops the work at a signal, and returns once it is to end at once: at the second signal, and where
/// nothing is written at the first.
async fn stopped(task: &Task, signal: Signal<'_>, stop: &CancellationToken) {
    if signal.await.is_err() {
        return pending().await;
    }
    if !task.verb.writes() {
        return;
    }
    stop.cancel();
    output::note("stopping: nothing more begins, what has begun ends; once more to end at once");
    if mongoplex_server::terminated().await.is_err() {
        pending().await
    }
}

fn cut_off(task: &Task) -> Failure {
    let what = match task.verb.writes() {
        true => "cut off: `migrate up` goes on from there, once the lock has run out",
        false => "stopped: nothing was written",
    };
    Failure::of(exit::STOPPED, what)
}

async fn carried_out(
    config: &Config,
    databases: &Databases,
    task: &Task,
    report: &mut Report,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    // All that may be wrong with the command line is told before anything is changed.
    let migrator = task.migrator(config, databases).await?;
    if migrator.targets().next().is_none() {
        report.nothing("there are no migrations of these databases");
        return Ok(());
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    let tell = move |event: &_| drop(sender.send(Clone::clone(event)));
    let migrator = migrator.stop(stop.clone()).telling(tell);
    let migrator = gated(migrator, config, task)?;
    match task.verb {
        Verb::Plan(direction) => plan::run(&migrator, direction, task, report).await,
        Verb::Status => status::run(&migrator, task, report).await,
        Verb::Verify => verify::run(&migrator, report).await,
        Verb::Mend(_) => match &task.mend {
            Some((mend, is_sure)) => mend::run(&migrator, mend, *is_sure, report).await,
            None => Ok(()),
        },
        Verb::Up => {
            let up = migrator.up();
            report.watch(Direction::Up, up, &mut events).await
        }
        Verb::Down => {
            let down = migrator.down();
            report.watch(Direction::Down, down, &mut events).await
        }
        Verb::Redo => {
            let down = migrator.down();
            report.watch(Direction::Down, down, &mut events).await?;
            if !report.has_done_anything() {
                return Ok(());
            }
            let up = migrator.up();
            report.watch(Direction::Up, up, &mut events).await
        }
    }
}

/// Lets the fleet follow its first tenants only where a server says that all is well.
fn gated(migrator: Migrator, config: &Config, task: &Task) -> Result<Migrator, Failure> {
    let Some(url) = &task.pace.gate_url else {
        return Ok(migrator);
    };
    let gate = mongoplex_server::Gate::new(url, config)?;
    Ok(migrator.gate(move || {
        let gate = gate.clone();
        async move { gate.ask().await }
    }))
}
