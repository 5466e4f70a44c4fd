//! The options of a URI that stand for settings of ours, in the words of the settings.

use std::{path::Path, time::Duration};

use mongodb::options::{
    Acknowledgment, ConnectionString, ReadConcernLevel, ReadPreference, Tls, TlsOptions,
};

/// Returns the option's name and its value where the URI has it; `None` as value where it is a name
/// that somebody chose, which may be anything.
pub(super) fn of(uri: &ConnectionString, setting: &str) -> Option<(&'static str, Option<String>)> {
    let time = |time: Duration| Some(humantime::format_duration(time).to_string());
    let number = |number: u32| Some(number.to_string());
    Some(match setting {
        "MAX_POOL_SIZE" => ("maxPoolSize", number(uri.max_pool_size?)),
        "MIN_POOL_SIZE" => ("minPoolSize", number(uri.min_pool_size?)),
        "MAX_IDLE_TIME" => ("maxIdleTimeMS", time(uri.max_idle_time?)),
        "CONNECT_TIMEOUT" => ("connectTimeoutMS", time(uri.connect_timeout?)),
        "SERVER_SELECTION_TIMEOUT" => (
            "serverSelectionTimeoutMS",
            time(uri.server_selection_timeout?),
        ),
        "HEARTBEAT_FREQUENCY" => ("heartbeatFrequencyMS", time(uri.heartbeat_frequency?)),
        "READ_PREFERENCE" => ("readPreference", preference(uri.read_preference.as_ref()?)),
        "READ_CONCERN" => ("readConcernLevel", level(&uri.read_concern.as_ref()?.level)),
        "WRITE_CONCERN" => ("w", acknowledgment(uri.write_concern.as_ref()?.w.as_ref()?)),
        "TLS_CA_FILE" => ("tlsCAFile", file(tls(uri)?.ca_file_path.as_ref()?)),
        "TLS_CERT_FILE" => (
            "tlsCertificateKeyFile",
            file(tls(uri)?.cert_key_file_path.as_ref()?),
        ),
        _ => return None,
    })
}

fn preference(preference: &ReadPreference) -> Option<String> {
    let word = match preference {
        ReadPreference::Primary => "primary",
        ReadPreference::PrimaryPreferred { .. } => "primaryPreferred",
        ReadPreference::Secondary { .. } => "secondary",
        ReadPreference::SecondaryPreferred { .. } => "secondaryPreferred",
        ReadPreference::Nearest { .. } => "nearest",
        _ => return None,
    };
    Some(word.to_owned())
}

fn level(level: &ReadConcernLevel) -> Option<String> {
    let word = match level {
        ReadConcernLevel::Local => "local",
        ReadConcernLevel::Majority => "majority",
        ReadConcernLevel::Linearizable => "linearizable",
        ReadConcernLevel::Available => "available",
        ReadConcernLevel::Snapshot => "snapshot",
        _ => return None,
    };
    Some(word.to_owned())
}

fn acknowledgment(w: &Acknowledgment) -> Option<String> {
    match w {
        Acknowledgment::Nodes(nodes) => Some(nodes.to_string()),
        Acknowledgment::Majority => Some("majority".to_owned()),
        _ => None,
    }
}

fn tls(uri: &ConnectionString) -> Option<&TlsOptions> {
    match uri.tls.as_ref()? {
        Tls::Enabled(options) => Some(options),
        Tls::Disabled => None,
    }
}

fn file(path: &Path) -> Option<String> {
    path.exists().then(|| path.display().to_string())
}
