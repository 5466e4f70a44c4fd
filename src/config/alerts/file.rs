//! The file of rules: a table for each that is changed or added, with the fields of [`Rule`].
//!
//! A fault names the rule and its field, and holds no value: anything may stand in a wrong file.

use std::{fs, path::Path, time::Duration};

use figment::{
    Provider,
    providers::{Format, Toml},
    value::{Dict, Value},
};

use super::{MEASURES, Measure, Rule, Severity, When, built_in, checks, table};
use crate::{config::reader::Reader, fault::Fault};

const VARIABLE: &str = "ALERT_RULES_FILE";

const FIELDS: [&str; 9] = [
    "measure",
    "threshold",
    "when",
    "for",
    "clear_for",
    "severity",
    "cooldown",
    "runbook",
    "enabled",
];

/// Longer is a mistake.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the rules that are built in, as the file changes them, and those that it adds.
pub(super) fn read(reader: &mut Reader) -> Vec<Rule> {
    let mut rules = built_in();
    let Some(found) = reader.path(VARIABLE) else {
        return rules;
    };
    let path = Path::new(found.value.trim());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let problem = format!("names a file that cannot be read ({})", error.kind());
            let cure = "check the path and its permissions";
            reader.fault(Fault::new(VARIABLE, problem, cure).set_in(found.origin));
            return rules;
        }
    };
    let Ok(data) = Toml::string(&text).data() else {
        let problem = "names a file that is not valid TOML";
        let cure = "check it with a TOML linter; its text is not shown here";
        reader.fault(Fault::new(VARIABLE, problem, cure).set_in(found.origin));
        return rules;
    };
    let mut faults = Faults {
        file: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into(),
        found: Vec::new(),
    };
    for (id, value) in data.into_values().flatten() {
        faults.apply(&mut rules, &id, &value);
    }
    faults
        .found
        .into_iter()
        .for_each(|fault| reader.fault(fault));
    rules
}

/// What is wrong with the file.
struct Faults {
    file: String,
    found: Vec<Fault>,
}

impl Faults {
    fn push(&mut self, subject: String, problem: impl Into<String>, cure: impl Into<String>) {
        let fault = Fault::new(subject, problem, cure);
        self.found.push(fault.set_in(&self.file));
    }

    fn apply(&mut self, rules: &mut Vec<Rule>, id: &str, value: &Value) {
        let subject = format!("rule `{id}`");
        let Value::Dict(_, fields) = value else {
            let cure = format!("write `[{id}]` and its fields below");
            return self.push(subject, "is no table", cure);
        };
        if !is_id(id) {
            let cure = "name it with at most 64 of a-z, 0-9 and `-`";
            return self.push(subject, "has a name that no rule may have", cure);
        }
        for name in fields
            .keys()
            .filter(|name| !FIELDS.contains(&name.as_str()))
        {
            let cure =
                near(name, FIELDS).unwrap_or_else(|| format!("it may have {}", FIELDS.join(", ")));
            self.push(
                format!("{subject}, `{name}`"),
                "is not a field of a rule",
                cure,
            );
        }
        let position = rules.iter().position(|rule| rule.id == id);
        let rule = match position {
            Some(position) => Some(rules[position].clone()),
            None => self.begin(rules, id, fields),
        };
        let Some(mut rule) = rule else {
            return;
        };
        let is_enabled = self.fill(&mut rule, &subject, fields);
        match (position, is_enabled) {
            (Some(position), true) => rules[position] = rule,
            (Some(position), false) => drop(rules.remove(position)),
            (None, true) => rules.push(rule),
            (None, false) => {}
        }
    }

