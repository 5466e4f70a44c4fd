//! Reads single settings out of the layers and gathers what is wrong with them.

use std::{collections::BTreeMap, fs, path::Path};

use figment::Figment;

use super::{
    Environment, misfit,
    settings::{self, Applies, Setting},
    sources::{Layer, Sources, merge},
    uri::Uri,
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

/// What a variable that is set was found to be, safe to show.
pub(super) struct Seen {
    pub(super) origin: String,
    /// `None` where it must not be shown: it is a secret, or may be one.
    pub(super) shown: Option<String>,
    pub(super) is_fault: bool,
}

/// What was seen while everything was read: for whoever explains it.
#[derive(Default)]
pub(super) struct Trail {
    /// By the variable's name.
    pub(super) seen: BTreeMap<String, Seen>,
    /// By the logical database's name.
    pub(super) uris: BTreeMap<&'static str, Uri>,
}

pub(super) struct Reader {
    figment: Figment,
    layers: Vec<Layer>,
    environment: Environment,
    faults: Faults,
    trail: Trail,
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
            trail: Trail::default(),
        }
    }

    /// Returns the layers, lowest first.
    pub(super) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(super) fn finish(self) -> (Faults, Trail) {
        (self.faults, self.trail)
    }

    pub(super) fn found_uri(&mut self, database: &'static str, uri: &Uri) {
        self.trail.uris.insert(database, uri.clone());
    }

    /// Notes a variable that was read. What does not fit is not shown: it may belong to another one.
    pub(super) fn saw(&mut self, name: &str, found: &Found, fits: bool) {
        let text = found.value.trim();
        let seen = Seen {
            origin: found.origin.clone(),
            shown: fits.then(|| text.to_owned()),
            is_fault: !fits,
        };
        self.trail.seen.insert(name.to_owned(), seen);
    }

    /// Returns the text of a variable that holds a secret.
    pub(super) fn secret(&mut self, name: &str) -> Option<Found> {
        let found = self.text(name)?;
        let seen = Seen {
            origin: found.origin.clone(),
            shown: None,
            is_fault: false,
        };
        self.trail.seen.insert(name.to_owned(), seen);
        Some(found)
    }

    /// Returns the text of a variable that names a file. Any text is a path: it is shown where there is
    /// such a file, so that no secret is which somebody put there.
    pub(super) fn path(&mut self, name: &str) -> Option<Found> {
        let found = self.secret(name)?;
        if Path::new(found.value.trim()).exists() {
            self.saw(name, &found, true);
        }
        Some(found)
    }

    /// Returns the text of a variable that holds a secret, or names a file of it by `<name>_FILE`, and the
    /// variable that did.
    pub(super) fn secret_or_file(&mut self, variable: &str) -> Option<(String, Found)> {
        let file_variable = format!("{variable}_FILE");
        let direct = self.secret(variable);
        let Some(file) = self.path(&file_variable) else {
            return direct.map(|found| (variable.to_owned(), found));
        };
        if direct.is_some() {
            let problem = format!("is set, and {variable} too");
            let fault = Fault::new(&file_variable, problem, "set one of them");
            self.fault(fault.set_in(&file.origin));
        }
        match fs::read_to_string(file.value.trim()) {
            Ok(value) => {
                let origin = file.origin;
                Some((file_variable, Found { value, origin }))
            }
            Err(error) => {
                let problem = format!("names a file that cannot be read ({})", error.kind());
                let cure = "check the path and its permissions";
                self.fault(Fault::new(file_variable, problem, cure).set_in(file.origin));
                direct.map(|found| (variable.to_owned(), found))
            }
        }
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
        self.saw(name, &found, parsed.is_ok());
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
            self.saw(name, &found, value.is_some());
            if value.is_none() {
                self.fault(misfit(name, &found.origin, setting.expected, "correct it"));
            }
            return value.map(|value| Chosen {
                value,
                explicit: true,
            });
        }
        let preset = setting.preset(self.environment);
        parse(preset)
            .filter(|_| !preset.is_empty())
            .map(|value| Chosen {
                value,
                explicit: false,
            })
    }
}
