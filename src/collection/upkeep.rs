//! What the library keeps in documents, put into the verbs' inputs: stamps and marks of deletion.

use mongodb::{
    bson::{Bson, DateTime, Document, RawBsonRef, RawDocument, RawDocumentBuf, doc, oid::ObjectId},
    options::UpdateModifications,
};

use crate::model::{
    Upkeep,
    upkeep::{CREATED_AT, DELETED_AT, UPDATED_AT, VERSION, WRITE_TOKEN},
};

/// Which documents of a soft-deleting model a handle sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Those that are not deleted.
    Live,
    /// Those that are.
    Deleted,
}

/// Stages that would drop what is kept.
const DROPPING: [&str; 3] = ["$replaceWith", "$replaceRoot", "$project"];

/// Stages that must stand first, so that nothing is put before them.
const FIRST: [&str; 7] = [
    "$search",
    "$searchMeta",
    "$vectorSearch",
    "$collStats",
    "$indexStats",
    "$planCacheStats",
    "$listSearchIndexes",
];

impl View {
    /// Returns what a document must have to be seen.
    fn condition(self) -> Document {
        match self {
            Self::Live => doc! { DELETED_AT: null },
            Self::Deleted => doc! { DELETED_AT: { "$ne": null } },
        }
    }

    /// Returns whether a document is seen.
    pub(super) fn sees(self, document: &RawDocument) -> bool {
        let mark = document.get(DELETED_AT).ok().flatten();
        let is_marked = mark.is_some_and(|mark| mark != RawBsonRef::Null);
        is_marked == (self == Self::Deleted)
    }

    /// Narrows a filter to what is seen.
    pub(super) fn narrow(self, filter: &mut Document) {
        let condition = self.condition();
        if filter.contains_key(DELETED_AT) {
            let asked = std::mem::take(filter);
            *filter = doc! { "$and": [condition, asked] };
        } else {
            filter.extend(condition);
        }
    }

    /// Narrows a pipeline to what is seen, as early as its first stage lets it.
    pub(super) fn narrow_pipeline(self, pipeline: &mut Vec<Document>) {
        let first = pipeline.first_mut();
        let name = first
            .as_ref()
            .and_then(|stage| stage.keys().next().cloned());
        match (name.as_deref(), first) {
            // `$text` must stand in the first stage.
            (Some("$match"), Some(stage)) => narrow_in(self, stage, "$match"),
            (Some("$geoNear"), Some(stage)) => {
                let Ok(near) = stage.get_document_mut("$geoNear") else {
                    return;
                };
                if !near.contains_key("query") {
                    near.insert("query", Document::new());
                }
                narrow_in(self, near, "query");
            }
            (Some(name), _) if FIRST[..3].contains(&name) => {
                pipeline.insert(1, doc! { "$match": self.condition() });
            }
            (Some(name), _) if FIRST.contains(&name) => {}
            _ => pipeline.insert(0, doc! { "$match": self.condition() }),
        }
    }
}

/// Returns whether a filter asks for one `_id` and nothing else.
pub(super) fn is_one_id(filter: &Document) -> bool {
    let is_plain = |value: &Bson| {
        !matches!(
            value,
            Bson::Document(_) | Bson::Array(_) | Bson::RegularExpression(_)
        )
    };
    filter.len() == 1 && filter.get("_id").is_some_and(is_plain)
}

/// Puts a token into an update of one version: a repeat that matches nothing finds by it that the
/// first attempt was applied.
pub(super) fn sign(update: &mut UpdateModifications) {
    let token = ObjectId::new();
    match update {
        UpdateModifications::Document(update) => put(update, "$set", WRITE_TOKEN, token),
        UpdateModifications::Pipeline(stages) => {
            stages.push(doc! { "$set": { WRITE_TOKEN: token } })
        }
        _ => {}
    }
}

fn narrow_in(view: View, stage: &mut Document, key: &str) {
    if let Ok(filter) = stage.get_document_mut(key) {
        view.narrow(filter);
    }
}

