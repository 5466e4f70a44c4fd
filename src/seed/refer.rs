//! Rows as they are to be: with what they refer to, and as the model writes them.

use std::collections::HashMap;

use mongodb::bson::{Bson, Document, doc};

use super::{
    compare,
    describe::{Described, Kind},
    row::{Reference, Row},
    survey::Surveyor,
};
use crate::{error::Result, model::upkeep::DELETED_AT};

/// How many references are looked up by one command.
const BATCH: usize = 200;

impl Surveyor<'_> {
    /// Looks up what rows refer to.
    pub(super) async fn resolve(&self, rows: &[Row]) -> Result<HashMap<String, Option<Bson>>> {
        let references = rows.iter().flat_map(|row| &row.references);
        let mut groups: HashMap<(&str, String), Vec<&Reference>> = HashMap::new();
        for (_, to) in references {
            let fields: Vec<&str> = to.key.keys().map(String::as_str).collect();
            groups
                .entry((to.collection, fields.join(" ")))
                .or_default()
                .push(to);
        }
        let mut values = HashMap::new();
        for group in groups.into_values() {
            for some in group.chunks(BATCH) {
                self.look_up(some, &mut values).await?;
            }
        }
        Ok(values)
    }

    /// Looks up references to one collection by the same fields. What several documents match is `None`.
    async fn look_up(
        &self,
        references: &[&Reference],
        values: &mut HashMap<String, Option<Bson>>,
    ) -> Result<()> {
        let Some(first) = references.first() else {
            return Ok(());
        };
        let keys: Vec<&Document> = references.iter().map(|to| &to.key).collect();
        let mut filter = doc! { "$or": keys };
        if first.soft_delete {
            filter.insert(DELETED_AT, Bson::Null);
        }
        let found = self.place.find(first.collection, filter, doc! {}).await?;
        for document in &found {
            let part = |field: &String| {
                (
                    field.clone(),
                    document.get(field).cloned().unwrap_or(Bson::Null),
                )
            };
            let key: Document = first.key.keys().map(part).collect();
            for to in references.iter().filter(|to| to.key == key) {
                let value = document.get(to.field).cloned();
                let known = values.entry(name(to)).or_insert_with(|| value.clone());
                if *known != value {
                    *known = None;
                }
            }
        }
        Ok(())
    }
}

/// Returns a row's fields with its references, as the model writes them, and what it lacks.
pub(super) fn assembled(
    seed: &Described,
    row: &Row,
    values: &HashMap<String, Option<Bson>>,
) -> std::result::Result<(Document, Option<String>), String> {
    let mut fields = row.fields.clone()?;
    if !row.made.is_empty() && seed.kind != Kind::Once {
        return Err("only seeds that write once make fields at the insert".into());
    }
    let mut missing = None;
    for (field, to) in &row.references {
        if seed.key.contains(field) {
            return Err(format!(
                "`{field}` is a part of the key and refers to something"
            ));
        }
        match values.get(&name(to)) {
            Some(Some(value)) => drop(fields.insert(*field, value)),
            _ => {
                missing = Some(format!(
                    "`{field}` of a row refers to a document of {} that is not there, or not one alone: write it by a seed before this one, and name that with `.after(…)`",
                    to.collection
                ));
            }
        }
    }
    if missing.is_none() && row.made.is_empty() {
        fields = (seed.fit)(&fields)?;
    }
    match seed.key.iter().find(|field| !fields.contains_key(**field)) {
        Some(field) => Err(format!("`{field}` of the key is missing")),
        None => Ok((fields, missing)),
    }
}

fn name(to: &Reference) -> String {
    let parts = doc! { "in": to.collection, "key": &to.key, "field": to.field };
    compare::key_hash(&parts)
}
