//! `routes`: model → logical database → namespace → scope → indexes.

use mongoplex::{Config, Route, Scope};
use serde_json::{Value, json};

use crate::{app::App, arguments::RoutesArguments, exit::Failure, output, place};

pub(crate) fn run(
    app: &App,
    set: &[(String, String)],
    arguments: &RoutesArguments,
) -> Result<(), Failure> {
    app.registry.check()?;
    let names = names(app, set);
    let rows = app
        .registry
        .databases()
        .iter()
        .zip(&names)
        .flat_map(|(database, name)| {
            database
                .routes
                .iter()
                .map(move |route| (database.name, name.as_str(), route))
        });
    if arguments.json {
        let rows: Vec<Value> = rows
            .map(|(database, name, route)| object(database, name, route))
            .collect();
        output::result(format_args!("{:#}", Value::from(rows)));
    } else {
        let rows = rows
            .map(|(database, name, route)| row(database, name, route))
            .collect();
        output::result(output::table(
            &["MODEL", "DATABASE", "NAMESPACE", "SCOPE", "INDEXES"],
            rows,
        ));
    }
    Ok(())
}

/// Returns the physical names, in the order of the registry: those of the configuration where it is
/// whole, else a placeholder. The routes themselves need no configuration.
fn names(app: &App, set: &[(String, String)]) -> Vec<String> {
    let config: Option<Config> = match place::configuration(app, &place::sources(set)) {
        Ok(config) => Some(config),
        Err(faults) => {
            output::note(format_args!(
                "without the databases' names: {}",
                Failure::from(faults).message
            ));
            None
        }
    };
    let name = |logical: &str| {
        let databases = config.iter().flat_map(|config| &config.databases);
        let mut found = databases.filter(|database| database.name == logical);
        found.next().map_or_else(
            || format!("<{logical}>"),
            |database| database.uri.database().to_owned(),
        )
    };
    app.registry
        .databases()
        .iter()
        .map(|database| name(database.name))
        .collect()
}

fn namespace(name: &str, route: &Route) -> String {
    match route.scope {
        Scope::PerTenant => format!("{name}__<tenant>.{}", route.collection),
        Scope::Common => format!("{name}.{}", route.collection),
    }
}

fn row(database: &str, name: &str, route: &Route) -> Vec<String> {
    let index = |index: &mongoplex::Index| match index.is_unique() {
        true => format!("{} unique", index.name()),
        false => index.name(),
    };
    let indexes: Vec<String> = route.indexes().iter().map(index).collect();
    vec![
        route.model.to_owned(),
        database.to_owned(),
        namespace(name, route),
        route.scope.as_str().to_owned(),
        indexes.join(", "),
    ]
}

fn object(database: &str, name: &str, route: &Route) -> Value {
    let index =
        |index: &mongoplex::Index| json!({ "name": index.name(), "unique": index.is_unique() });
    json!({
        "model": route.model,
        "database": database,
        "namespace": namespace(name, route),
        "scope": route.scope.as_str(),
        "indexes": route.indexes().iter().map(index).collect::<Vec<_>>(),
    })
}
