//! Errors as problem details (RFC 9457).
//!
//! A [`Problem`] travels as a response extension; the envelope writes its body, because only there
//! the request id is known, and logs the cause of a server's fault, once.

use std::{borrow::Cow, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mongoplex::{Error, error::Failure};
use serde::Serialize;

/// Kind and detail where nobody knows whether a change was made.
const UNKNOWN: (&str, &str) = (
    "outcome-unknown",
    "the change may have been made: its answer was lost; read what is there before repeating it",
);

/// An answer that says what went wrong, without any document's content.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    detail: Cow<'static, str>,
    fields: Vec<String>,
    cause: Option<Arc<Error>>,
}

/// The body of a problem, as RFC 9457 has it, with the request id and the fields at fault.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    fields: &'a [String],
    request_id: &'a str,
}

impl Problem {
    /// Returns a problem of a stable `kind`, such as `duplicate`, which becomes its type
    /// `urn:mongoplex:duplicate`.
    pub fn new(
        status: StatusCode,
        kind: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            kind,
            detail: detail.into(),
            fields: Vec::new(),
            cause: None,
        }
    }

    /// Returns the problem with the fields at fault; their names, never their values.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<String>) -> Self {
        self.fields = fields;
        self
    }

    /// Returns a 400: the request is wrong.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// Returns a 404: there is no such thing.
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "there is nothing at this address",
        )
    }

    /// Returns a 412: the document has been changed since it was read.
    pub fn stale() -> Self {
        let detail = "the document has another version by now; read it again";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail)
    }

    /// Returns the problem of a bare status, such as the 405 of a route without the method.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let detail = match status {
            StatusCode::NOT_FOUND => return Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => "this address does not take the method",
            StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than BODY_LIMIT allows",
            StatusCode::GATEWAY_TIMEOUT => "the request took longer than REQUEST_TIMEOUT allows",
            _ if status.is_server_error() => "the server failed; its log names the request id",
            _ => "the request was refused",
        };
        Self::new(status, "about:blank", detail)
    }

    /// Returns a 500 whose cause is logged: an error that is none of the client's, whatever it is.
    pub(crate) fn unexpected(error: Error) -> Self {
        let mut problem = Self::of_status(StatusCode::INTERNAL_SERVER_ERROR);
        problem.cause = Some(Arc::new(error));
        problem
    }

    /// Returns the same for a request that changes something and was dropped midway, late or cut off.
    pub(crate) fn of_a_change(mut self) -> Self {
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            (self.kind, self.detail) = (UNKNOWN.0, UNKNOWN.1.into());
        } else {
            self.detail = format!("{}; the change may have been made", self.detail).into();
        }
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns what the log should hold of it: the cause, where the server is at fault.
    pub(crate) fn cause(&self) -> Option<&Error> {
        self.cause.as_deref()
    }

    /// Writes the answer.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let kind = self.kind;
        let body = Body {
            r#type: if kind == "about:blank" {
                kind.into()
            } else {
                format!("urn:mongoplex:{kind}")
            },
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            fields: &self.fields,
            request_id,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        // Who is told when to ask again does so: a change that may have been made would be made twice.
        if self.status == StatusCode::SERVICE_UNAVAILABLE && self.kind != UNKNOWN.0 {
            let wait = self.cause().and_then(Error::retry_after);
            // Whole seconds, and never none of them.
            let wait = wait.map_or(1, |wait| wait.as_secs() + 1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let mut problem = of_error(&error);
        problem.cause = problem.status.is_server_error().then(|| Arc::new(error));
        problem
    }
}

fn of_error(error: &Error) -> Problem {
    match error {
        Error::Duplicate { fields, .. } => {
            let detail = format!("there is one with the same {} already", fields.join(", "));
            Problem::new(StatusCode::CONFLICT, "duplicate", detail).with_fields(fields.clone())
        }
        Error::Invalid { fields, .. } => {
            let detail = format!(
                "these fields break a rule of the model: {}",
                fields.join(", ")
            );
            Problem::new(StatusCode::BAD_REQUEST, "invalid", detail).with_fields(fields.clone())
        }
        Error::UnknownTenant(_) => Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-tenant",
            "no active tenant has this id",
        ),
        Error::TenantExists(_) => {
            let detail = "the tenant exists already, under another name";
            Problem::new(StatusCode::CONFLICT, "tenant-exists", detail)
                .with_fields(vec!["name".into()])
        }
        Error::DeadlineExceeded { .. } if error.is_ambiguous() => Problem::new(
            StatusCode::GATEWAY_TIMEOUT,
            "deadline",
            "the database did not answer in time; the change may have been made",
        ),
        Error::DeadlineExceeded { .. } => late(),
        Error::Ambiguous { .. } => {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, UNKNOWN.0, UNKNOWN.1)
        }
        Error::Overloaded { .. } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "overloaded",
            "too many requests are under way; try again later",
        ),
        Error::TenantBehind(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "tenant-behind",
            "the tenant's data is being brought up to date; try again later",
        ),
        Error::ShuttingDown => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "draining",
            "the server is going down",
        ),
        Error::Driver { cause, .. } => of_failure(cause.failure()),
        error if error.is_unavailable() => unavailable(),
        _ => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn of_failure(failure: Failure) -> Problem {
    match failure {
        failure if failure.is_unavailable() => unavailable(),
        Failure::Timeout => late(),
        Failure::Conflict => {
            let detail = "another change came first; send the request again";
            Problem::new(StatusCode::CONFLICT, "conflict", detail)
        }
        Failure::Duplicate => {
            let detail = "there is one with the same key already";
            Problem::new(StatusCode::CONFLICT, "duplicate", detail)
        }
        Failure::Refused => Problem::new(
            StatusCode::BAD_REQUEST,
            "refused",
            "the database takes no such document: it is too large, or of a shape that cannot be stored",
        ),
        _ => Problem::of_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn unavailable() -> Problem {
    let detail = "the database is not available";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
}

fn late() -> Problem {
    let detail = "the database did not answer in time";
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "deadline", detail)
}

#[cfg(test)]
mod tests {
    use super::{Failure, of_failure};

    #[test]
    fn the_status_follows_from_what_the_failure_means() {
        for (failure, expected) in [
            (Failure::NotSent, 503),
            (Failure::Interrupted, 503),
            (Failure::Overload, 503),
            (Failure::TransactionAborted, 503),
            (Failure::CommitUnknown, 503),
            (Failure::ShutDown, 503),
            (Failure::Timeout, 504),
            (Failure::Conflict, 409),
            (Failure::Duplicate, 409),
            (Failure::Refused, 400),
            (Failure::Denied, 500),
            (Failure::Failed, 500),
            (Failure::Unknown, 500),
        ] {
            assert_eq!(
                of_failure(failure).status().as_u16(),
                expected,
                "{failure:?}"
            );
        }
    }
}
