//! `config`: what applies and why, and what is wrong. It connects to nothing and starts nothing.

use mongoplex::{
    Config, Fault, Sources,
    config::{Explained, Explanation},
};
use serde_json::{Value, json};

use crate::{app::App, arguments::ConfigCommand, exit::Failure, output, place, private};

pub(crate) fn run(
    app: &App,
    set: &[(String, String)],
    command: &ConfigCommand,
) -> Result<(), Failure> {
    let sources = place::sources(set);
    let (filled, is_private) = place::rehearse(app, &sources);
    if is_private {
        announce(&sources);
    }
    match command {
        ConfigCommand::Explain { json } => {
            let explained = Config::explain(&app.registry, &app.ports(), &filled);
            match json {
                true => output::result(object(&explained, is_private)),
                false => output::result(table(&explained)),
            }
            Ok(explained.faults.into_result(())?)
        }
        ConfigCommand::Check => {
            let config = place::configuration(app, &sources)?;
            output::result(fine(app, &config));
            Ok(())
        }
    }
}

/// Says which MongoDB it would be where no variable names one.
fn announce(sources: &Sources) {
    output::note(format_args!(
        "no DATABASE_<NAME>_URI is set: the private MongoDB in {} would be used",
        private::folder(sources).display()
    ));
}

fn table(explained: &Explanation) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let row = |row: &Explained| {
        vec![
            row.variable.clone(),
            text(&row.value),
            text(&row.origin),
            text(&row.default),
            row.expected.to_owned(),
        ]
    };
    let rows = explained.settings.iter().map(row).collect();
    output::table(&["VARIABLE", "VALUE", "FROM", "DEFAULT", "EXPECTED"], rows)
}

fn object(explained: &Explanation, is_private: bool) -> Value {
    let setting = |row: &Explained| {
        json!({
            "variable": row.variable,
            "database": row.database,
            "server": row.server,
            "value": row.value,
            "origin": row.origin,
            "default": row.default,
            "expected": row.expected,
            "purpose": row.purpose,
        })
    };
    let fault = |fault: &Fault| {
        json!({
            "subject": fault.subject,
            "origin": fault.origin,
            "problem": fault.problem,
            "cure": fault.cure,
        })
    };
    json!({
        "private": is_private,
        "settings": explained.settings.iter().map(setting).collect::<Vec<_>>(),
        "faults": explained.faults.iter().map(fault).collect::<Vec<_>>(),
    })
}

fn fine(app: &App, config: &Config) -> String {
    let databases: Vec<_> = config.databases.iter().map(|known| known.name).collect();
    let without = app.registry.databases().iter().map(|known| known.name);
    let without: Vec<_> = without.filter(|name| !databases.contains(name)).collect();
    let without = match without.is_empty() {
        true => String::new(),
        false => format!("; optional and without URI: {}", without.join(", ")),
    };
    let servers: Vec<_> = config.server.addresses.keys().copied().collect();
    format!(
        "the configuration is fine: {}; databases {}{without}; servers {}",
        config.environment,
        databases.join(", "),
        servers.join(", ")
    )
}
