//! A query without its values: operators and the model's own names, `?` in place of all else.
//!
//! What is written here is made of constants of the program and of the model; no text of a caller's passes.

use mongodb::bson::{Bson, Document};

use super::{
    fields::{Fields, UNKNOWN},
    operators::{argument, operator},
};

/// How many characters a shape has at most.
const LENGTH: usize = 600;
/// How many different parts are written at each level, and how many levels.
const PARTS: usize = 40;
const DEPTH: usize = 16;

/// Returns the text cut off where it becomes too long to be read.
pub(super) fn bounded(text: String) -> String {
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Returns the direction of a sort: 1 or -1.
pub(super) fn direction(value: &Bson) -> Option<i32> {
    let number = match value {
        Bson::Int32(number) => f64::from(*number),
        Bson::Int64(number) => *number as f64,
        Bson::Double(number) => *number,
        _ => return None,
    };
    match number {
        1.0 => Some(1),
        -1.0 => Some(-1),
        _ => None,
    }
}

/// Writes the shape of one model's queries.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    fields: &'a Fields,
}

/// Where the writing is.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The names that are known here; none below a name that is not.
    fields: Option<&'a Fields>,
    reading: Reading,
    /// The operator whose value it is.
    under: &'static str,
    depth: usize,
}

/// What a text means.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    /// It is a value.
    Filter,
    /// `$tier` is a field.
    Expression,
    /// So is a filter's, and 1 and -1 are directions.
    Sort,
}

impl<'a> Shape<'a> {
    pub(super) fn new(fields: &'a Fields) -> Self {
        Self { fields }
    }

    pub(super) fn filter(self, filter: &Document) -> String {
        self.document(filter, self.start(Reading::Filter))
    }

    pub(super) fn sort(self, sort: &Document) -> String {
        self.document(sort, self.start(Reading::Sort))
    }

    pub(super) fn pipeline(self, stages: &[Document]) -> String {
        let place = self.start(Reading::Expression);
        let shown = stages.iter().take(PARTS);
        let shown: Vec<_> = shown.map(|stage| self.document(stage, place)).collect();
        match shown.is_empty() {
            true => "[]".into(),
            false => format!("[{}]", shown.join(", ")),
        }
    }

    fn start(self, reading: Reading) -> Place<'a> {
        Place {
            fields: Some(self.fields),
            reading,
            under: "",
            depth: 0,
        }
    }

    fn document(self, document: &Document, place: Place<'a>) -> String {
        let entries = document.iter().map(|(name, value)| {
            let (name, place) = self.step(name, place);
            format!("{name}: {}", self.value(value, place))
        });
        match distinct(entries) {
            parts if parts.is_empty() => "{}".into(),
            parts => format!("{{ {} }}", parts.join(", ")),
        }
    }

    /// Returns how a key is shown, and the place of its value.
    fn step(self, name: &str, place: Place<'a>) -> (String, Place<'a>) {
        let depth = place.depth + 1;
        if let Some(name) = operator(name) {
            let (fields, reading) = match name {
                "$expr" => (Some(self.fields), Reading::Expression),
                "$match" => (Some(self.fields), Reading::Filter),
                "$sort" => (place.fields, Reading::Sort),
                "$literal" => (None, Reading::Filter),
                _ => (place.fields, place.reading),
            };
            let below = Place {
                fields,
                reading,
                under: name,
                depth,
            };
            return (name.into(), below);
        }
        if let Some(name) = argument(place.under, name) {
            let reading = match name {
                "query" => Reading::Filter,
                "sortBy" => Reading::Sort,
                _ => place.reading,
            };
            // Other collections' names are other models'; a text that looks like one is none of ours.
            let below = Place {
                reading,
                under: name,
                depth,
                ..place
            };
            return (name.into(), below);
        }
        let (shown, fields) = match place.fields {
            Some(fields) => fields.show(name),
            None => (UNKNOWN.into(), None),
        };
        let below = Place {
            fields,
            under: "",
            depth,
            ..place
        };
        (shown, below)
    }

    fn value(self, value: &Bson, place: Place<'a>) -> String {
        match (value, place.reading) {
            _ if place.depth > DEPTH => UNKNOWN.into(),
            (Bson::Document(document), _) => self.document(document, place),
            (Bson::Array(items), reading) if is_read(reading, place.under) => {
                let place = Place {
                    depth: place.depth + 1,
                    ..place
                };
                let items = items.iter().map(|item| self.value(item, place));
                format!("[{}]", distinct(items).join(", "))
            }
            (Bson::String(text), Reading::Expression) => self.reference(text),
            (value, Reading::Sort) => match direction(value) {
                Some(direction) => direction.to_string(),
                None => UNKNOWN.into(),
            },
            _ => UNKNOWN.into(),
        }
    }

    /// Returns how a text of an expression is shown: `$tier` where it is a field of the model.
    fn reference(self, text: &str) -> String {
        let Some(path) = text.strip_prefix('$') else {
            return UNKNOWN.into();
        };
        match self.fields.show(path) {
            (shown, Some(_)) => format!("${shown}"),
            _ => UNKNOWN.into(),
        }
    }
}

/// Returns whether an array's items are told: those of a filter are values, but for parts of the filter itself.
fn is_read(reading: Reading, under: &str) -> bool {
    match reading {
        Reading::Expression => true,
        Reading::Filter | Reading::Sort => matches!(under, "$and" | "$or" | "$nor"),
    }
}

/// Returns the parts without repetitions, so that a list of any length has one shape.
fn distinct(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in all {
        if parts.contains(&part) {
            continue;
        }
        if parts.len() == PARTS {
            parts.push("…".into());
            break;
        }
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests;
