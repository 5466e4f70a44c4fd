//! What a call asks for, borrowed from its inputs, and the two things that may be told of it: its shape,
//! and the index that would serve it.

use mongodb::{
    bson::{Bson, Document},
    options::UpdateModifications,
};

use super::{
    fields::{Fields, UNKNOWN},
    shape::{self, Shape},
};

/// The parts of a call that make its shape.
#[derive(Clone, Copy, Default)]
pub struct Query<'a> {
    /// What is said where there is nothing else.
    word: &'static str,
    filter: Option<&'a Document>,
    sort: Option<&'a Document>,
    field: Option<&'a str>,
    change: Option<Change<'a>>,
    pipeline: Option<&'a [Document]>,
}

#[derive(Clone, Copy)]
enum Change<'a> {
    Update(&'a UpdateModifications),
    Replacement,
}

impl<'a> Query<'a> {
    /// Returns a call that asks for nothing that could be told.
    pub(crate) fn word(word: &'static str) -> Self {
        let none = Self::default();
        Self { word, ..none }
    }

    pub(crate) fn filter(filter: &'a Document) -> Self {
        let filter = Some(filter);
        Self {
            filter,
            ..Self::default()
        }
    }

    pub(crate) fn pipeline(pipeline: &'a [Document]) -> Self {
        let pipeline = Some(pipeline);
        Self {
            pipeline,
            ..Self::default()
        }
    }

    pub(crate) fn sort(self, sort: &'a Option<Document>) -> Self {
        let sort = sort.as_ref();
        Self { sort, ..self }
    }

    /// Returns the same with the field whose values are asked for.
    pub(crate) fn field(self, field: &'a str) -> Self {
        let field = Some(field);
        Self { field, ..self }
    }

    pub(crate) fn update(self, update: &'a UpdateModifications) -> Self {
        let change = Some(Change::Update(update));
        Self { change, ..self }
    }

    /// Returns the same for a call that replaces what it finds: what it puts there is all content.
    pub(crate) fn replacement(self) -> Self {
        let change = Some(Change::Replacement);
        Self { change, ..self }
    }

    /// Returns the shape: operators and the model's own names, such as
    /// `{ tier: { $in: ? } } sort { createdAt: -1 }`. No value, and no name that the model does not say.
    pub(crate) fn shape(&self, fields: &Fields) -> String {
        let shape = Shape::new(fields);
        let mut parts = Vec::new();
        if let Some(filter) = self.filter {
            parts.push(shape.filter(filter));
        }
        if let Some(pipeline) = self.pipeline {
            parts.push(shape.pipeline(pipeline));
        }
        if let Some(field) = self.field {
            parts.push(format!("field {}", fields.show(field).0));
        }
        match self.change {
            Some(Change::Update(UpdateModifications::Document(update))) => {
                parts.push(format!("update {}", shape.filter(update)));
            }
            Some(Change::Update(UpdateModifications::Pipeline(stages))) => {
                parts.push(format!("update {}", shape.pipeline(stages)));
            }
            Some(Change::Update(_)) => parts.push(format!("update {UNKNOWN}")),
            Some(Change::Replacement) => parts.push("replacement".into()),
            None => {}
        }
        if let Some(sort) = self.sort.filter(|sort| !sort.is_empty()) {
            parts.push(format!("sort {}", shape.sort(sort)));
        }
        if parts.is_empty() {
            parts.push(self.word.into());
        }
        shape::bounded(parts.join(" "))
    }

    /// Returns what to do about a query that used no index; nothing for one that asks for everything.
    /// Conditions on `kept`, which the library puts into every filter, tell nothing apart.
    pub(crate) fn cure(&self, fields: &Fields, kept: Option<&str>) -> Option<String> {
        let mut wanted = Wanted {
            kept,
            ..Wanted::default()
        };
        if let Some(filter) = self.filter {
            wanted.add(filter, "");
        }
        let mut sort = self.sort;
        for stage in self.pipeline.into_iter().flatten() {
            match stage.iter().next() {
                Some((name, Bson::Document(filter))) if name == "$match" => wanted.add(filter, ""),
                Some((name, Bson::Document(by))) if name == "$sort" => {
                    sort = Some(by);
                    break;
                }
                _ => break,
            }
        }
        let keys = wanted.keys(sort, fields);
        if keys.is_empty() {
            return wanted.others.then(|| "no index was used".into());
        }
        let keys = keys.join(", ");
        Some(format!(
            "no index was used: one on {{ {keys} }} would serve it"
        ))
    }
}

/// The most fields of an index that is advised.
const KEYS: usize = 8;

/// The paths that a filter names, by what an index does for them.
#[derive(Default)]
struct Wanted<'a> {
    kept: Option<&'a str>,
    equal: Vec<String>,
    ranges: Vec<String>,
    /// Whether there are conditions that no single index serves.
    others: bool,
}

impl Wanted<'_> {
    fn add(&mut self, filter: &Document, within: &str) {
        for (name, value) in filter {
            match (name.as_str(), value) {
                ("$and", Bson::Array(all)) => all
                    .iter()
                    .filter_map(Bson::as_document)
                    .for_each(|part| self.add(part, within)),
                ("$comment", _) => {}
                (name, _) if name.starts_with('$') => self.others = true,
                (name, _) if Some(name) == self.kept => {}
                (name, value) => self.add_field(format!("{within}{name}"), value),
            }
        }
    }

    fn add_field(&mut self, path: String, value: &Bson) {
        let operators = value.as_document();
        let operators = operators.filter(|own| own.keys().any(|name| name.starts_with('$')));
        if let Some(Ok(each)) = operators.map(|own| own.get_document("$elemMatch")) {
            let is_of_fields = each.keys().all(|name| !name.starts_with('$'));
            match is_of_fields {
                true => self.add(each, &format!("{path}.")),
                false => self.ranges.push(path),
            }
            return;
        }
        let is_equal = match (operators, value) {
            (Some(own), _) => own.keys().any(|name| name == "$eq" || name == "$in"),
            (None, value) => !matches!(value, Bson::RegularExpression(_)),
        };
        match is_equal {
            true => self.equal.push(path),
            false => self.ranges.push(path),
        }
    }

    /// Returns the keys of an index in the order that serves best: what is equal, what is sorted by, and
    /// ranges last (<https://www.mongodb.com/docs/manual/tutorial/equality-sort-range-guideline/>).
    fn keys(&self, sort: Option<&Document>, fields: &Fields) -> Vec<String> {
        let mut keys: Vec<(&str, i32)> = Vec::new();
        let mut add = |path, direction| {
            if !keys.iter().any(|(known, _)| *known == path) {
                keys.push((path, direction));
            }
        };
        self.equal.iter().for_each(|path| add(path, 1));
        for (path, direction) in sort.into_iter().flatten() {
            add(path, shape::direction(direction).unwrap_or(1));
        }
        self.ranges.iter().for_each(|path| add(path, 1));
        let shown = keys.into_iter().take(KEYS);
        shown
            .map(|(path, direction)| format!("{}: {direction}", fields.show(path).0))
            .collect()
    }
}
