//! Query parameters as a filter: `status=active`, `companyName.prefix=Ac`, `createdAt.gte=2026-01-01T00:00:00Z`.
//!
//! A value is always a value: it is typed by the model's validator and put behind an operator of ours,
//! so nothing in it is ever read as an operator or as a pattern.

use mongoplex::{
    Resource,
    bson::{Bson, Document, doc},
};

use super::shape::{Shape, bad, is_kept, stored_name};
use crate::problem::Problem;

/// Most values of one `.in`.
const MOST: usize = 100;

/// Adds what a parameter asks for.
///
/// # Errors
/// A 400 that names the parameter and what may be asked for.
pub(super) fn add<M: Resource>(
    filter: &mut Document,
    name: &str,
    text: &str,
) -> Result<(), Problem> {
    let (field, operator) = split::<M>(name)?;
    let shape = shape::<M>(field);
    let value = |text: &str| value(name, &shape, text);
    let condition = match operator {
        "eq" => doc! { "$eq": value(text)? },
        "ne" => doc! { "$ne": value(text)? },
        "gt" => doc! { "$gt": value(text)? },
        "gte" => doc! { "$gte": value(text)? },
        "lt" => doc! { "$lt": value(text)? },
        "lte" => doc! { "$lte": value(text)? },
        "in" => doc! { "$in": several(name, text)?.map(value).collect::<Result<Vec<_>, _>>()? },
        "exists" => exists(name, text)?,
        // A range and no pattern: it needs no escaping, and an index serves it.
        "prefix" if !shape.is_text() => return Err(bad(name, "only a text has a prefix")),
        "prefix" => doc! { "$gte": text, "$lt": format!("{text}\u{10FFFF}") },
        _ => {
            return Err(bad(
                name,
                "expected .eq, .ne, .gt, .gte, .lt, .lte, .in, .exists or .prefix",
            ));
        }
    };
    let field = stored_name(field);
    match filter.get_document_mut(field) {
        Ok(there) if condition.keys().all(|key| !there.contains_key(key)) => {
            there.extend(condition)
        }
        Ok(_) => return Err(bad(name, "contradicts another parameter of the same field")),
        Err(_) => drop(filter.insert(field, condition)),
    }
    Ok(())
}

/// Returns the field and the operator of a parameter; `eq` where none is named.
fn split<M: Resource>(name: &str) -> Result<(&str, &str), Problem> {
    if allows::<M>(name) {
        return Ok((name, "eq"));
    }
    match name.rsplit_once('.') {
        Some((field, operator)) if allows::<M>(field) => Ok((field, operator)),
        _ => Err(bad(
            name,
            &format!("is no parameter; there are {}", allowed::<M>()),
        )),
    }
}

/// Returns whether a list may be filtered and sorted by a field.
pub(super) fn allows<M: Resource>(field: &str) -> bool {
    let first = field.split('.').next().unwrap_or_default();
    let own = M::FILTERS.contains(&field) && !M::HIDDEN.contains(&first);
    own || field == "id" || M::UPKEEP.shown().any(|shown| shown == field)
}

/// Returns what a list may be asked for, in words.
pub(super) fn allowed<M: Resource>() -> String {
    let fields = M::FILTERS.iter().copied().chain(M::UPKEEP.shown());
    let fields: Vec<&str> = fields.filter(|field| allows::<M>(field)).collect();
    let deleted = if M::UPKEEP.is_soft_delete() {
        ", deleted"
    } else {
        ""
    };
    format!(
        "limit, after, sort, count{deleted} and the fields id, {}",
        fields.join(", ")
    )
}

/// Returns the shape of a field as the model's validator or the library has it.
pub(super) fn shape<M: Resource>(field: &str) -> Shape {
    let stored = stored_name(field);
    if is_kept(M::UPKEEP, stored) {
        return Shape::kept(stored);
    }
    Shape::of::<M>().field(stored)
}

fn value(name: &str, shape: &Shape, text: &str) -> Result<Bson, Problem> {
    let choices = shape.choices();
    if !choices.is_empty() && !choices.contains(&text) {
        return Err(bad(
            name,
            &format!("expected one of {}", choices.join(", ")),
        ));
    }
    shape
        .text(text)
        .map_err(|expected| bad(name, &format!("expected {expected}")))
}

fn several<'a>(name: &str, text: &'a str) -> Result<impl Iterator<Item = &'a str>, Problem> {
    if text.split(',').count() > MOST {
        return Err(bad(name, &format!("at most {MOST} values")));
    }
    Ok(text.split(','))
}

fn exists(name: &str, text: &str) -> Result<Document, Problem> {
    let exists: bool = text
        .parse()
        .map_err(|_| bad(name, "expected true or false"))?;
    Ok(if exists {
        doc! { "$ne": null }
    } else {
        doc! { "$eq": null }
    })
}
