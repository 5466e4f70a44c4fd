//! The driver's error, made safe to print: its kind, code and code name, never its text.

use std::fmt;

use mongodb::{
    bson::{Document, RawDocument},
    error::{Error, ErrorKind, WriteFailure},
};

use super::Failure;

/// Why the driver failed a call.
///
/// `Display` and `Debug` print kind, code and code name. The server's own message is left out:
/// it quotes values.
pub struct Cause(Box<Error>);

impl Cause {
    pub(crate) fn new(error: Error) -> Self {
        Self(Box::new(error))
    }

    /// Returns the cause of a silence: nobody answered, and the driver said nothing either.
    pub(crate) fn silence() -> Self {
        let silent = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Self::new(Error::from(silent))
    }

    /// Returns whether trying again cannot help: credentials and TLS settings stay wrong.
    pub(crate) fn is_final(&self) -> bool {
        let text = matches!(&*self.0.kind, ErrorKind::ServerSelection { message, .. } if message.contains("SCRAM"));
        text || matches!(
            &*self.0.kind,
            ErrorKind::Authentication { .. }
                | ErrorKind::InvalidTlsConfig { .. }
                | ErrorKind::InvalidArgument { .. }
        )
    }

    /// Returns whether the server did not accept user and password.
    pub(crate) fn is_authentication(&self) -> bool {
        match &*self.0.kind {
            ErrorKind::Authentication { .. } => true,
            ErrorKind::ServerSelection { message, .. } => message.contains("SCRAM"),
            _ => self.code() == Some(18),
        }
    }

    /// Returns what the failure means, in one word.
    pub fn failure(&self) -> Failure {
        Failure::of(&self.0)
    }

    /// Returns whether the database could not be reached, or has no primary just now.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.failure().is_unavailable()
    }

    /// Returns the driver's own error. Its text may hold document contents: never print it.
    pub fn driver(&self) -> &Error {
        &self.0
    }

    /// Returns the server's error code, if the server answered at all.
    pub fn code(&self) -> Option<i32> {
        Self::code_of(&self.0)
    }

    /// Returns the server's error code of an error of the driver.
    pub(crate) fn code_of(error: &Error) -> Option<i32> {
        match &*error.kind {
            ErrorKind::Command(error) => Some(error.code),
            ErrorKind::Write(WriteFailure::WriteError(error)) => Some(error.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(error)) => Some(error.code),
            ErrorKind::InsertMany(error) => {
                let first = error
                    .write_errors
                    .as_ref()
                    .and_then(|errors| errors.first());
                let write = first.map(|error| error.code);
                write.or(error.write_concern_error.as_ref().map(|error| error.code))
            }
            _ => None,
        }
    }

    /// Returns the fields of the index that refused a duplicate, in its order.
    ///
    /// The reply names them as `keyPattern`; but of an insert the driver keeps no reply, only
    /// a message with the index's name in it, and the value behind that.
    pub(crate) fn key_pattern(&self) -> Vec<String> {
        if let Some(pattern) = self.in_reply("keyPattern") {
            return pattern.keys().cloned().collect();
        }
        let message = self.write_error().map_or("", |(message, _)| message);
        let name = message.split_once(" index: ").map_or("", |(_, rest)| rest);
        let name = name.split_once(" dup key:").map_or("", |(name, _)| name);
        fields_of_index(name.split(" collation:").next().unwrap_or_default())
    }

    /// Returns the fields that a validator named: the missing ones and those that break a rule.
    pub(crate) fn invalid_fields(&self) -> Vec<String> {
        let kept = self.write_error().and_then(|(_, details)| details.cloned());
        let mut fields = Vec::new();
        if let Some(report) = kept.or_else(|| self.in_reply("errInfo")) {
            collect_fields(&report, &mut fields);
        }
        fields.sort();
        fields.dedup();
        fields
    }

    /// Returns message and details of the first write error, where the driver keeps them.
    fn write_error(&self) -> Option<(&str, Option<&Document>)> {
        match &*self.0.kind {
            ErrorKind::Write(WriteFailure::WriteError(error)) => {
                Some((&error.message, error.details.as_ref()))
            }
            ErrorKind::InsertMany(error) => {
                let first = error.write_errors.as_ref()?.first()?;
                Some((&first.message, first.details.as_ref()))
            }
            _ => None,
        }
    }

    /// Returns a document of the reply: of its first write error, or at the top for find-and-modify.
    fn in_reply(&self, key: &str) -> Option<Document> {
        let reply: &RawDocument = self.0.server_response()?;
        let first = reply.get_array("writeErrors").ok();
        let first = first.and_then(|errors| errors.into_iter().next()?.ok()?.as_document());
        let found = first.unwrap_or(reply).get_document(key).ok()?;
        Document::try_from(found).ok()
    }

    fn kind(&self) -> &str {
        match &*self.0.kind {
            ErrorKind::InvalidArgument { .. } => "the driver refused an argument",
            ErrorKind::Authentication { .. } => {
                "authentication failed; check user, password and authSource of the URI"
            }
            ErrorKind::Command(_) => "the server refused the command",
            ErrorKind::Write(_) | ErrorKind::InsertMany(_) | ErrorKind::BulkWrite(_) => {
                "the server refused the write"
            }
            ErrorKind::DnsResolve { .. } => "a host name of the URI was not found",
            ErrorKind::ConnectionPoolCleared { .. } => "the connection was lost",
            ErrorKind::ServerSelection { message, .. } => selection(message),
            ErrorKind::InvalidTlsConfig { .. } => "the TLS settings are wrong",
            ErrorKind::InvalidResponse { .. } => "the server's reply was not understood",
            ErrorKind::Transaction { .. } => "the transaction was refused by the driver",
            ErrorKind::IncompatibleServer { .. } => "the server is too old for this call",
            ErrorKind::SessionsNotSupported => "the deployment supports no sessions",
            ErrorKind::Shutdown => "the client was shut down",
            // Only our own sentences are put there.
            ErrorKind::Custom(ours) => ours.downcast_ref::<&str>().copied().unwrap_or("aborted"),
            _ => "the driver failed",
        }
    }
}

