//! Reads single settings out of the layers and gathers what is wrong with them.

use figment::Figment;

use super::{
    Environment, misfit,
    settings::{self, Applies, Setting},
    sources::{Layer, Sources, merge},
};
use crate::fault::{Fault, Faults};

/// A text that was set, and where.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) value: String,
    pub(super) origin: String,
}

/// A setting's value, which knows whether somebody chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen<T> {
    pub(super) value: T,
    pub(super) explicit: bool,
}

impl<T> Chosen<T> {
    /// Returns what applies beside a URI's own option: a variable, then the URI, then the preset.
    pub(super) fn over(self, uri: Option<T>) -> T {
        match uri {
            Some(value) if !self.explicit => value,
            _ => self.value,
        }
    }
}

pub(super) struct Reader {
    figment: Figment,
    layers: Vec<Layer>,
    environment: Environment,
    faults: Faults,
}

impl Reader {
    pub(super) fn new(sources: &Sources) -> Self {
        let (layers, unreadable) = sources.stack();
        let mut faults = Faults::default();
        faults.extend(unreadable);
        for name in sources.not_unicode() {
            if ["DATABASE_", "DB_", "MONGOPLEX_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
            {
                faults.push(misfit(
                    name,
                    "environment",
                    "Unicode text",
                    "write it as UTF-8",
                ));
            }
        }
        Self {
            figment: merge(&layers),
            layers,
            environment: Environment::Production,
            faults,
        }
    }

    /// Returns the layers, lowest first.
    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(super) fn into_faults(self) -> Faults {
        self.faults
    }

    /// Notes a fault, once: a setting for all databases is read for each of them.
    pub(super) fn fault(&mut self, fault: Fault) {
        if !self.faults.iter().any(|known| *known == fault) {
            self.faults.push(fault);
        }
    }

    /// Sets whose presets apply from here on.
    pub(super) fn presets(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Returns a variable's text; one that is set to nothing counts as not set.
    pub(super) fn text(&mut self, name: &str) -> Option<Found> {
        let value = self.figment.find_value(name).ok()?;
        let origin = self
            .figment
            .get_metadata(value.tag())
            .map(|metadata| metadata.name.to_string());
        let value = value.into_string().filter(|text| !text.trim().is_empty())?;
        Some(Found {
            value,
            origin: origin.unwrap_or_default(),
        })
    }

    pub(super) fn environment(&mut self) -> Option<Environment> {
        let name = "MONGOPLEX_ENV";
        let expected = settings::find(&[Applies::Process], name).expected;
        let cure = "set it to where this process runs";
        let Some(found) = self.text(name) else {
            self.fault(Fault::new(
                name,
                format!("is not set, expected {expected}"),
                cure,
            ));
            return None;
        };
        let parsed = found.value.trim().parse();
        if parsed.is_err() {
            self.fault(misfit(name, &found.origin, expected, cure));
        }
        parsed.ok()
    }

    /// Returns a setting of the process.
    pub(super) fn process<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Option<Chosen<T>> {
        let setting = settings::find(&[Applies::Process], name);
        self.value(setting, &[name.to_owned()], parse)
    }

    /// Returns a setting of a logical database: its own variable, else the one for all.
    pub(super) fn database<T>(
        &mut self,
        database: &str,
        name: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Option<Chosen<T>> {
        let setting = settings::find(&[Applies::Database, Applies::OneDatabase], name);
        let mut names = vec![format!("{}{name}", settings::prefix(database))];
        if setting.applies == Applies::Database {
            names.push(format!("DB_{name}"));
        }
        self.value(setting, &names, parse)
    }

    /// Returns the first variable that is set, else the preset; `None` also after a fault.
    fn value<T>(
        &mut self,
        setting: &Setting,
        names: &[String],
        parse: fn(&str) -> Option<T>,
    ) -> Option<Chosen<T>> {
        for name in names {
            let Some(found) = self.text(name) else {
                continue;
            };
            let value = parse(found.value.trim());
            if value.is_none() {
                self.fault(misfit(name, &found.origin, setting.expected, "correct it"));
            }
            return value.map(|value| Chosen {
                value,
                explicit: true,
            });
        }
        let position = Environment::ALL
            .iter()
            .position(|environment| *environment == self.environment);
        let preset = setting.presets[position.unwrap_or_default()];
        parse(preset)
            .filter(|_| !preset.is_empty())
            .map(|value| Chosen {
                value,
                explicit: false,
            })
    }
}
