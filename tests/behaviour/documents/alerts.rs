//! docs/alerts.md has every rule and every measure as they are.

use mongoplex::config::{MEASURES, When, built_in_rules, checks};

use super::read;

const FILE: &str = "docs/alerts.md";

#[test]
fn every_built_in_rule_stands_in_the_table_as_it_is_and_has_a_runbook() {
    let text = read(FILE);
    let rules = built_in_rules();

    for rule in &rules {
        let mut measures = MEASURES
            .iter()
            .filter(|named| named.measure == rule.measure);
        let measure = match measures.next() {
            Some(named) => named.name.to_owned(),
            None => check(&format!("{:?}", rule.measure)),
        };
        let when = match rule.when {
            When::Below => "below",
            _ => "above",
        };
        let past = format!("{} {}", rule.threshold, rule.measure.unit());
        let row = format!(
            "| `{}` | `{measure}` {when} {} | {} | {} | {} |",
            rule.id,
            past.trim_end(),
            humantime::format_duration(rule.fires_after),
            humantime::format_duration(rule.clears_after),
            rule.severity.as_str(),
        );
        assert!(text.lines().any(|line| line == row), "{FILE} lacks: {row}");
        let runbook = format!("### {}\n", rule.id);
        assert!(text.contains(&runbook), "{FILE} lacks {runbook}");
        let address = format!("{FILE}#{}", rule.id);
        assert_eq!(rule.runbook.as_deref(), Some(address.as_str()));
    }
    let rows = text
        .lines()
        .filter(|line| line.ends_with("| page |") || line.ends_with("| ticket |"));
    assert_eq!(rows.count(), rules.len(), "and no other");
}

/// From `Check("disk")`.
fn check(debug: &str) -> String {
    format!("check:{}", debug.split('"').nth(1).unwrap())
}

#[test]
fn every_measure_stands_in_the_table() {
    let text = read(FILE);

    for named in MEASURES {
        let row = format!("| `{}` | ", named.name);
        let found = text.lines().any(|line| line.starts_with(&row));
        assert!(found, "{FILE} has no row of {}", named.name);
    }
    let row = text
        .lines()
        .find(|line| line.starts_with("| `check:<name>`"));
    for (name, _) in checks() {
        assert!(row.unwrap().contains(&format!("`{name}`")), "{name}");
    }
}