/// Says why no server was eligible, as far as the driver's long text tells it.
fn selection(message: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        (
            "refused",
            "no server could be selected: connection refused; is it running?",
        ),
        (
            "failed to lookup",
            "no server could be selected: a host name was not found",
        ),
        (
            "certificate",
            "no server could be selected: its TLS certificate was refused",
        ),
        (
            "SCRAM",
            "no server could be selected: authentication failed",
        ),
        (
            "Connect timeout",
            "no server could be selected: connecting timed out",
        ),
        (
            "suitable",
            "no server could be selected: no writable primary",
        ),
    ];
    let known = KNOWN.iter().find(|(part, _)| message.contains(part));
    known.map_or("no server could be selected in time", |(_, text)| text)
}

/// Returns the fields of an index with MongoDB's default name, such as `status_1_createdAt_-1`;
/// of one with another name that name.
fn fields_of_index(name: &str) -> Vec<String> {
    if name == "_id_" {
        return vec!["_id".into()];
    }
    let (mut fields, mut field) = (Vec::new(), Vec::new());
    for part in name.split('_') {
        match part {
            "1" | "-1" if !field.is_empty() => fields.push(std::mem::take(&mut field).join("_")),
            part => field.push(part),
        }
    }
    if field.is_empty() {
        fields
    } else {
        vec![name.to_owned()]
    }
}

/// Walks a validator's report, which nests one level per schema keyword, for property names.
fn collect_fields(report: &Document, fields: &mut Vec<String>) {
    for (key, value) in report {
        match (key.as_str(), value) {
            ("propertyName", value) => fields.extend(value.as_str().map(str::to_owned)),
            ("missingProperties" | "additionalProperties", value) => {
                let names = value.as_array().into_iter().flatten();
                fields.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
            }
            // The offending values themselves: never looked at.
            ("consideredValue" | "specifiedAs", _) => {}
            (_, value) => {
                if let Some(inner) = value.as_document() {
                    collect_fields(inner, fields);
                }
                let inner = value.as_array().into_iter().flatten();
                inner
                    .filter_map(|item| item.as_document())
                    .for_each(|item| collect_fields(item, fields));
            }
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ErrorKind::Io(error) = &*self.0.kind {
            return write!(out, "the connection failed: {}", error.kind());
        }
        write!(out, "{}", self.kind())?;
        let Some(code) = self.code() else {
            return Ok(());
        };
        match &*self.0.kind {
            ErrorKind::Command(error) if !error.code_name.is_empty() => {
                write!(out, " (code {code}, {})", error.code_name)
            }
            _ => write!(out, " (code {code})"),
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Cause({self})")
    }
}

impl std::error::Error for Cause {}

#[cfg(test)]
mod tests {
    use super::fields_of_index;

    #[test]
    fn a_default_index_name_tells_its_fields() {
        assert_eq!(fields_of_index("email_1"), ["email"]);
        assert_eq!(
            fields_of_index("tenant_id_1_createdAt_-1"),
            ["tenant_id", "createdAt"]
        );
        assert_eq!(fields_of_index("_id_"), ["_id"]);
        assert_eq!(fields_of_index("by email"), ["by email"]);
    }
}
