//! What migrations leave behind, as far as it is data: pure. Code in transactions and raw steps, and what
//! backfills did to documents, is not known here.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, Document, doc};

use super::{
    ground::levels,
    list::List,
    row::Row,
    step::{Action, Step},
};

/// What a database must hold, each with the migration that put it there last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Expected {
    pub(super) collections: BTreeMap<&'static str, Collection>,
    /// Indexes of migrations that are not applied: a build goes on when its process has ended.
    pending: Vec<Pending>,
}

#[derive(Debug, Clone, PartialEq)]
struct Pending {
    collection: &'static str,
    index: String,
    migration: &'static str,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Collection {
    /// The migration that made it, where one did: others may have been made by the models.
    pub(super) since: Option<&'static str>,
    /// Options of `create`, and those that a validator sets.
    pub(super) options: BTreeMap<String, (Bson, &'static str)>,
    /// By name.
    pub(super) indexes: BTreeMap<String, (Document, &'static str)>,
}

/// Something that is not as migrations left it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The migration that left it otherwise.
    pub migration: String,
    /// What is amiss, such as ``index `status_1` of `clients` is missing``.
    pub what: String,
    /// Whether it is on its way: an index that is being built.
    pub is_building: bool,
}

/// A collection as the server describes it.
pub(super) struct Found {
    pub(super) options: Document,
    pub(super) indexes: Vec<Document>,
}

impl Expected {
    /// Returns what the migrations of a ledger left behind.
    pub(super) fn of(row: &Row, list: &List) -> Self {
        let mut expected = Self::default();
        let applied = row.ledger.iter();
        let applied = applied.filter(|(_, entry)| !entry.state.is_unfinished());
        for listed in applied.filter_map(|(id, _)| list.find(id)) {
            for step in &listed.migration.up {
                expected.add(listed.id, step);
            }
        }
        let is_applied = |id: &str| {
            let entry = row.ledger.get(id);
            entry.is_some_and(|entry| !entry.state.is_unfinished())
        };
        for listed in &list.migrations {
            if !is_applied(listed.id) {
                let steps = listed.migration.up.iter();
                expected
                    .pending
                    .extend(steps.flat_map(|step| pending(listed.id, step)));
            }
        }
        expected
    }

    /// Returns whether anything is said of the indexes of a collection.
    pub(super) fn has_indexes(&self, collection: &str) -> bool {
        let known = self.collections.get(collection);
        known.is_some_and(|known| !known.indexes.is_empty())
            || self
                .pending
                .iter()
                .any(|pending| pending.collection == collection)
    }

    fn add(&mut self, id: &'static str, step: &Step) {
        match &step.action {
            Action::Collection {
                collection,
                options,
            } => {
                let known = self.collections.entry(collection).or_default();
                known.since = Some(id);
                let options = options.iter();
                known
                    .options
                    .extend(options.map(|(key, value)| (key.clone(), (value.clone(), id))));
            }
            Action::Indexes {
                collection,
                indexes,
            } => {
                let known = self.collections.entry(collection).or_default();
                known.since.get_or_insert(id);
                for index in indexes {
                    known.indexes.insert(name_of(index), (index.clone(), id));
                }
            }
            Action::Unique { collection, index } => {
                let known = self.collections.entry(collection).or_default();
                known.since.get_or_insert(id);
                let mut index = index.clone();
                index.insert("unique", true);
                known.indexes.insert(name_of(&index), (index, id));
            }
            Action::Validator {
                collection,
                validator,
                is_strict,
            } => {
                let known = self.collections.entry(collection).or_default();
                known.since.get_or_insert(id);
                let (level, action) = levels(*is_strict);
                let set = doc! {
                    "validator": validator, "validationLevel": level, "validationAction": action,
                };
                known
                    .options
                    .extend(set.into_iter().map(|(key, value)| (key, (value, id))));
            }
            Action::DropIndex { collection, index } => {
                if let Some(known) = self.collections.get_mut(collection) {
                    known.indexes.remove(*index);
                }
            }
            Action::Rename { from, to } => {
                if let Some(mut known) = self.collections.remove(from) {
                    known.since = Some(id);
                    self.collections.insert(to, known);
                }
            }
            Action::DropCollection { collection } => {
                self.collections.remove(collection);
            }
            Action::Transaction { .. } | Action::Backfill(_) | Action::Raw { .. } => {}
        }
    }

    /// Compares it with what is there.
    pub(super) fn compare(&self, found: &BTreeMap<String, Found>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, wanted) in &self.collections {
            match found.get(*name) {
                Some(found) => wanted.compare(name, found, &mut findings),
                None => findings.extend(
                    wanted
                        .since
                        .map(|id| Finding::new(id, format!("collection `{name}` is missing"))),
                ),
            }
        }
        let building = self
            .pending
            .iter()
            .filter(|pending| pending.is_built(found));
        findings.extend(building.map(Pending::finding));
        findings
    }
}

impl Pending {
    /// Returns whether it is being built.
    fn is_built(&self, found: &BTreeMap<String, Found>) -> bool {
        let there = found.get(self.collection);
        there.is_some_and(|there| {
            let mut building = there
                .indexes
                .iter()
                .filter(|index| index.contains_key("buildUUID"));
            building.any(|index| name_of(spec(index)) == self.index)
        })
    }