/// Stamps an update, or names what in it would change what the library keeps.
pub(super) fn stamp(upkeep: Upkeep, update: &mut UpdateModifications) -> Result<(), String> {
    match update {
        _ if !upkeep.has_stamps() => Ok(()),
        UpdateModifications::Document(update) => stamp_operators(upkeep, update),
        UpdateModifications::Pipeline(stages) => stamp_stages(upkeep, stages),
        _ => Ok(()),
    }
}

fn stamp_operators(upkeep: Upkeep, update: &mut Document) -> Result<(), String> {
    for (operator, fields) in update.iter() {
        let fields = fields.as_document().into_iter().flatten();
        for (field, value) in fields {
            let renamed = value.as_str().filter(|_| operator == "$rename");
            for name in [Some(field.as_str()), renamed].into_iter().flatten() {
                refuse(upkeep, name)?;
            }
        }
    }
    let now = DateTime::now();
    put(update, "$set", UPDATED_AT, now);
    put(update, "$setOnInsert", CREATED_AT, now);
    put(update, "$inc", VERSION, 1_i64);
    Ok(())
}

fn stamp_stages(upkeep: Upkeep, stages: &mut Vec<Document>) -> Result<(), String> {
    for (name, value) in stages.iter().flatten() {
        if DROPPING.contains(&name.as_str()) {
            return Err(format!("`{name}`"));
        }
        let named = |value: &Bson| value.as_str().map(str::to_owned);
        let fields = match value {
            Bson::Document(fields) => fields.keys().cloned().collect(),
            Bson::Array(names) => names.iter().filter_map(named).collect(),
            value => Vec::from_iter(named(value)),
        };
        fields.iter().try_for_each(|field| refuse(upkeep, field))?;
    }
    stages.push(doc! { "$set": stamps() });
    Ok(())
}

fn refuse(upkeep: Upkeep, name: &str) -> Result<(), String> {
    let first = name.split('.').next().unwrap_or_default();
    if upkeep.fields().contains(&first) {
        return Err(format!("`{first}`"));
    }
    Ok(())
}

/// Adds a field to an operator. An operator that is no document is left for the server to refuse.
fn put(update: &mut Document, operator: &str, field: &str, value: impl Into<Bson>) {
    let entry = update.entry(operator.to_owned());
    if let Bson::Document(fields) = entry.or_insert_with(|| Document::new().into()) {
        fields.insert(field, value);
    }
}

/// Returns the stamps of a change as a pipeline's expressions, which read what is there.
fn stamps() -> Document {
    let now = DateTime::now();
    doc! {
        VERSION: { "$add": [{ "$ifNull": [format!("${VERSION}"), 0_i64] }, 1_i64] },
        CREATED_AT: { "$ifNull": [format!("${CREATED_AT}"), now] },
        UPDATED_AT: now,
    }
}

/// Returns a replacement as an update that keeps what is kept; `None` where nothing is.
pub(super) fn replacement(upkeep: Upkeep, with: &RawDocumentBuf) -> Option<UpdateModifications> {
    if !upkeep.has_stamps() {
        return None;
    }
    let mut own = Document::try_from(with.as_ref()).ok()?;
    upkeep
        .fields()
        .iter()
        .for_each(|field| drop(own.remove(field)));
    let whole = doc! { "$mergeObjects": [{ "_id": "$_id" }, { "$literal": own }, stamps()] };
    Some(UpdateModifications::Pipeline(vec![
        doc! { "$replaceWith": whole },
    ]))
}

/// Returns what marks a document as deleted.
pub(super) fn deletion() -> UpdateModifications {
    let now = DateTime::now();
    doc! { "$set": { DELETED_AT: now, UPDATED_AT: now }, "$inc": { VERSION: 1_i64 } }.into()
}

/// Returns what takes the mark away.
pub(super) fn restoration() -> UpdateModifications {
    let update = doc! {
        "$unset": { DELETED_AT: "" },
        "$set": { UPDATED_AT: DateTime::now() },
        "$inc": { VERSION: 1_i64 },
    };
    update.into()
}
