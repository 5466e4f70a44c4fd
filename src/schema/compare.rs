//! Compares one place with its models, collection by collection, and adds what the mode allows.

use futures_util::future::try_join_all;
use mongodb::{IndexModel, bson::Document, results::CollectionSpecification};

use super::{Missing, Mode, Report, place::Place};
use crate::{error::Result, model::Index, registry::Route};

const SYNC: &str = "add it with `--sync`";
const MIGRATE: &str = "the collection holds documents: this is a migration's to change";

pub(super) async fn run(place: &Place, mode: Mode) -> Result<Report> {
    let collections = place.collections().await?;
    let compared = place.routes.iter().map(|&route| async {
        match collections.get(route.collection) {
            None => absent(place, route, mode).await,
            Some(found) => present(place, route, found, mode).await,
        }
    });
    let reports = try_join_all(compared).await?;
    Ok(reports.into_iter().fold(Report::default(), Report::merge))
}

async fn absent(place: &Place, route: &Route, mode: Mode) -> Result<Report> {
    let mut report = Report::default();
    let namespace = place.namespace(route.collection).to_string();
    if mode == Mode::Check {
        report.missing.push(Missing {
            namespace,
            what: "the collection".into(),
            cure: SYNC,
        });
        return Ok(report);
    }
    place.create(route).await?;
    if !route.indexes.is_empty() {
        place
            .create_indexes(route.collection, route.indexes)
            .await?;
    }
    report
        .added
        .push(format!("{namespace} with {} indexes", route.indexes.len()));
    Ok(report)
}

async fn present(
    place: &Place,
    route: &Route,
    found: &CollectionSpecification,
    mode: Mode,
) -> Result<Report> {
    let (absent, different) = sort_out(route.indexes, &place.indexes(route.collection).await?);
    let wanted = (route.validator)();
    let validator = found
        .options
        .validator
        .as_ref()
        .and_then(|whole| whole.get_document("$jsonSchema").ok());
    let validator_fits = wanted.as_ref() == validator;
    let mut report = Report::default();
    for index in different {
        report.missing.push(missing(
            place,
            route,
            format!("index `{}` as the model has it", index.name()),
            MIGRATE,
        ));
    }
    if absent.is_empty() && validator_fits {
        return Ok(report);
    }
    let empty = place.is_empty(route.collection).await?;
    indexes(place, route, absent, empty, mode, &mut report).await?;
    if !validator_fits {
        let strict = validator.is_some();
        self::validator(
            place,
            route,
            wanted,
            Found { empty, strict },
            mode,
            &mut report,
        )
        .await?;
    }
    Ok(report)
}

/// Sorts a model's indexes into those that are not there and those that are there differently.
fn sort_out(wanted: &[Index], found: &[IndexModel]) -> (Vec<Index>, Vec<Index>) {
    let unlike = wanted
        .iter()
        .filter(|index| !found.iter().any(|other| index.matches(other)));
    unlike.partition(|index| {
        let name = index.name();
        let same_name = |other: &IndexModel| {
            other
                .options
                .as_ref()
                .and_then(|options| options.name.as_deref())
                == Some(name.as_str())
        };
        !found
            .iter()
            .any(|other| same_name(other) || other.keys == index.keys())
    })
}

async fn indexes(
    place: &Place,
    route: &Route,
    absent: Vec<Index>,
    empty: bool,
    mode: Mode,
    report: &mut Report,
) -> Result<()> {
    let allowed = match mode {
        Mode::Check => false,
        Mode::Add => empty,
        Mode::Build => true,
    };
    let cure = if empty { SYNC } else { MIGRATE };
    if allowed && !absent.is_empty() {
        place.create_indexes(route.collection, &absent).await?;
    }
    for index in absent {
        let what = format!("index `{}`", index.name());
        if allowed {
            report
                .added
                .push(format!("{what} on {}", place.namespace(route.collection)));
        } else {
            report.missing.push(missing(place, route, what, cure));
        }
    }
    Ok(())
}

struct Found {
    empty: bool,
    /// Whether a validator is there, though another one.
    strict: bool,
}

async fn validator(
    place: &Place,
    route: &Route,
    wanted: Option<Document>,
    found: Found,
    mode: Mode,
    report: &mut Report,
) -> Result<()> {
    // A validator that the model does not know is somebody's: it is reported, never dropped.
    let Some(schema) = wanted else {
        report.missing.push(missing(
            place,
            route,
            "the model's lack of a validator".into(),
            MIGRATE,
        ));
        return Ok(());
    };
    let (level, action) = match (mode, &found) {
        (Mode::Check, found) => {
            let cure = if found.empty || !found.strict {
                SYNC
            } else {
                MIGRATE
            };
            report
                .missing
                .push(missing(place, route, "the model's validator".into(), cure));
            return Ok(());
        }
        (_, Found { empty: true, .. }) => ("strict", "error"),
        (Mode::Add, Found { strict: true, .. }) => {
            report.missing.push(missing(
                place,
                route,
                "the model's validator".into(),
                MIGRATE,
            ));
            return Ok(());
        }
        _ => ("moderate", "warn"),
    };
    place
        .set_validator(route.collection, schema, level, action)
        .await?;
    let namespace = place.namespace(route.collection);
    report
        .added
        .push(format!("validator on {namespace} ({level}, {action})"));
    Ok(())
}

fn missing(place: &Place, route: &Route, what: String, cure: &'static str) -> Missing {
    Missing {
        namespace: place.namespace(route.collection).to_string(),
        what,
        cure,
    }
}
