//! The commands that `explain` is asked with: those of the verbs, in the server's own form.

use mongodb::{
    bson::{self, Document, doc},
    options::{AggregateOptions, CountOptions, DistinctOptions, FindOneOptions, FindOptions},
};
use serde::Serialize;

use crate::{collection::scope, slow::Answer};

/// A command, and what comes back for what it examines.
pub type Explained = (Document, Answer);

/// Puts the options that decide about a plan into a command, as far as they are set.
macro_rules! with {
    ($command:expr, $options:ident { $($name:literal: $option:ident),* $(,)? }) => {{
        let mut command: Document = $command;
        $(put(&mut command, $name, $options.$option.as_ref());)*
        command
    }};
}

fn put(command: &mut Document, name: &str, option: Option<&impl Serialize>) {
    let value = option.map(bson::serialize_to_bson);
    if let Some(Ok(value)) = value {
        command.insert(name, value);
    }
}

pub(super) fn find_one(on: &str, filter: &Document, options: &FindOneOptions) -> Explained {
    let command = with!(doc! { "find": on, "filter": filter, "limit": 1, "singleBatch": true }, options {
        "sort": sort, "projection": projection, "skip": skip, "hint": hint, "collation": collation,
        "min": min, "max": max, "let": let_vars,
    });
    (command, Answer::Documents)
}

pub(super) fn find(on: &str, filter: &Document, options: &FindOptions) -> Explained {
    let mut command = with!(doc! { "find": on, "filter": filter }, options {
        "sort": sort, "projection": projection, "skip": skip, "hint": hint, "collation": collation,
        "min": min, "max": max, "let": let_vars, "allowDiskUse": allow_disk_use,
    });
    if let Some(limit) = options.limit {
        command.insert("limit", limit.saturating_abs());
    }
    (command, Answer::Documents)
}

/// Of a pipeline that writes nothing.
pub(super) fn aggregate(
    on: &str,
    pipeline: &[Document],
    options: &AggregateOptions,
) -> Option<Explained> {
    if pipeline.last().and_then(scope::written).is_some() {
        return None;
    }
    let command = with!(doc! { "aggregate": on, "pipeline": pipeline, "cursor": {} }, options {
        "hint": hint, "collation": collation, "let": let_vars, "allowDiskUse": allow_disk_use,
    });
    Some((command, Answer::Made))
}

/// As the driver counts: by a pipeline.
pub(super) fn count(on: &str, filter: &Document, options: &CountOptions) -> Explained {
    let mut pipeline = vec![doc! { "$match": filter }];
    for (stage, number) in [("$skip", options.skip), ("$limit", options.limit)] {
        let number = number.and_then(|number| i64::try_from(number).ok());
        pipeline.extend(number.map(|number| doc! { stage: number }));
    }
    pipeline.push(doc! { "$group": { "_id": 1, "n": { "$sum": 1 } } });
    let command = with!(doc! { "aggregate": on, "pipeline": pipeline, "cursor": {} }, options {
        "hint": hint, "collation": collation,
    });
    (command, Answer::Made)
}

pub(super) fn distinct(
    on: &str,
    (field, filter): (&str, &Document),
    options: &DistinctOptions,
) -> Explained {
    let command = with!(doc! { "distinct": on, "key": field, "query": filter }, options {
        "hint": hint, "collation": collation,
    });
    (command, Answer::Made)
}
