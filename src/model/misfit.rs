//! Why a document does not fit a model, in words that hold no value.

use mongodb::bson;

/// Marks a text as our own, where serde hands it on as the message of another error.
const OURS: char = '\u{E000}';

/// Says what does not fit. serde's messages quote the value before `, expected`.
pub(crate) fn reason(error: &bson::error::Error) -> String {
    let message = error.message.as_deref().unwrap_or_default();
    if let Some(ours) = message.strip_prefix(OURS) {
        return ours.to_owned();
    }
    let field = error
        .key
        .as_deref()
        .map_or_else(String::new, |key| format!("field `{key}`: "));
    if message.starts_with("missing field ") {
        return format!("{field}{message}");
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{field}expected {expected}"),
        None => format!("{field}wrong type or form"),
    }
}

/// Returns the reason as a message that [`reason`] takes as it is.
pub(crate) fn quote(error: &bson::error::Error) -> String {
    ours(&reason(error))
}

/// Returns a reason of ours, which holds no value, in the same way.
pub(crate) fn ours(reason: &str) -> String {
    format!("{OURS}{reason}")
}
