//! A JSON body: taken strictly, answered as it is.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use crate::problem::Problem;

/// A JSON body of type `T`, in a request or an answer.
///
/// In a request a field that `T` does not have is a 400, so that a misspelt one is not lost. Typed
/// fields are what keeps operators out: where a text is expected, `{"$gt": ""}` is a 400. The answer
/// names the fields at fault by their path, such as `contacts[0].name`, and no value.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| Problem::of_status(rejection.status()))?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut ignored = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut note = |path: serde_ignored::Path<'_>| ignored.push(path.to_string());
    let strict = serde_ignored::Deserializer::new(&mut json, &mut note);
    let value = serde_path_to_error::deserialize(strict).map_err(|error| unfit(&error))?;
    json.end().map_err(|error| malformed(&error))?;
    if ignored.is_empty() {
        Ok(value)
    } else {
        Err(unknown(ignored))
    }
}

/// Returns the problem of fields that nobody knows.
pub(crate) fn unknown(fields: Vec<String>) -> Problem {
    let detail = "these fields are unknown";
    Problem::new(StatusCode::BAD_REQUEST, "unfit-json", detail).with_fields(fields)
}

/// Returns the problem of a body that is no JSON, or not the kind of it that is wanted.
pub(crate) fn malformed(error: &serde_json::Error) -> Problem {
    if error.classify() == Category::Data {
        let detail = "the body must be a JSON object in which no name stands twice";
        return Problem::new(StatusCode::BAD_REQUEST, "unfit-json", detail);
    }
    let (line, column) = (error.line(), error.column());
    let detail = format!("the body is no JSON: line {line}, column {column}");
    Problem::new(StatusCode::BAD_REQUEST, "malformed-json", detail)
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if inner.classify() != Category::Data {
        return malformed(inner);
    }
    let text = inner.to_string();
    let text = text.rsplit_once(" at line ").map_or("", |(text, _)| text);
    misfit(&error.path().to_string(), text)
}

/// Says which field does not fit and what was expected; serde's text quotes the value before
/// `, expected`.
pub(crate) fn misfit(path: &str, text: &str) -> Problem {
    let problem = |what| Problem::new(StatusCode::BAD_REQUEST, "unfit-json", what);
    if let Some(missing) = text.strip_prefix("missing field ") {
        let field = inside(path, missing.trim_matches('`'));
        return problem("this field is missing".to_owned()).with_fields(vec![field]);
    }
    let what = match text.rsplit_once(", expected ") {
        Some((unknown, known)) if unknown.starts_with("unknown field") => {
            format!("a field is unknown, expected {known}")
        }
        Some((_, expected)) => format!("expected {}", plain(expected)),
        None if text.starts_with("duplicate field") => "a field stands twice".to_owned(),
        None => "a value does not fit".to_owned(),
    };
    let known = path != "." && !path.is_empty();
    problem(what).with_fields(if known {
        vec![path.to_owned()]
    } else {
        Vec::new()
    })
}

fn inside(path: &str, field: &str) -> String {
    if path == "." || path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

/// Says a type as people who write JSON say it.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" => "a text",
        "i64" | "i32" | "u64" | "u32" | "usize" | "u16" | "u8" => "a whole number",
        "f64" | "f32" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        expected if expected.starts_with("struct ") || expected == "a map" => "an object",
        expected => expected,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only parsed")]
        quantity: i64,
        #[serde(default)]
        #[expect(dead_code, reason = "only parsed")]
        parts: Vec<Part>,
    }

    #[derive(Debug, Deserialize)]
    struct Part {
        #[expect(dead_code, reason = "only parsed")]
        name: String,
    }

    #[test]
    fn a_body_that_does_not_fit_names_the_field_and_no_value() {
        for (body, field, detail) in [
            (
                r#"{"quantity":"canary"}"#,
                "quantity",
                "expected a whole number",
            ),
            (
                r#"{"quantity":1,"parts":[{"name":7777}]}"#,
                "parts[0].name",
                "expected a text",
            ),
            (
                r#"{"quantity":1,"parts":[{}]}"#,
                "parts[0].name",
                "this field is missing",
            ),
            (
                r#"{"quantity":"canary, expected canary at line 1"}"#,
                "quantity",
                "expected a whole number",
            ),
            (r#"{}"#, "quantity", "this field is missing"),
            (
                r#"{"quantity":1,"quantitty":7777}"#,
                "quantitty",
                "these fields are unknown",
            ),
            (
                r#"{"quantity":1,"parts":[{"name":"a","nmae":7777}]}"#,
                "parts.0.nmae",
                "these fields are unknown",
            ),
        ] {
            let problem = format!("{:?}", parse::<Order>(body.as_bytes()).unwrap_err());
            assert!(
                problem.contains(&format!("\"{field}\"")) && problem.contains(detail),
                "{body}: {problem}"
            );
            assert!(
                !problem.contains("canary") && !problem.contains("7777"),
                "{problem}"
            );
        }
        assert!(parse::<Order>(br#"{"quantity":1} x"#).is_err());
    }
}
