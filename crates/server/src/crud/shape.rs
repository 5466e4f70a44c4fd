//! The types of a model's fields, read from its validator: what JSON and query parameters become.
//!
//! JSON has no dates and no ids. The `$jsonSchema` says where a text is one; what it does not mention
//! stays what JSON makes of it.

use mongoplex::{
    Model, Upkeep,
    bson::{Bson, DateTime, Document, oid::ObjectId},
};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The body of a model's `$jsonSchema`, or a part of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape(Document);

/// What a text must be, for the message when it is not.
pub(super) type Expected = &'static str;

impl Shape {
    pub(super) fn of<M: Model>() -> Self {
        Self(M::validator().unwrap_or_default())
    }

    /// Returns the shape of a field, also of one inside another: `address.city`.
    pub(super) fn field(&self, path: &str) -> Self {
        let mut shape = self.0.clone();
        for part in path.split('.') {
            let inner = shape.get_document("properties").ok();
            shape = inner
                .and_then(|inner| inner.get_document(part).ok())
                .cloned()
                .unwrap_or_default();
        }
        Self(shape)
    }

    /// Returns the shape of a field that the library keeps, or of `_id`.
    pub(super) fn kept(field: &str) -> Self {
        let kind = match field {
            "_id" => "objectId",
            "version" => "long",
            _ => "date",
        };
        Self(Document::from_iter([("bsonType".to_owned(), kind.into())]))
    }

    /// Returns the values that a field may have, where they are listed.
    pub(super) fn choices(&self) -> Vec<&str> {
        let listed = self.0.get_array("enum").ok();
        listed
            .into_iter()
            .flatten()
            .filter_map(Bson::as_str)
            .collect()
    }

    /// Returns the BSON type, the first one where several are allowed; empty where none is said.
    pub(super) fn kind(&self) -> &str {
        match self.0.get("bsonType") {
            Some(Bson::String(kind)) => kind,
            Some(Bson::Array(kinds)) => kinds.first().and_then(Bson::as_str).unwrap_or_default(),
            _ => "",
        }
    }

    /// Returns whether the field holds a text, as far as the validator says.
    pub(super) fn is_text(&self) -> bool {
        matches!(self.kind(), "string" | "")
    }

    fn items(&self) -> Self {
        Self(self.0.get_document("items").cloned().unwrap_or_default())
    }

    /// Turns a JSON object into a document.
    ///
    /// # Errors
    /// The path of a text that is not what its field holds, and what that is.
    pub(super) fn document(
        &self,
        fields: Map<String, Value>,
        path: &str,
    ) -> Result<Document, (String, Expected)> {
        let convert = |(key, value): (String, Value)| {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            let value = self.field(&key).value(value, &path)?;
            Ok((key, value))
        };
        fields.into_iter().map(convert).collect()
    }

    fn value(&self, value: Value, path: &str) -> Result<Bson, (String, Expected)> {
        // What JSON has no type for is a text; BSON's extended JSON, such as `{"$oid": …}`, is none.
        if matches!(self.kind(), "date" | "objectId" | "decimal") && !value.is_null() {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) if self.kind() == "decimal" => number.to_string(),
                _ => String::new(),
            };
            return self
                .text(&text)
                .map_err(|expected| (path.to_owned(), expected));
        }
        Ok(match value {
            Value::Null => Bson::Null,
            Value::Bool(flag) => flag.into(),
            Value::String(text) => text.into(),
            Value::Number(number) => self.number(&number),
            Value::Array(items) => {
                let items = items.into_iter().enumerate();
                let shape = self.items();
                items
                    .map(|(index, item)| shape.value(item, &format!("{path}[{index}]")))
                    .collect::<Result<Vec<_>, _>>()?
                    .into()
            }
            Value::Object(fields) => self.document(fields, path)?.into(),
        })
    }

    fn number(&self, number: &serde_json::Number) -> Bson {
        let whole = number.as_i64();
        match (self.kind(), whole) {
            ("int", Some(whole)) if i32::try_from(whole).is_ok() => Bson::Int32(whole as i32),
            ("double", _) | (_, None) => number.as_f64().map_or(Bson::Null, Bson::Double),
            (_, Some(whole)) => Bson::Int64(whole),
        }
    }

    /// Turns a text, such as a query parameter's, into the value that it stands for.
    ///
    /// # Errors
    /// What was expected.
    pub(super) fn text(&self, text: &str) -> Result<Bson, Expected> {
        match self.kind() {
            "date" => DateTime::parse_rfc3339_str(text)
                .map(Bson::DateTime)
                .map_err(|_| "a date such as 2026-01-31T12:00:00Z"),
            "objectId" => ObjectId::parse_str(text)
                .map(Bson::ObjectId)
                .map_err(|_| "an id of 24 hexadecimal digits"),
            "decimal" => text.parse().map(Bson::Decimal128).map_err(|_| "a number"),
            "int" | "long" => text.parse().map(Bson::Int64).map_err(|_| "a whole number"),
            "double" | "number" => text.parse().map(Bson::Double).map_err(|_| "a number"),
            "bool" => text.parse().map(Bson::Boolean).map_err(|_| "true or false"),
            _ => Ok(text.into()),
        }
    }
}

/// Returns the name that a field has in the database.
pub(super) fn stored_name(field: &str) -> &str {
    if field == "id" { "_id" } else { field }
}

/// Returns whether a field is `_id` or one that the library keeps.
pub(super) fn is_kept(upkeep: Upkeep, field: &str) -> bool {
    field == "_id" || upkeep.fields().contains(&field)
}

/// Returns the problem of a query parameter.
pub(super) fn bad(name: &str, what: &str) -> Problem {
    Problem::bad_request(format!("{name}: {what}")).with_fields(vec![name.to_owned()])
}
