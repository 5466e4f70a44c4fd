//! `up`: everything of an application, in one process.

mod report;

use std::time::Duration;

use mongoplex::{
    Databases, TenantId,
    health::{Need, Node},
    schema::{Mode, Report},
};
use mongoplex_server::{Bound, Drained};
use tokio::time::sleep;

pub(crate) use crate::place::Sharing;
use crate::{
    app::App,
    arguments::UpArguments,
    exit::Failure,
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
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    // The ports first: a taken one is told before anything has been started.
    let servers = mongoplex_server::bind(&app.servers, &config).await?;
    let found = tokio::select! {
        found = place::find(app, &sources, sharing) => found?,
        _ = &mut stop => return Err(Failure::failed("stopped before it was up")),
    };
    let databases = found.connect(app).await?;
    let served = serve(app, &found, &databases, servers, arguments, async {
        drop(stop.await)
    })
    .await;
    // Requests that used up the grace leave none for their calls.
    let grace = match served {
        Ok(Drained::CutOff) => Duration::ZERO,
        _ => found.config.server.shutdown_grace,
    };
    found.close(&databases, grace).await;
    served.map(drop)
}

async fn serve(
    app: &App,
    place: &Place,
    databases: &Databases,
    servers: Vec<Bound>,
    arguments: &UpArguments,
    stop: impl Future<Output = ()>,
) -> Result<Drained, Failure> {
    tokio::pin!(stop);
    let schema = databases.health().register("schema", Need::Required, None);
    let prepared = async {
        let mode = if arguments.sync {
            Mode::Add
        } else {
            Mode::Check
        };
        let report = place.complete(databases, mode).await?;
        if place.private.is_some() {
            tenants(app, databases).await?;
        }
        Ok::<_, Failure>(report)
    };
    let report = tokio::select! {
        report = prepared => report?,
        () = &mut stop => return Err(Failure::failed("stopped before it was up")),
    };
    judge(&schema, &report);
    let told = report::Up {
        app,
        place,
        databases,
        servers: &servers,
        schema: &report,
    };
    output::result(if arguments.json {
        told.json().await?
    } else {
        told.text().await?
    });
    let running = mongoplex_server::run(servers, databases, &place.config, stop);
    tokio::pin!(running);
    let drained = tokio::select! {
        drained = &mut running => drained?,
        () = watch(&schema, databases, &report) => running.await?,
    };
    if drained == Drained::CutOff {
        output::note("some requests were cut off: they took longer than SHUTDOWN_GRACE");
    }
    Ok(drained)
}

/// Completes the tenants that are there, and makes those that the application wants to begin with.
async fn tenants(app: &App, databases: &Databases) -> Result<(), Failure> {
    let Ok(tenancy) = databases.tenancy() else {
        return Ok(());
    };
    for id in &app.sample_tenants {
        let id: TenantId = id
            .parse()
            .map_err(|invalid| Failure::failed(format!("sample tenant `{id}`: {invalid}")))?;
        if tenancy.get(&id).await?.is_none() {
            tenancy.create(&id, id.as_str()).await?;
        }
    }
    let mut after = None;
    loop {
        let batch = tenancy.list(after.as_ref(), 100).await?;
        let Some(last) = batch.last() else {
            return Ok(());
        };
        for tenant in &batch {
            databases.schema().tenant(&tenant.id, Mode::Build).await?;
        }
        after = Some(last.id.clone());
    }
}

fn judge(schema: &Node, report: &Report) {
    match report.missing.first() {
        None => schema.up(),
        Some(first) => {
            let count = report.missing.len();
            schema.down(format!(
                "{count} things are missing, the first: {} lacks {}; {}",
                first.namespace, first.what, first.cure
            ));
        }
    }
}

/// Looks again while something is missing, and ends once nothing is.
async fn watch(schema: &Node, databases: &Databases, report: &Report) {
    let mut complete = report.missing.is_empty();
    while !complete {
        sleep(SCHEMA_PERIOD).await;
        if let Ok(report) = databases.schema().common(Mode::Check).await {
            judge(schema, &report);
            complete = report.missing.is_empty();
        }
    }
}
