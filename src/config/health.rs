//! What is looked at, and from where on a value is amiss.

use super::{parse, reader::Reader};
use crate::health::{LIMITS, Limit};

/// What the health checks were told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HealthConfig {
    /// Whether anything is looked at but the heartbeats: `ENABLE_HEALTH_CHECKS`.
    pub checks: bool,
    /// From where on values are amiss: `HEALTH_LIMITS` over the defaults.
    pub limits: Vec<Limit>,
}

/// Returns `None` after a fault.
pub(super) fn read(reader: &mut Reader) -> Option<HealthConfig> {
    let checks = reader.process("ENABLE_HEALTH_CHECKS", parse::flag);
    let limits = reader.process("HEALTH_LIMITS", limits);
    Some(HealthConfig {
        checks: checks?.value,
        limits: limits?.value,
    })
}

/// Reads `check=degraded/down` pairs over the defaults.
fn limits(text: &str) -> Option<Vec<Limit>> {
    let mut limits = LIMITS.to_vec();
    for pair in text.split(',') {
        let (name, values) = pair.trim().split_once('=')?;
        let limit = limits
            .iter_mut()
            .find(|limit| limit.check == name.trim_end())?;
        let (degraded, down) = values.split_once('/')?;
        limit.degraded = degraded.trim().parse().ok()?;
        limit.down = down.trim().parse().ok()?;
        if !limit.is_ordered() {
            return None;
        }
    }
    Some(limits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings;

    #[test]
    fn the_default_that_is_documented_is_the_one_that_holds() {
        let setting = settings::find(&[settings::Applies::Process], "HEALTH_LIMITS");

        assert!(
            setting
                .presets
                .iter()
                .all(|preset| limits(preset).as_deref() == Some(&LIMITS[..]))
        );
        let named = |limit: &Limit| setting.presets[0].contains(&format!("{}=", limit.check));
        assert!(LIMITS.iter().all(named));
    }

    #[test]
    fn one_limit_can_be_changed_and_the_others_stay() {
        let changed = limits("ping=10/20.5, oplog-window = 48/12").unwrap();

        assert_eq!((changed[0].degraded, changed[0].down), (10.0, 20.5));
        assert_eq!(changed[1], LIMITS[1]);
        assert_eq!(changed[4].degraded, 48.0);
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for text in [
            "",
            "ping",
            "ping=1",
            "ping=2/1",
            "pong=1/2",
            "ping=a/b",
            "oplog-window=1/2",
            "ping=0/1",
            "ping=1/inf",
            "ping=NaN/NaN",
        ] {
            assert_eq!(limits(text), None, "{text}");
        }
    }
}
