//! The names that a shape may show: those that the model itself says.

use std::collections::BTreeMap;

use mongodb::bson::{Bson, Document};

/// What stands for a name that is not the model's.
pub(super) const UNKNOWN: &str = "?";

/// Names of fields, each with those below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<String, Fields>);

impl Fields {
    /// Returns the names that a `$jsonSchema` and the paths of indexes have, and `_id`.
    pub(crate) fn new(schema: Option<&Document>, paths: impl IntoIterator<Item = String>) -> Self {
        let mut fields = Self::default();
        if let Some(schema) = schema {
            fields.add_schema(schema);
        }
        for path in paths.into_iter().chain(["_id".to_owned()]) {
            fields.add_path(&path);
        }
        fields
    }

    fn add_schema(&mut self, schema: &Document) {
        for (name, rule) in schema.get_document("properties").into_iter().flatten() {
            let below = self.0.entry(name.clone()).or_default();
            if let Some(rule) = rule.as_document() {
                below.add_schema(rule);
            }
        }
        // MongoDB looks through arrays: `addresses.city` is the city of any of them.
        if let Ok(items) = schema.get_document("items") {
            self.add_schema(items);
        }
        for of in ["allOf", "anyOf", "oneOf"] {
            let rules = schema.get_array(of).into_iter().flatten();
            for rule in rules.filter_map(Bson::as_document) {
                self.add_schema(rule);
            }
        }
    }

    fn add_path(&mut self, path: &str) {
        let mut below = self;
        for name in path.split('.') {
            below = below.0.entry(name.to_owned()).or_default();
        }
    }

    /// Returns a path as far as the model knows it, `?` in place of the rest, and what it knows below it.
    pub(super) fn show(&self, path: &str) -> (String, Option<&Self>) {
        let (mut at, mut shown) = (self, Vec::new());
        for name in path.split('.') {
            if let Some((known, below)) = at.0.get_key_value(name) {
                shown.push(known.as_str());
                at = below;
            } else if let Some(place) = place_in_array(name).filter(|_| !shown.is_empty()) {
                shown.push(place);
            } else {
                shown.push(UNKNOWN);
                return (shown.join("."), None);
            }
        }
        (shown.join("."), Some(at))
    }
}

/// Returns how a part of a path that names items of an array is shown; a number may be content.
fn place_in_array(name: &str) -> Option<&'static str> {
    match name {
        "$" => Some("$"),
        "$[]" => Some("$[]"),
        name if name.starts_with("$[") => Some("$[?]"),
        name if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) => Some(UNKNOWN),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn a_path_is_shown_as_far_as_the_model_knows_it() {
        let address = doc! { "properties": { "city": {}, "geo": { "anyOf": [{ "properties": { "lat": {} } }] } } };
        let schema = doc! { "properties": { "tier": {}, "addresses": { "items": address } } };
        let fields = Fields::new(Some(&schema), ["meta.source".to_owned()]);
        for (path, shown) in [
            ("_id", "_id"),
            ("tier", "tier"),
            ("addresses.city", "addresses.city"),
            ("addresses.geo.lat", "addresses.geo.lat"),
            ("addresses.7.city", "addresses.?.city"),
            ("addresses.$.city", "addresses.$.city"),
            ("addresses.$[].city", "addresses.$[].city"),
            ("addresses.$[canary].city", "addresses.$[?].city"),
            ("addresses.canary.city", "addresses.?"),
            ("meta.source", "meta.source"),
            ("meta.canary", "meta.?"),
            ("canary.city", "?"),
            ("city", "?"),
            ("17", "?"),
            ("", "?"),
        ] {
            assert_eq!(fields.show(path).0, shown, "{path}");
        }
    }
}
