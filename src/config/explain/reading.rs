//! From what was read to what applies: the highest layer that says something.

use super::{Explained, option};
use crate::{
    config::{
        Environment,
        reader::Trail,
        settings::{self, Applies, Setting},
        sources::STAND_IN,
    },
    registry::Declared,
};

/// Stands for a value that is not shown.
const SET: &str = "<set>";

/// What was read, as it applies.
pub(super) struct Reading {
    trail: Trail,
    environment: Option<Environment>,
}

/// A value and where it came from.
type Origin = (String, String);

impl Reading {
    pub(super) fn new(trail: Trail) -> Self {
        let environment = trail.seen.get("MONGOPLEX_ENV");
        let environment = environment.and_then(|seen| seen.shown.as_ref()?.parse().ok());
        Self { trail, environment }
    }

    pub(super) fn process(&self, setting: &'static Setting) -> Explained {
        let found = self.seen(setting.name).or_else(|| self.preset(setting));
        let mut row = row(setting, setting.name.to_owned(), found);
        row.default = self.default(setting);
        row
    }

    pub(super) fn server(
        &self,
        setting: &'static Setting,
        server: &'static str,
        port: u16,
    ) -> Explained {
        let variable = format!("{}{}", settings::server_prefix(server), setting.name);
        let default = format!("127.0.0.1:{port}");
        let found = self.seen(&variable);
        let found = found.unwrap_or_else(|| (default.clone(), "default".into()));
        Explained {
            server: Some(server),
            default: Some(default),
            ..row(setting, variable, Some(found))
        }
    }

    /// Returns the row of a setting of a database, and those of the parts of its URI.
    pub(super) fn database(
        &self,
        setting: &'static Setting,
        declared: &Declared,
    ) -> Vec<Explained> {
        let variable = format!("{}{}", settings::prefix(declared.name), setting.name);
        let declaration = (setting.name == "REQUIRED").then(|| (!declared.optional).to_string());
        let found = self
            .seen(&variable)
            .or_else(|| self.of_all(setting))
            .or_else(|| self.of_uri(setting, declared))
            .or_else(|| Some((declaration.clone()?, "declaration".into())))
            .or_else(|| self.preset(setting));
        let own = Explained {
            database: Some(declared.name),
            default: declaration.or_else(|| self.default(setting)),
            ..row(setting, variable, found)
        };
        let mut rows = vec![own];
        if setting.name == "URI" {
            rows.extend(self.parts(&rows[0], declared));
        }
        rows
    }

    /// Returns what a URI holds that is no credential: hosts and database.
    fn parts(&self, whole: &Explained, declared: &Declared) -> Vec<Explained> {
        let Some(uri) = self.trail.uris.get(declared.name) else {
            return Vec::new();
        };
        let file = self.trail.seen.get(&format!("{}_FILE", whole.variable));
        let origin = file
            .map(|file| file.origin.clone())
            .or_else(|| whole.origin.clone());
        let part = |name: &str, value: String, purpose| Explained {
            variable: format!("{} {name}", whole.variable),
            value: Some(value),
            origin: origin.clone(),
            expected: "a part of the URI",
            purpose,
            ..whole.clone()
        };
        let hosts = part(
            "hosts",
            uri.hosts().join(","),
            "The hosts that the URI names.",
        );
        let database = part(
            "database",
            uri.database().to_owned(),
            "The physical database that the URI names.",
        );
        // Where a private MongoDB listens is known once it runs.
        let is_given = origin.as_deref() != Some(STAND_IN);
        is_given
            .then_some(hosts)
            .into_iter()
            .chain([database])
            .collect()
    }

    /// Returns what a variable holds, as far as it may be shown.
    fn seen(&self, variable: &str) -> Option<Origin> {
        let seen = self.trail.seen.get(variable)?;
        let hidden = if seen.is_fault { "<at fault>" } else { SET };
        let value = seen.shown.clone().unwrap_or_else(|| hidden.to_owned());
        Some((value, seen.origin.clone()))
    }

    fn of_all(&self, setting: &Setting) -> Option<Origin> {
        let variable = format!("DB_{}", setting.name);
        let (value, origin) = self.seen(&variable)?;
        (setting.applies == Applies::Database).then(|| (value, format!("{origin} ({variable})")))
    }

    fn of_uri(&self, setting: &Setting, declared: &Declared) -> Option<Origin> {
        let uri = self.trail.uris.get(declared.name)?.parsed()?;
        let (name, value) = option::of(&uri, setting.name)?;
        let value = value.unwrap_or_else(|| SET.to_owned());
        Some((value, format!("the URI's `{name}`")))
    }

    fn preset(&self, setting: &Setting) -> Option<Origin> {
        let value = self.default(setting)?;
        Some(match self.environment {
            Some(environment) => (value, format!("preset of {environment}")),
            None => (value, "preset".into()),
        })
    }

    /// Returns the preset; without an environment the one that all have in common.
    fn default(&self, setting: &Setting) -> Option<String> {
        let [first, ..] = setting.presets;
        let preset = match self.environment {
            Some(environment) => setting.preset(environment),
            None if setting.presets == [first; 4] => first,
            None => "<as MONGOPLEX_ENV says>",
        };
        (!preset.is_empty()).then(|| preset.to_owned())
    }
}

fn row(setting: &'static Setting, variable: String, found: Option<Origin>) -> Explained {
    let (value, origin) = found.unzip();
    Explained {
        variable,
        database: None,
        server: None,
        value,
        origin,
        default: None,
        expected: setting.expected,
        purpose: setting.purpose,
    }
}

/// A pool keeps no more connections open than it may have; see `Tuning::apply`.
pub(super) fn lower_min_pool(settings: &mut [Explained]) {
    let size = |name: &str| {
        let mut named = settings.iter().filter(|row| row.variable.ends_with(name));
        named.next()?.value.as_ref()?.parse::<u32>().ok()
    };
    let (Some(min), Some(max)) = (size("_MIN_POOL_SIZE"), size("_MAX_POOL_SIZE")) else {
        return;
    };
    let mut own = settings.iter_mut();
    if let Some(row) = own.find(|row| row.variable.ends_with("_MIN_POOL_SIZE") && min > max) {
        let origin = row.origin.take().unwrap_or_default();
        row.origin = Some(format!("{origin}, lowered to MAX_POOL_SIZE"));
        row.value = Some(max.to_string());
    }
}