    fn finding(&self) -> Finding {
        let Self {
            collection,
            index,
            migration,
        } = self;
        let what = format!("index `{index}` of `{collection}` is being built");
        Finding {
            is_building: true,
            ..Finding::new(migration, what)
        }
    }
}

/// Returns the indexes that a step builds.
fn pending(migration: &'static str, step: &Step) -> Vec<Pending> {
    let (collection, indexes) = match &step.action {
        Action::Indexes {
            collection,
            indexes,
        } => (*collection, indexes.as_slice()),
        Action::Unique { collection, index } => (*collection, std::slice::from_ref(index)),
        _ => return Vec::new(),
    };
    let one = |index: &Document| Pending {
        collection,
        index: name_of(index),
        migration,
    };
    indexes.iter().map(one).collect()
}

impl Collection {
    fn compare(&self, name: &str, found: &Found, findings: &mut Vec<Finding>) {
        for (key, (value, id)) in &self.options {
            // What is its default the server leaves out.
            let is_default = matches!(
                (key.as_str(), value.as_str()),
                ("validationLevel", Some("strict")) | ("validationAction", Some("error"))
            );
            let there = found.options.get(key);
            let is_same = there.map_or(is_default, |there| is_option(key, value, there));
            if !is_same {
                findings.push(Finding::new(
                    id,
                    format!("`{key}` of `{name}` is another one"),
                ));
            }
        }
        for (index, (wanted, id)) in &self.indexes {
            let of_name = |found: &&Document| name_of(spec(found)) == *index;
            let what = match found.indexes.iter().find(of_name) {
                None => "is missing",
                Some(there) if there.contains_key("buildUUID") => "is being built",
                Some(there) if !is_same(wanted, spec(there), &found.options) => "is another one",
                Some(_) => continue,
            };
            let mut finding = Finding::new(id, format!("index `{index}` of `{name}` {what}"));
            finding.is_building = what == "is being built";
            findings.push(finding);
        }
    }
}

impl Finding {
    fn new(migration: &str, what: String) -> Self {
        Self {
            migration: migration.to_owned(),
            what,
            is_building: false,
        }
    }
}

fn name_of(index: &Document) -> String {
    index.get_str("name").unwrap_or_default().to_owned()
}

/// Returns what `listIndexes` says of an index, which lies deeper while it is being built.
fn spec(listed: &Document) -> &Document {
    listed.get_document("spec").unwrap_or(listed)
}

/// Returns whether an index that is there is the one that was asked for: all that was said is so, and
/// nothing else that matters is.
fn is_same(wanted: &Document, found: &Document, of_collection: &Document) -> bool {
    const MATTER: [&str; 6] = [
        "unique",
        "sparse",
        "partialFilterExpression",
        "collation",
        "expireAfterSeconds",
        "hidden",
    ];
    let is = |key: &str, value: &Bson, there: &Bson| match key {
        "collation" => is_covered(value, there),
        _ => is_equal(value, there),
    };
    let said = wanted.iter().all(|(key, value)| {
        let there = found.get(key);
        there.is_some_and(|there| is(key, value, there))
    });
    let off = |value: &Bson| *value == Bson::Boolean(false);
    // An index has its collection's collation where it is given none.
    let inherited =
        |key: &str| key == "collation" && found.get(key) == of_collection.get("collation");
    let unsaid = MATTER
        .iter()
        .all(|key| wanted.contains_key(*key) || found.get(*key).is_none_or(off) || inherited(key));
    said && unsaid
}

/// Returns whether an option of a collection is the one that was asked for. Of some the server fills in
/// what was not said, and what a capped collection takes it rounds up.
pub(super) fn is_option(key: &str, wanted: &Bson, there: &Bson) -> bool {
    match key {
        "collation" | "timeseries" | "clusteredIndex" => is_covered(wanted, there),
        "size" => {
            is_equal(wanted, there) || rounded(wanted).is_some_and(|size| is_equal(&size, there))
        }
        _ => is_equal(wanted, there),
    }
}

/// Returns the next multiple of 256.
fn rounded(size: &Bson) -> Option<Bson> {
    let size = size.as_i64().or(size.as_i32().map(i64::from))?;
    Some(Bson::Int64(size.checked_add(255)? / 256 * 256))
}

/// Returns whether all that was said is so; more may be.
fn is_covered(wanted: &Bson, there: &Bson) -> bool {
    match (wanted, there) {
        (Bson::Document(wanted), Bson::Document(there)) => wanted
            .iter()
            .all(|(key, value)| there.get(key).is_some_and(|there| is_covered(value, there))),
        _ => is_equal(wanted, there),
    }
}

/// Compares values as MongoDB does: 1, 1.0 and a long 1 are one.
fn is_equal(one: &Bson, other: &Bson) -> bool {
    let number = |value: &Bson| match value {
        Bson::Int32(number) => Some(f64::from(*number)),
        Bson::Int64(number) => Some(*number as f64),
        Bson::Double(number) => Some(*number),
        _ => None,
    };
    match (one, other) {
        (Bson::Document(one), Bson::Document(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((key, value), (other_key, other))| {
                        key == other_key && is_equal(value, other)
                    })
        }
        _ => match (number(one), number(other)) {
            (Some(one), Some(other)) => one == other,
            _ => one == other,
        },
    }
}
