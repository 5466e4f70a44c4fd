//! From text to values. `None` means that the text is not what the setting's table row expects.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use mongodb::options::{Acknowledgment, ReadConcern, ReadPreference};

use crate::meter::Names;

/// Longer is a mistake, and sums of durations stay far from what a clock can count.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| !duration.is_zero() && *duration <= LONGEST)
}

pub(super) fn heartbeat(text: &str) -> Option<Duration> {
    // The driver's own minimum: server discovery and monitoring specification.
    duration(text).filter(|duration| *duration >= Duration::from_millis(500))
}

pub(super) fn pool_size(text: &str) -> Option<u32> {
    text.parse().ok().filter(|size| (1..=10_000).contains(size))
}

pub(super) fn min_pool_size(text: &str) -> Option<u32> {
    text.parse().ok().filter(|size| *size <= 10_000)
}

/// A whole number from 1.
pub(super) fn count(text: &str) -> Option<u32> {
    count_or_none(text).filter(|count| *count > 0)
}

/// A whole number from 0.
pub(super) fn count_or_none(text: &str) -> Option<u32> {
    text.parse().ok().filter(|count| *count <= 10_000)
}

pub(super) fn percent(text: &str) -> Option<u8> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    number
        .parse()
        .ok()
        .filter(|share| (1..=100).contains(share))
}

/// Whole seconds: the rates are counted in them.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    duration(text).filter(|duration| duration.subsec_nanos() == 0)
}

pub(super) fn instances(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|count| (1..=10_000).contains(count))
}

pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(super) fn path(text: &str) -> Option<PathBuf> {
    Some(PathBuf::from(text))
}

pub(super) fn file(text: &str) -> Option<PathBuf> {
    path(text).filter(|path| path.is_file())
}

/// A level, or several of them with targets, as `tracing` filters have it.
pub(super) fn log_level(text: &str) -> Option<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let plain = |target: &str| {
        !target.is_empty()
            && target
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
    };
    let good = text
        .split(',')
        .all(|part| match part.trim().split_once('=') {
            Some((target, level)) => plain(target) && LEVELS.contains(&level),
            None => LEVELS.contains(&part.trim()),
        });
    good.then(|| text.to_owned())
}

pub(super) fn body_limit(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|size| (1..=16 * 1024 * 1024).contains(size))
}

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    text.parse().ok()
}

pub(super) fn tenant_names(text: &str) -> Option<Names> {
    match text {
        "shown" => Some(Names::Shown),
        "hashed" => Some(Names::Hashed),
        _ => None,
    }
}

pub(super) fn read_preference(text: &str) -> Option<ReadPreference> {
    let options = None;
    Some(match text {
        "primary" => ReadPreference::Primary,
        "primaryPreferred" => ReadPreference::PrimaryPreferred { options },
        "secondary" => ReadPreference::Secondary { options },
        "secondaryPreferred" => ReadPreference::SecondaryPreferred { options },
        "nearest" => ReadPreference::Nearest { options },
        _ => return None,
    })
}

pub(super) fn read_concern(text: &str) -> Option<ReadConcern> {
    Some(match text {
        "local" => ReadConcern::local(),
        "majority" => ReadConcern::majority(),
        "available" => ReadConcern::available(),
        "linearizable" => ReadConcern::linearizable(),
        "snapshot" => ReadConcern::snapshot(),
        _ => return None,
    })
}

pub(super) fn write_concern(text: &str) -> Option<Acknowledgment> {
    if text == "majority" {
        return Some(Acknowledgment::Majority);
    }
    // 0 would mean that no write is ever acknowledged.
    let nodes: u32 = text.parse().ok()?;
    (1..=50)
        .contains(&nodes)
        .then_some(Acknowledgment::Nodes(nodes))
}