    /// Returns what a rule that is not built in begins with; it needs a measure and a threshold.
    fn begin(&mut self, rules: &[Rule], id: &str, fields: &Dict) -> Option<Rule> {
        let subject = format!("rule `{id}`");
        if !fields.contains_key("measure") {
            let ids = rules.iter().map(|rule| rule.id.as_str());
            let cure = near(id, ids).unwrap_or_else(|| "one of your own needs a `measure`".into());
            self.push(subject, "is not built in", cure);
            return None;
        }
        if !fields.contains_key("threshold") {
            self.push(
                subject,
                "has no `threshold`",
                "say what a reading must go past",
            );
            return None;
        }
        Some(Rule {
            id: id.into(),
            // Replaced by the field, or the rule is at fault.
            measure: Measure::DatabaseDown,
            threshold: 0.0,
            when: When::Above,
            fires_after: Duration::from_secs(60),
            clears_after: Duration::from_secs(120),
            severity: Severity::Ticket,
            cooldown: table::COOLDOWN,
            runbook: None,
        })
    }

    /// Sets what the file says, and returns whether the rule is to be there.
    fn fill(&mut self, rule: &mut Rule, subject: &str, fields: &Dict) -> bool {
        let mut is_enabled = true;
        for (name, value) in fields {
            let taken = match name.as_str() {
                "enabled" => value.to_bool().map(|value| is_enabled = value),
                name if FIELDS.contains(&name) => set(rule, name, value),
                _ => continue,
            };
            if taken.is_none() {
                let problem = format!("expected {}", expected(name));
                self.push(format!("{subject}, `{name}`"), problem, "correct it");
            }
        }
        is_enabled
    }
}

/// Sets a field; nothing comes back where the value does not fit.
fn set(rule: &mut Rule, field: &str, value: &Value) -> Option<()> {
    match field {
        "measure" => rule.measure = Measure::parse(value.as_str()?)?,
        "threshold" => rule.threshold = number(value)?,
        "for" => rule.fires_after = time(value)?,
        "clear_for" => rule.clears_after = time(value)?,
        "cooldown" => rule.cooldown = time(value)?,
        "runbook" => rule.runbook = Some(runbook(value)?),
        "when" => {
            rule.when = match value.as_str()? {
                "above" => When::Above,
                "below" => When::Below,
                _ => return None,
            }
        }
        _ => {
            rule.severity = match value.as_str()? {
                "page" => Severity::Page,
                "ticket" => Severity::Ticket,
                _ => return None,
            }
        }
    }
    Some(())
}

fn expected(field: &str) -> String {
    match field {
        "measure" => measures(),
        "threshold" => "a number".into(),
        "when" => "\"above\" or \"below\"".into(),
        "severity" => "\"page\" or \"ticket\"".into(),
        "runbook" => "a line of at most 500 characters, in quotes".into(),
        "enabled" => "true or false, without quotes".into(),
        _ => "a duration in quotes, such as \"0s\", \"30s\" or \"5m\", at most \"24h\"".into(),
    }
}

fn is_id(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=64).contains(&id.len()) && id.bytes().all(plain)
}

fn number(value: &Value) -> Option<f64> {
    let Value::Num(_, number) = value else {
        return None;
    };
    let whole = || number.to_i128().map(|whole| whole as f64);
    number
        .to_f64()
        .or_else(whole)
        .filter(|number| number.is_finite())
}

fn runbook(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = text.chars().count() <= 500 && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

fn time(value: &Value) -> Option<Duration> {
    let time = humantime::parse_duration(value.as_str()?).ok()?;
    (time <= LONGEST).then_some(time)
}

fn measures() -> String {
    let names = MEASURES.iter().map(|named| named.name.to_owned());
    let checks = checks().map(|(name, _)| format!("check:{name}"));
    let all: Vec<_> = names.chain(checks).collect();
    format!("one of {}", all.join(", "))
}

/// Returns a question for the nearest name, where there is one.
fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |known: &&str| strsim::damerau_levenshtein(known, name);
    let nearest = known.into_iter().min_by_key(distance)?;
    (distance(&nearest) * 3 <= name.len()).then(|| format!("did you mean `{nearest}`?"))
}
