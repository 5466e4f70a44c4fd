//! The one seam through which every filter, document and pipeline passes on its way out.
//!
//! Where each tenant has a database of its own, filters and documents pass as they are; what must
//! be refused are pipelines that name another database, which MongoDB allows from any handle.

use mongodb::bson::{Bson, Document};

use crate::error::{Error, Result};

/// What a handle may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Whatever the database's user may.
    Deployment,
    /// The tenant's own database.
    Tenant,
}

/// Stages that can name another database.
const ELSEWHERE: [&str; 5] = ["$out", "$merge", "$lookup", "$graphLookup", "$unionWith"];

impl Reach {
    /// Passes a filter. Identity today; rows of a shared collection would be narrowed here.
    pub(super) fn filter(self, _filter: &mut Document) {}

    /// Passes a pipeline.
    ///
    /// # Errors
    /// [`Error::OutOfScope`] where a tenant's pipeline names another database, at any depth.
    pub(super) fn pipeline(self, pipeline: &[Document]) -> Result<()> {
        match self {
            Self::Deployment => Ok(()),
            Self::Tenant => pipeline.iter().try_for_each(stay),
        }
    }
}

fn stay(document: &Document) -> Result<()> {
    for (key, value) in document {
        if ELSEWHERE.contains(&key.as_str()) && names_database(value) {
            return Err(Error::OutOfScope { stage: key.clone() });
        }
        stay_in(value)?;
    }
    Ok(())
}

fn stay_in(value: &Bson) -> Result<()> {
    match value {
        Bson::Document(inner) => stay(inner),
        Bson::Array(items) => items.iter().try_for_each(stay_in),
        _ => Ok(()),
    }
}

/// A stage names a database with `db`, beside the collection or inside `into`, `from` or `coll`.
/// `$out` and `$merge` take a plain string as a collection, even where it holds a dot.
fn names_database(stage: &Bson) -> bool {
    let Some(stage) = stage.as_document() else {
        return false;
    };
    let inside = ["into", "from", "coll"]
        .iter()
        .filter_map(|key| stage.get_document(key).ok());
    stage.contains_key("db") || inside.into_iter().any(|target| target.contains_key("db"))
}

/// Returns the collection that a pipeline's last stage writes to, where it does.
pub(super) fn written(stage: &Document) -> Option<&str> {
    let (name, target) = stage.iter().next()?;
    if name != "$out" && name != "$merge" {
        return None;
    }
    let target = match target.as_document() {
        Some(inner) => inner.get("into").unwrap_or(target),
        None => target,
    };
    match target {
        Bson::Document(inner) => inner.get_str("coll").ok(),
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn a_tenants_pipeline_names_no_other_database_at_any_depth() {
        let there = doc! { "db": "other", "coll": "x" };
        for stage in [
            doc! { "$out": &there },
            doc! { "$merge": { "into": &there } },
            doc! { "$lookup": { "from": &there, "as": "x" } },
            doc! { "$graphLookup": { "from": &there } },
            doc! { "$unionWith": &there },
            doc! { "$unionWith": { "coll": &there } },
            doc! { "$facet": { "a": [{ "$lookup": { "from": "own", "pipeline": [{ "$unionWith": &there }] } }] } },
            doc! { "$lookup": { "from": "own", "pipeline": [{ "$lookup": { "from": &there } }] } },
        ] {
            let refused = Reach::Tenant.pipeline(std::slice::from_ref(&stage));
            assert!(matches!(refused, Err(Error::OutOfScope { .. })), "{stage}");
            assert!(Reach::Deployment.pipeline(&[stage]).is_ok());
        }
    }

    #[test]
    fn a_tenants_pipeline_may_use_the_tenants_own_collections() {
        let pipeline = [
            doc! { "$lookup": { "from": "orders", "as": "db" } },
            doc! { "$match": { "db": 1, "into": { "db": 1 } } },
            doc! { "$merge": { "into": "totals" } },
        ];
        assert!(Reach::Tenant.pipeline(&pipeline).is_ok());
    }
}
