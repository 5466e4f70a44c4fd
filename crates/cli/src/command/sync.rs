//! `sync`: what differs between the databases and the models, and what of it cannot hurt to add.

mod compared;

use mongoplex::{
    Databases, TenantId,
    schema::{Mode, Schema},
};

use self::compared::Compared;
use crate::{
    app::App,
    arguments::SyncArguments,
    exit::Failure,
    fleet::{self, Progress},
    output,
    place::{self, Place, Sharing},
    private, scope,
};

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &SyncArguments,
) -> Result<(), Failure> {
    scope::check_databases(app, &arguments.db)?;
    let stop = mongoplex_server::terminated();
    tokio::pin!(stop);
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    scope::check_configured(&config, &arguments.db)?;
    let place = tokio::select! {
        found = place::find(app, &sources, Sharing::Attach) => found?,
        _ = &mut stop => return Err(Failure::failed("stopped before anything was done")),
    };
    if let Some(set) = &place.private {
        private::announce(set);
    }
    let databases = place.connect(app).await?;
    let done = tokio::select! {
        done = sync(&place, &databases, arguments) => done,
        _ = &mut stop => Err(Failure::failed(
            "stopped: what was added stays, and the server ends the building of an index that it has begun; run it again to go on",
        )),
    };
    place
        .close(&databases, place.config.server.shutdown_grace)
        .await;
    done
}

async fn sync(
    place: &Place,
    databases: &Databases,
    arguments: &SyncArguments,
) -> Result<(), Failure> {
    // All that may be wrong with the command line is told before anything is changed.
    let tenants = match arguments.all_tenants {
        true => Some(fleet::all(&scope::tenancy(databases)?).await?),
        false => scope::tenants(databases, &arguments.tenants).await?,
    };
    let mut work = Work::new(databases, arguments, tenants);
    // What may be done here, and with `--check` would be.
    let here = match &place.private {
        Some(_) => Mode::Build,
        None => Mode::Add,
    };
    let mode = if arguments.check { Mode::Check } else { here };
    let before = work.look(here).await?;
    let wants = before.wants(mode);
    if !arguments.json {
        before.show_differences(arguments.check);
    }
    let after = match wants {
        true => work.complete(&before, mode).await?,
        false => before.clone(),
    };
    match arguments.json {
        true => output::result(compared::json(&before, &after)),
        false => after.show(wants),
    }
    after.judge()
}

/// The databases that are compared.
struct Work {
    schema: Schema,
    tenants: Option<Vec<TenantId>>,
    progress: Progress,
}

impl Work {
    fn new(
        databases: &Databases,
        arguments: &SyncArguments,
        tenants: Option<Vec<TenantId>>,
    ) -> Self {
        let progress = Progress::of("tenants");
        let bar = progress.clone();
        let schema = databases
            .schema()
            .telling(move |waiting| bar.aside(|| output::waiting(waiting)));
        let schema = match arguments.db.is_empty() {
            true => schema,
            false => schema.only(&arguments.db),
        };
        Self {
            schema,
            tenants,
            progress,
        }
    }

    /// Compares everything and changes nothing.
    async fn look(&mut self, here: Mode) -> Result<Compared, Failure> {
        let common = self.schema.common(Mode::Check).await?;
        let tenants = match self.tenants.take() {
            Some(ids) => Some(fleet::walk(&self.schema, ids, Mode::Check, &self.progress).await?),
            None => None,
        };
        Ok(Compared {
            common,
            tenants,
            here,
        })
    }

    /// Completes what is not complete, and leaves the rest alone.
    async fn complete(&self, before: &Compared, mode: Mode) -> Result<Compared, Failure> {
        let mut after = before.clone();
        if compared::wants(&before.common, mode) {
            after.common = self.schema.common(mode).await?;
        }
        let tenants = after.tenants.iter_mut().flatten();
        let mut wanting: Vec<_> = tenants
            .filter(|(_, report)| compared::wants(report, mode))
            .collect();
        let ids = wanting.iter().map(|(id, _)| id.clone()).collect();
        let done = fleet::walk(&self.schema, ids, mode, &self.progress).await?;
        for (place, done) in wanting.iter_mut().zip(done) {
            **place = done;
        }
        Ok(after)
    }
}
