//! Compares one place with its models, collection by collection, and adds what the mode allows.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use mongodb::results::{CollectionSpecification, CollectionType};

use super::{
    Cure, Difference, Kind, Mode, Report,
    diff::{self, Finding, Found, Remedy},
    place::Place,
};
use crate::{
    error::{Error, Result},
    registry::Route,
};

pub(super) async fn run(place: &Place, mode: Mode) -> Result<Report> {
    let mut collections = place.collections().await?;
    let settled: Vec<_> = place
        .routes
        .iter()
        .map(|&route| (route, collections.remove(route.collection)))
        .map(|(route, collection)| settle(place, route, collection, mode))
        .collect();
    let reports = try_join_all(settled).await?;
    let report = reports.into_iter().fold(Report::default(), Report::merge);
    Ok(report.merge(strangers(place, &collections)))
}

/// Reports the collections that no model claimed.
fn strangers(place: &Place, rest: &BTreeMap<String, CollectionSpecification>) -> Report {
    let stranger = |collection: &CollectionSpecification| {
        let finding = diff::stranger(collection)?;
        Some(difference(place, &collection.name, &finding))
    };
    Report {
        unknown: rest.values().filter_map(stranger).collect(),
        ..Report::default()
    }
}

/// Compares one model with one collection, and applies what `mode` allows.
async fn settle(
    place: &Place,
    route: &'static Route,
    collection: Option<CollectionSpecification>,
    mode: Mode,
) -> Result<Report> {
    let found = match collection {
        Some(collection) => Some(look(place, route, collection).await?),
        None => None,
    };
    let findings = diff::compare(route, found.as_ref());
    let depends = |finding: &Finding| finding.remedy.depends_on_documents();
    // Asked only where the answer decides something: most collections differ in nothing.
    let is_empty = findings.iter().any(depends) && place.is_empty(route.collection).await?;
    let mut report = Report::default();
    for finding in findings {
        let mut found = difference(place, route.collection, &finding);
        found.cure = finding.remedy.cure(is_empty);
        if found.is_ended_by(mode) {
            match add(place, route, &finding.remedy, mode, is_empty).await? {
                Some(detail) => {
                    found.what.push_str(&detail);
                    report.added.push(found);
                    continue;
                }
                None => (found.cure, found.is_built) = (Cure::Migration, false),
            }
        }
        match found.kind {
            Kind::Unknown => report.unknown.push(found),
            _ => report.missing.push(found),
        }
    }
    Ok(report)
}

async fn look(place: &Place, route: &Route, collection: CollectionSpecification) -> Result<Found> {
    let indexes = match collection.collection_type {
        CollectionType::Collection => place.indexes(route.collection).await?,
        // A view has none and refuses the question.
        _ => Vec::new(),
    };
    Ok(Found {
        collection,
        indexes,
    })
}

/// Adds what is missing and returns what else is to be said of it; `None` where documents that are
/// there share a key of a unique index: which of them is right, a person knows.
async fn add(
    place: &Place,
    route: &'static Route,
    remedy: &Remedy,
    mode: Mode,
    is_empty: bool,
) -> Result<Option<String>> {
    let collection = route.collection;
    match remedy {
        Remedy::Create => {
            place.create(route).await?;
            let indexes = route.indexes();
            if !indexes.is_empty() {
                place.create_indexes(collection, &indexes).await?;
            }
            let plural = if indexes.len() == 1 { "" } else { "es" };
            Ok(Some(format!(" with {} index{plural}", indexes.len())))
        }
        Remedy::Index { index, .. } => match place.create_indexes(collection, &[*index]).await {
            Ok(()) => Ok(Some(String::new())),
            Err(Error::Duplicate { .. }) => Ok(None),
            Err(error) => Err(error),
        },
        Remedy::Validator { schema, .. } => {
            let (level, action) = match is_empty || mode == Mode::Build {
                true => ("strict", "error"),
                false => ("moderate", "warn"),
            };
            let schema = schema.clone();
            place
                .set_validator(collection, schema, level, action)
                .await?;
            Ok(Some(format!(" ({level}, {action})")))
        }
        Remedy::Migration | Remedy::Nothing => Ok(None),
    }
}

fn difference(place: &Place, collection: &str, finding: &Finding) -> Difference {
    Difference {
        namespace: format!("{}.{collection}", place.name),
        kind: finding.kind,
        part: finding.part,
        what: finding.what.clone(),
        cure: Cure::Nothing,
        need: place.need,
        is_built: finding.remedy.is_built(),
    }
}
