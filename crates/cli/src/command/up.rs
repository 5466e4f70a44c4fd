//! `up`: everything of an application, in one process.

mod migrations;
mod report;
mod seeds;

use std::{convert::Infallible, future::pending, time::Duration};

use mongoplex::{
    Databases, TenantId,
    health::{Need, Node},
    schema::{Mode, Report, Schema},
};
use mongoplex_server::{Bound, Drained, Starting};
use tokio::time::sleep;

pub(crate) use crate::place::Sharing;
use crate::{
    app::App,
    arguments::UpArguments,
    exit::Failure,
    fleet::{self, Progress},
    output,
    place::{self, Place},
};

/// How often a schema that lacks something is looked at again: somebody may be completing it.
const SCHEMA_PERIOD: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &UpArguments,
    sharing: Sharing,
) -> Result<(), Failure> {
    let stop = mongoplex_server::terminated();
    tokio::pin!(stop);
    let stopped = || Failure::failed("stopped before it was up");
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    // The ports first: a taken one is told before anything has been started.
    let servers = mongoplex_server::bind(&app.servers, &config).await?;
    let starting = Starting::serve(&servers, &config)
        .map_err(|error| Failure::failed(format!("a port cannot be shared: {error}")))?;
    let found = tokio::select! {
        found = place::find(app, &sources, sharing) => found?,
        _ = &mut stop => return Err(stopped()),
    };
    let databases = tokio::select! {
        databases = found.connect(app) => databases?,
        _ = &mut stop => {
            found.stop().await;
            return Err(stopped());
        }
    };
    let stop = async { drop(stop.await) };
    let servers = Listening { servers, starting };
    let served = serve(app, &found, &databases, servers, arguments, stop).await;
    // Requests that used up the grace leave none for their calls.
    let grace = match served {
        Ok(Drained::CutOff) => Duration::ZERO,
        _ => found.config.server.shutdown_grace,
    };
    found.close(&databases, grace).await;
    served.map(drop)
}

/// The servers, with what answers in their place as long as they are not ready to.
struct Listening {
    servers: Vec<Bound>,
    starting: Starting,
}

async fn serve(
    app: &App,
    place: &Place,
    databases: &Databases,
    Listening { servers, starting }: Listening,
    arguments: &UpArguments,
    stop: impl Future<Output = ()>,
) -> Result<Drained, Failure> {
    tokio::pin!(stop);
    let schema = databases.health().register("schema", Need::Required, None);
    // A server that cannot be built is told before anything is announced.
    for server in &app.servers {
        drop(server.router(databases, &place.config)?);
    }
    let prepared = prepare(app, place, databases, arguments);
    let (report, done) = tokio::select! {
        prepared = prepared => prepared?,
        () = &mut stop => return Err(Failure::failed("stopped before it was up")),
    };
    judge(&schema, &report);
    let told = report::Up {
        app,
        place,
        databases,
        servers: &servers,
        schema: &report,
        done,
    };
    // Before anything is told: whoever reads it asks at once.
    starting.end().await;
    output::result(if arguments.json {
        told.json().await?
    } else {
        told.text().await?
    });
    let tenants_too = place.private.is_some() || arguments.sync;
    let running = mongoplex_server::run(servers, databases, &place.config, stop);
    let drained = tokio::select! {
        drained = running => drained?,
        Err(failure) = place.keep() => return Err(failure),
        never = watch(&schema, databases, &report, tenants_too) => match never {},
    };
    if drained == Drained::CutOff {
        output::note("some requests were cut off: they took longer than SHUTDOWN_GRACE");
    }
    Ok(drained)
}

/// Brings migrations and the schema as far as they may be, and on a private set makes the sample tenants.
///
/// Tenants' databases are looked at on a private set and with `--sync`; else each was complete when
/// its tenant was created, and to walk all of a large fleet at every start would open its files.
async fn prepare(
    app: &App,
    place: &Place,
    databases: &Databases,
    arguments: &UpArguments,
) -> Result<(Report, Option<String>), Failure> {
    // Before the schema is looked at: an empty database is made from its models here.
    let migrations = migrations::settle(place, databases, arguments).await?;
    let mode = match (&place.private, arguments.sync) {
        (Some(_), _) => Mode::Build,
        (None, true) => Mode::Add,
        (None, false) => Mode::Check,
    };
    let schema = databases.schema().telling(output::waiting);
    let report = schema.common(mode).await?;
    if mode == Mode::Check || !report.missing.is_empty() {
        return Ok((report, migrations));
    }
    if place.private.is_some() {
        samples(app, databases).await?;
    }
    let report = report.merge(tenants(databases, &schema, mode).await?);
    let seeds = match report.missing.is_empty() {
        true => seeds::settle(place, databases).await?,
        false => None,
    };
    let told: Vec<String> = migrations.into_iter().chain(seeds).collect();
    Ok((report, (!told.is_empty()).then(|| told.join("\n"))))
}

/// Makes the tenants that the application wants to begin with.
async fn samples(app: &App, databases: &Databases) -> Result<(), Failure> {
    let Ok(tenancy) = databases.tenancy() else {
        return Ok(());
    };
    let tenancy = tenancy.acting_as("up");
    for id in &app.sample_tenants {
        let invalid = |invalid| Failure::failed(format!("sample tenant `{id}`: {invalid}"));
        let id: TenantId = id.parse().map_err(invalid)?;
        if tenancy.get(&id).await?.is_none() {
            tenancy.create(&id, id.as_str()).await?;
        }
    }
    Ok(())
}

/// Completes the databases of all tenants.
async fn tenants(databases: &Databases, schema: &Schema, mode: Mode) -> Result<Report, Failure> {
    let Ok(tenancy) = databases.tenancy() else {
        return Ok(Report::default());
    };
    let ids = fleet::all(&tenancy).await?;
    let reports = fleet::walk(schema, ids, mode, &Progress::of("tenants")).await?;
    let reports = reports.into_iter().map(|(_, report)| report);
    Ok(reports.fold(Report::default(), Report::merge))
}

fn judge(schema: &Node, report: &Report) {
    let mut required = report
        .missing
        .iter()
        .filter(|missing| missing.need == Need::Required);
    let Some(first) = required.next() else {
        return schema.up();
    };
    let what = match required.count() {
        0 => "something is missing".to_owned(),
        more => format!("{} things are missing, the first", more + 1),
    };
    let cure = first.cure.advice();
    schema.down(format!(
        "{what}: {} lacks {}; {cure}",
        first.namespace, first.what
    ));
}

/// Looks again while something is missing or could not be looked at. It never returns: the servers
/// decide when all is over.
async fn watch(
    node: &Node,
    databases: &Databases,
    report: &Report,
    tenants_too: bool,
) -> Infallible {
    let mut complete = report.is_complete();
    while !complete {
        sleep(SCHEMA_PERIOD).await;
        if let Ok(report) = look(databases, tenants_too).await {
            judge(node, &report);
            complete = report.is_complete();
        }
    }
    pending().await
}

/// Compares the common models, and where these are whole and it is wanted all tenants' too.
async fn look(databases: &Databases, tenants_too: bool) -> Result<Report, Failure> {
    let schema = databases.schema();
    let report = schema.common(Mode::Check).await?;
    if !tenants_too || !report.missing.is_empty() {
        return Ok(report);
    }
    Ok(report.merge(tenants(databases, &schema, Mode::Check).await?))
}
