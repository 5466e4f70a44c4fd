//! Compares one place with its models, collection by collection, and adds what the mode allows.

use futures_util::future::try_join_all;
use mongodb::{
    IndexModel,
    bson::{Document, doc},
    options::{CreateCollectionOptions, ValidationLevel},
    results::CollectionSpecification,
};

use super::{Cure, Missing, Mode, Report, place::Place};
use crate::{
    error::{Error, Result},
    model::Index,
    registry::Route,
};

pub(super) async fn run(place: &Place, mode: Mode) -> Result<Report> {
    let collections = place.collections().await?;
    let compared = place.routes.iter().map(|&route| async {
        let comparison = Comparison {
            place,
            route,
            mode,
            report: Report::default(),
        };
        match collections.get(route.collection) {
            None => comparison.absent().await,
            Some(found) => comparison.present(found).await,
        }
    });
    let reports = try_join_all(compared).await?;
    Ok(reports.into_iter().fold(Report::default(), Report::merge))
}

/// One model against one collection.
struct Comparison<'a> {
    place: &'a Place,
    route: &'static Route,
    mode: Mode,
    report: Report,
}

impl Comparison<'_> {
    async fn absent(mut self) -> Result<Report> {
        if self.mode == Mode::Check {
            self.missing("the collection", Cure::Add);
            return Ok(self.report);
        }
        let (route, indexes) = (self.route, self.route.indexes());
        self.place.create(route).await?;
        if !indexes.is_empty() {
            self.place
                .create_indexes(route.collection, &indexes)
                .await?;
        }
        self.added(format!("the collection with {} indexes", indexes.len()));
        Ok(self.report)
    }

    async fn present(mut self, found: &CollectionSpecification) -> Result<Report> {
        let indexes = self.place.indexes(self.route.collection).await?;
        let (absent, different) = sort_out(&self.route.indexes(), &indexes);
        for index in different {
            self.missing(
                format!("{} as the model has it", index.describe()),
                Cure::Change,
            );
        }
        let wanted = (self.route.validator)().map(|schema| doc! { "$jsonSchema": schema });
        let validator_fits = fits(wanted.as_ref(), &found.options);
        if absent.is_empty() && validator_fits {
            return Ok(self.report);
        }
        let empty = self.place.is_empty(self.route.collection).await?;
        self.indexes(absent, empty).await?;
        if !validator_fits {
            let foreign = found.options.validator.is_some();
            self.validator(wanted, foreign, empty).await?;
        }
        Ok(self.report)
    }

    async fn indexes(&mut self, absent: Vec<Index>, empty: bool) -> Result<()> {
        let cure = if empty { Cure::Add } else { Cure::Change };
        let allowed = self.mode == Mode::Build || (self.mode == Mode::Add && empty);
        for index in absent {
            let what = index.describe();
            if !allowed {
                self.missing(what, cure);
                continue;
            }
            match self
                .place
                .create_indexes(self.route.collection, &[index])
                .await
            {
                Ok(()) => self.added(what),
                // Documents that are there share a key: which of them is right, a person knows.
                Err(Error::Duplicate { .. }) => self.missing(what, Cure::Change),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sets the validator where that cannot hurt. A validator that somebody else made is reported,
    /// and never replaced on a collection with documents: it may be a fence.
    async fn validator(
        &mut self,
        wanted: Option<Document>,
        foreign: bool,
        empty: bool,
    ) -> Result<()> {
        let harmless = empty || !foreign || self.mode == Mode::Build;
        let cure = if harmless { Cure::Add } else { Cure::Change };
        let Some(validator) = wanted.filter(|_| harmless && self.mode != Mode::Check) else {
            self.missing("the model's validator", cure);
            return Ok(());
        };
        let (level, action) = match empty || self.mode == Mode::Build {
            true => ("strict", "error"),
            false => ("moderate", "warn"),
        };
        self.place
            .set_validator(self.route.collection, validator, level, action)
            .await?;
        self.added(format!("the validator ({level}, {action})"));
        Ok(())
    }

    fn added(&mut self, what: impl Into<String>) {
        let namespace = self.place.namespace(self.route.collection);
        self.report
            .added
            .push(format!("{namespace}: {}", what.into()));
    }

    fn missing(&mut self, what: impl Into<String>, cure: Cure) {
        let namespace = self.place.namespace(self.route.collection).to_string();
        let (what, need) = (what.into(), self.place.need);
        self.report.missing.push(Missing {
            namespace,
            what,
            cure,
            need,
        });
    }
}

/// Returns whether a collection's validator is the model's and is on. One that was added to
/// documents that were there is moderate and warns, which counts: strictness is a migration's.
fn fits(wanted: Option<&Document>, options: &CreateCollectionOptions) -> bool {
    let on = !matches!(options.validation_level, Some(ValidationLevel::Off));
    options.validator.as_ref() == wanted && (on || wanted.is_none())
}

/// Sorts a model's indexes into those that are not there and those that are there differently.
fn sort_out(wanted: &[Index], found: &[IndexModel]) -> (Vec<Index>, Vec<Index>) {
    let unlike = wanted
        .iter()
        .filter(|index| !found.iter().any(|other| index.matches(other)));
    unlike.partition(|index| {
        let name = index.name();
        let same_name = |other: &IndexModel| {
            let options = other.options.as_ref();
            options.and_then(|options| options.name.as_deref()) == Some(name.as_str())
        };
        !found
            .iter()
            .any(|other| same_name(other) || index.has_keys_of(other))
    })
}
