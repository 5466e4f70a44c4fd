//! The files of deploy/ as values: every expression, with where it stands.

use std::{collections::BTreeMap, fs, path::PathBuf};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

/// Returns a path of the repository.
pub(super) fn path(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.parent().unwrap().join(name)
}

pub(super) fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A rule: what it records, or that it alerts.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) alert: Option<String>,
    pub(super) record: Option<String>,
    pub(super) expression: String,
    pub(super) severity: String,
    pub(super) annotations: BTreeMap<String, String>,
}

pub(super) fn rules() -> Vec<Rule> {
    let text = read("deploy/prometheus/rules.yml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let groups = documents[0].as_mapping_get("groups").unwrap();
    let groups = groups.as_sequence().unwrap().iter();
    let rules = groups.flat_map(|group| {
        group
            .as_mapping_get("rules")
            .unwrap()
            .as_sequence()
            .unwrap()
    });
    rules.map(rule).collect()
}

fn rule(yaml: &Yaml<'_>) -> Rule {
    let text = |name| Some(yaml.as_mapping_get(name)?.as_str()?.to_owned());
    let annotations = yaml
        .as_mapping_get("annotations")
        .and_then(Yaml::as_mapping);
    let annotations = annotations.into_iter().flatten();
    let severity = yaml.as_mapping_get("labels");
    let severity = severity.and_then(|labels| labels.as_mapping_get("severity")?.as_str());
    Rule {
        alert: text("alert"),
        record: text("record"),
        expression: text("expr").unwrap(),
        severity: severity.unwrap_or_default().to_owned(),
        annotations: annotations
            .map(|(name, value)| {
                (
                    name.as_str().unwrap().into(),
                    value.as_str().unwrap().into(),
                )
            })
            .collect(),
    }
}

/// An expression of Grafana's dashboard, with the title of its panel and what names its lines.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) expression: String,
    pub(super) legend: String,
}

pub(super) fn dashboard() -> Vec<Shown> {
    let board: Value = serde_json::from_str(&read("deploy/grafana/mongoplex.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let panels = board["panels"].as_array().unwrap().iter();
    let shown = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(|target| Shown {
            title: text(&panel["title"]),
            expression: text(&target["expr"]),
            legend: text(&target["legendFormat"]),
        })
    });
    let variables = board["templating"]["list"].as_array().unwrap().iter();
    let queries = variables.filter_map(|variable| {
        // `label_values(series, label)`
        let query = variable["definition"].as_str()?;
        let query = query.strip_prefix("label_values(").unwrap();
        let (series, label) = query.rsplit_once(',').unwrap();
        Some(Shown {
            title: text(&variable["label"]),
            expression: series.to_owned(),
            legend: format!("{{{{{}}}}}", label.trim_end_matches(')').trim()),
        })
    });
    shown.chain(queries).collect()
}

/// Returns the labels that a text names as `{{label}}` or `$labels.label`.
pub(super) fn named_labels(text: &str) -> Vec<String> {
    let legend = text
        .split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"));
    let legend = legend.map(|(name, _)| name.trim().to_owned());
    let legend = legend.filter(|name| !name.starts_with('$'));
    let plain = |sign: char| !sign.is_ascii_alphanumeric() && sign != '_';
    let dotted = text.split("$labels.").skip(1);
    let dotted = dotted.map(|rest| rest.split(plain).next().unwrap_or_default().to_owned());
    legend.chain(dotted).collect()
}
