//! The log as one that is told of alerts: one line each time that somebody is to be told.

use super::{AlertState, Transition};

/// Logs a change, if somebody is to be told of it.
pub(in crate::monitor) fn line(transition: &Transition) {
    if !transition.is_told {
        return;
    }
    let alert = &transition.alert;
    let (rule, subject, message) = (&alert.rule, &alert.subject, &alert.message);
    let severity = alert.severity.as_str();
    match alert.state {
        AlertState::Resolved => tracing::info!(
            alert.id = %alert.id,
            alert.rule = %rule,
            alert.subject = %subject,
            alert.state = "resolved",
            "alert `{rule}` of `{subject}` is resolved: {message}"
        ),
        _ => tracing::warn!(
            alert.id = %alert.id,
            alert.rule = %rule,
            alert.subject = %subject,
            alert.state = "firing",
            "alert `{rule}` of `{subject}` fires ({severity}): {message}"
        ),
    }
}
