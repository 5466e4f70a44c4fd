//! `tenants`: create and list.

use mongoplex::{
    Databases, Tenant, TenantId,
    schema::Mode,
    tenancy::{Created, Tenancy},
};
use serde_json::{Value, json};

use crate::{
    app::App,
    arguments::TenantsCommand,
    exit::Failure,
    output,
    place::{self, Sharing},
    private,
};

/// How many rows are read at a time.
const BATCH: u32 = 1000;

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    command: TenantsCommand,
) -> Result<(), Failure> {
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    let place = place::find(app, &sources, Sharing::Attach).await?;
    if let Some(set) = &place.private {
        private::announce(set);
    }
    let databases = place.connect(app).await?;
    let done = match place.complete(&databases, Mode::Check).await {
        Ok(report) => match report.missing.first() {
            // A tenant's row in a collection without its validator would not be checked.
            Some(missing) => Err(Failure::missing(format!(
                "{} lacks {}: {} ({} missing in all)",
                missing.namespace,
                missing.what,
                missing.cure.advice(),
                report.missing.len()
            ))),
            None => dispatch(&databases, command).await,
        },
        Err(failure) => Err(failure),
    };
    place
        .close(&databases, place.config.server.shutdown_grace)
        .await;
    done
}

async fn dispatch(databases: &Databases, command: TenantsCommand) -> Result<(), Failure> {
    let tenancy = databases.tenancy()?.acting_as("command");
    match command {
        TenantsCommand::Create { id, name, json } => {
            let name = name.unwrap_or_else(|| id.to_string());
            create(&tenancy, &id, &name, json).await
        }
        TenantsCommand::List { json } => list(&tenancy, json).await,
    }
}

async fn create(tenancy: &Tenancy, id: &TenantId, name: &str, json: bool) -> Result<(), Failure> {
    let created = tenancy.create(id, name).await?;
    let what = match &created {
        Created::New(_) => "created",
        Created::Existing(_) => "existed, its databases are complete",
    };
    match json {
        true => output::result(row(created.tenant())),
        false => output::result(format_args!("tenant `{id}` {what}")),
    }
    Ok(())
}

async fn list(tenancy: &Tenancy, json: bool) -> Result<(), Failure> {
    let mut after: Option<TenantId> = None;
    let mut rows = Vec::new();
    loop {
        let batch = tenancy.list(after.as_ref(), BATCH).await?;
        let Some(last) = batch.last() else { break };
        after = Some(last.id.clone());
        match json {
            true => batch.iter().for_each(|tenant| output::result(row(tenant))),
            false => {
                rows.extend(batch.iter().map(|tenant| {
                    vec![tenant.id.to_string(), tenant.name.clone(), "active".into()]
                }))
            }
        }
    }
    if !json {
        output::result(output::table(&["TENANT", "NAME", "STATUS"], rows));
    }
    Ok(())
}

fn row(tenant: &Tenant) -> Value {
    json!({ "id": tenant.id.as_str(), "name": tenant.name, "status": "active" })
}
