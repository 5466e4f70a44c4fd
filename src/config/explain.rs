//! Every effective value and where it came from, for people.
//!
//! It connects to nothing. What is a secret, or may be one, is told as `<set>`.

mod option;
mod reading;

use self::reading::{Reading, lower_min_pool};
use super::{
    Config, Sources,
    settings::{Applies, SETTINGS},
};
use crate::{fault::Faults, registry::Registry};

/// What a configuration comes down to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Explanation {
    /// Those of the process, then those of each logical database, then those of each server.
    pub settings: Vec<Explained>,
    /// All that is wrong.
    pub faults: Faults,
}

/// One setting as it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explained {
    /// The variable that sets it, for one database or server alone where there is such a one.
    /// A URI's parts follow it as `… hosts` and `… database`.
    pub variable: String,
    /// The logical database that it applies to.
    pub database: Option<&'static str>,
    /// The server that it applies to.
    pub server: Option<&'static str>,
    /// The effective value; `<set>` for what may be a secret, `<at fault>` for what no setting takes,
    /// `None` where nothing applies.
    pub value: Option<String>,
    /// Where it came from: `command line`, `environment`, a file, ``the URI's `maxPoolSize` ``,
    /// `preset of production`, `declaration`, `default` or `private MongoDB`; with the variable in
    /// brackets where one for all databases sets it. `None` where nothing applies.
    pub origin: Option<String>,
    /// What applies where nobody says anything; `None` where nothing does.
    pub default: Option<String>,
    /// What a value must be, with its unit.
    pub expected: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

impl Config {
    /// Returns every setting with its effective value, and all faults. Nothing is connected to.
    pub fn explain(
        registry: &Registry,
        servers: &[(&'static str, u16)],
        sources: &Sources,
    ) -> Explanation {
        let (_, faults, trail) = Self::read(registry, servers, sources);
        let reading = Reading::new(trail);
        let of = |applies: &'static [Applies]| {
            SETTINGS
                .iter()
                .filter(move |setting| applies.contains(&setting.applies))
        };
        let mut settings: Vec<_> = of(&[Applies::Process])
            .map(|setting| reading.process(setting))
            .collect();
        for declared in registry.databases() {
            let first = settings.len();
            for setting in of(&[Applies::Database, Applies::OneDatabase]) {
                settings.extend(reading.database(setting, declared));
            }
            lower_min_pool(&mut settings[first..]);
        }
        for &(server, port) in servers {
            let own = of(&[Applies::Server]);
            settings.extend(own.map(|setting| reading.server(setting, server, port)));
        }
        Explanation { settings, faults }
    }
}

#[cfg(test)]
mod tests;
