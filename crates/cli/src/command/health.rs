//! `health`: how the databases are, looked at once from here.

use std::time::{Duration, Instant};

use mongoplex::{
    Databases,
    health::Status,
    monitor::{CheckView, HealthView, NodeView},
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    app::App,
    arguments::HealthArguments,
    exit::Failure,
    output,
    place::{self, Sharing},
};

/// How long the first look at everything may take: each command has a second.
const LIMIT: Duration = Duration::from_secs(15);
const PERIOD: Duration = Duration::from_millis(20);

pub(crate) async fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &HealthArguments,
) -> Result<(), Failure> {
    let sources = place::sources(set);
    let config = place::configuration(app, &sources)?;
    mongoplex_server::init_logging(&config.server);
    let place = place::find(app, &sources, Sharing::Attach).await?;
    let databases = place.look(app).await?;
    let looked_at = look(&databases).await;
    let health = databases.monitor().health();
    place.close(&databases, Duration::ZERO).await;
    output::result(match arguments.json {
        true => json!(health).to_string(),
        false => table(&health),
    });
    if !looked_at {
        return Err(Failure::failed(format!(
            "not all was looked at within {LIMIT:?}"
        )));
    }
    verdict(health.status)
}

/// Waits for the first look. What cannot be reached is looked at too.
async fn look(databases: &Databases) -> bool {
    let until = Instant::now() + LIMIT;
    let unknown = || {
        let nodes = databases.health().snapshot().nodes;
        nodes.iter().any(|node| node.status == Status::Unknown)
    };
    while unknown() {
        if Instant::now() > until {
            return false;
        }
        sleep(PERIOD).await;
    }
    true
}

/// Turns the health into the command's end.
fn verdict(status: &str) -> Result<(), Failure> {
    match status {
        "up" => Ok(()),
        "degraded" => Err(Failure::missing("it works, and something is amiss")),
        status => Err(Failure::failed(format!("it is {status}"))),
    }
}

fn table(health: &HealthView) -> String {
    let mut rows = Vec::new();
    for part in &health.components {
        tell(part, "", &mut rows);
    }
    output::table(&["STATUS", "PART", "CHECK", "FOUND"], rows)
}

fn tell(part: &NodeView, indent: &str, rows: &mut Vec<Vec<String>>) {
    let name = match &*part.kind {
        kind if kind == part.name || kind == "part" => part.name.clone(),
        kind => format!("{kind} {}", part.name),
    };
    let need = if part.required { "" } else { "optional" };
    // A process and a deployment are as what they are made of: only a database may be optional.
    let need = if part.kind == "database" { need } else { "" };
    rows.push(vec![
        part.status.to_owned(),
        format!("{indent}{name}"),
        String::new(),
        need.to_owned(),
    ]);
    let check = |check: &CheckView| {
        vec![
            check.status.to_owned(),
            String::new(),
            check.name.to_owned(),
            found(check),
        ]
    };
    rows.extend(part.checks.iter().map(check));
    for own in &part.components {
        tell(own, "  ", rows);
    }
}

fn found(check: &CheckView) -> String {
    match (&check.message, check.observed) {
        (Some(message), _) => message.clone(),
        (None, Some(value)) => format!("{:.1} {}", value, check.unit),
        (None, None) => String::new(),
    }
}
