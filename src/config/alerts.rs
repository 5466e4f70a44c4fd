//! What is watched and who is told: the rules of alerts, and a webhook.
//!
//! The rules are data: a table of what is built in (alerts/table.rs), which a file may change
//! (alerts/file.rs). What they read is named in alerts/measure.rs; reading it is the monitor's work.

mod file;
mod measure;
mod table;

use std::time::Duration;

use serde::Serialize;

pub use self::measure::{MEASURES, Measure, Named, checks};
use super::{misfit, reader::Reader, secret::Secret, settings};
use crate::fault::Fault;

/// What is watched and who is told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AlertConfig {
    /// The rules, those that are built in first.
    pub rules: Vec<Rule>,
    /// Who is told besides the log.
    pub webhook: Option<WebhookConfig>,
}

/// When an alert fires, and for whom.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, such as `database-down`.
    pub id: String,
    /// What it reads.
    pub measure: Measure,
    /// What a reading must go past, in the measure's unit.
    pub threshold: f64,
    /// On which side of the threshold it is.
    pub when: When,
    /// For how long it must be there until the alert fires: `for`.
    pub fires_after: Duration,
    /// For how long it must be gone until the alert is resolved: `clear_for`.
    pub clears_after: Duration,
    /// How urgent it is.
    pub severity: Severity,
    /// For how long nobody is told again that it fires.
    pub cooldown: Duration,
    /// Where it is written what to do.
    pub runbook: Option<String>,
}

/// On which side of a threshold a rule's alert fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// Where more is read.
    Above,
    /// Where less is read.
    Below,
}

impl When {
    /// Returns whether a reading is past the threshold; on it is not past it.
    pub fn is_past(self, reading: f64, threshold: f64) -> bool {
        match self {
            Self::Above => reading > threshold,
            Self::Below => reading < threshold,
        }
    }
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Somebody should look now.
    Page,
    /// Somebody should look within days.
    Ticket,
}

impl Severity {
    /// Returns its name: `page` or `ticket`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// A webhook after the Standard Webhooks specification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookConfig {
    /// Where it is: `ALERT_WEBHOOK_URL`.
    pub url: Secret,
    /// What its messages are signed with, `whsec_` and base64: `ALERT_WEBHOOK_KEY`.
    pub key: Secret,
}

/// Returns the rules that are built in.
pub fn built_in() -> Vec<Rule> {
    table::BUILT_IN.iter().map(table::BuiltIn::rule).collect()
}

pub(super) fn read(reader: &mut Reader) -> AlertConfig {
    AlertConfig {
        rules: file::read(reader),
        webhook: webhook(reader),
    }
}

/// Reads URL and key, each its own or from a file; one without the other is a fault.
fn webhook(reader: &mut Reader) -> Option<WebhookConfig> {
    const URL: &str = "ALERT_WEBHOOK_URL";
    const KEY: &str = "ALERT_WEBHOOK_KEY";
    let url = reader.secret_or_file(URL);
    let key = reader.secret_or_file(KEY);
    let missing = match (&url, &key) {
        (Some(_), None) => Some((KEY, URL)),
        (None, Some(_)) => Some((URL, KEY)),
        _ => None,
    };
    if let Some((missing, other)) = missing {
        let cure = format!("set it, or {missing}_FILE: messages are signed; or remove {other}");
        reader.fault(Fault::new(
            missing,
            "is not set, but the other half is",
            cure,
        ));
    }
    let mut take = |setting: &str,
                    found: Option<(String, super::reader::Found)>,
                    fits: fn(&str) -> bool,
                    cure: &str| {
        let (name, found) = found?;
        let text = found.value.trim();
        if fits(text) {
            return Some(Secret::new(text));
        }
        let expected = settings::find(&[settings::Applies::Process], setting).expected;
        reader.fault(misfit(&name, &found.origin, expected, cure));
        None
    };
    let url = take(
        URL,
        url,
        is_url,
        "correct it; a user and a password have no place in it",
    );
    let key = take(
        KEY,
        key,
        is_key,
        "make one: `echo whsec_$(openssl rand -base64 32)`",
    );
    Some(WebhookConfig {
        url: url?,
        key: key?,
    })
}

/// Returns whether it is an address of a server, without credentials and fragment.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    rest.is_some_and(|rest| {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        plain && is_authority(authority) && !rest.contains(['#', '\\', '"', '<', '>'])
    })
}

/// Returns whether it is a host's name or address, with a port where one is given.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let named = |host: &str| {
        !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let numbered = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
    let good_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (named(host) || numbered) && good_port
}

/// Returns whether it is a key of 24 to 64 bytes, as the specification asks.
fn is_key(text: &str) -> bool {
    let Some(base64) = text.strip_prefix("whsec_") else {
        return false;
    };
    let plain = base64.trim_end_matches('=');
    let padding = base64.len() - plain.len();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let whole = base64.len().is_multiple_of(4) && padding <= 2 && plain.bytes().all(good);
    whole && (24..=64).contains(&(base64.len() / 4 * 3 - padding))
}

#[cfg(test)]
mod tests;
