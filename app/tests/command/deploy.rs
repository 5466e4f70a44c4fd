//! The files of deploy/: that they ask for what servers really tell, and that a real Prometheus takes them.

mod files;
mod prometheus;
mod promql;
mod served;
mod tools;

use std::collections::BTreeSet;

use mongoplex_testing::{Nodes, http};

use self::{
    files::{Rule, dashboard, named_labels, read, rules},
    served::{Names, Served},
};
use crate::{
    house::{ACME, eventually},
    running::Running,
};

/// Every name and every label, and every value that a label is compared with.
#[tokio::test(flavor = "multi_thread")]
async fn what_rules_and_dashboard_ask_for_is_what_a_server_tells() {
    let running = Running::on(Nodes::Three, "deploy_names").await;
    let admin = running.ports.admin;
    // An answer of 503.
    let force = |word: &str| {
        let body = format!(r#"{{"force":"{word}"}}"#);
        let line = "PUT /ops/guards/customer/circuit";
        assert_eq!(http(admin, line, &[], &body).unwrap().status, 200);
    };
    force("open");
    let refused = http(running.ports.customer, "GET /api/v1/clients", &[ACME], "").unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    force("free");
    // A server of which nobody knows what it is.
    let primary = running.set.primary().await.unwrap().port();
    let mut others = running
        .set
        .nodes()
        .iter()
        .filter(|node| node.port() != primary);
    others.next().unwrap().kill().await;
    let scrape = || http(admin, "GET /metrics", &[], "").unwrap().body;
    // Figures change once a second, and servers are seen one after another.
    eventually("all is seen", || {
        let text = scrape();
        let seen = ["primary", "secondary", "unknown"];
        seen.iter()
            .all(|kind| text.contains(&format!("kind=\"{kind}\"")))
            && text.contains("mongoplex_replication_lag_seconds{")
            && text.contains("mongoplex_tenant_calls{")
            && text.contains(r#"db_collection_name="clients""#)
    });
    let text = scrape();
    let served = Served::of(&text);
    let rules = rules();
    let names = Names {
        served: &served,
        rules: &rules,
    };

    let mut faults = Vec::new();
    for rule in &rules {
        let beside = rule
            .annotations
            .values()
            .flat_map(|text| named_labels(text));
        let beside: Vec<String> = beside.filter(|name| !name.contains('$')).collect();
        let title = rule.alert.as_ref().or(rule.record.as_ref()).unwrap();
        let found = names.faults(&rule.expression, &beside).into_iter();
        faults.extend(found.map(|fault| format!("rules.yml, {title}: {fault}")));
    }
    for shown in dashboard() {
        let found = names.faults(&shown.expression, &named_labels(&shown.legend));
        let title = shown.title;
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("mongoplex.json, {title}: {fault}")),
        );
    }

    assert!(rules.len() > 20 && dashboard().len() > 50);
    assert_eq!(faults, Vec::<String>::new());
    tools::check_metrics(&text);
    running.close().await;
}

#[test]
fn every_alert_is_explained_and_leads_to_a_heading() {
    let text = read("docs/monitoring.md");
    let alerts = rules();
    let alerts: Vec<&Rule> = alerts.iter().filter(|rule| rule.alert.is_some()).collect();
    assert!(alerts.len() > 15);

    for rule in alerts {
        let name = rule.alert.as_deref().unwrap();
        assert!(["page", "ticket"].contains(&&*rule.severity), "{name}");
        for annotation in ["summary", "description", "runbook"] {
            assert!(
                rule.annotations.contains_key(annotation),
                "{name}: {annotation}"
            );
        }
        let (file, heading) = rule.annotations["runbook"].split_once('#').unwrap();
        assert!(
            headings(&read(file)).contains(heading),
            "{name}: {file}#{heading}"
        );
        assert!(
            text.contains(&format!("`{name}`")),
            "{name} is not in docs/monitoring.md"
        );
    }
}

/// The headings of a document as links name them.
fn headings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    let name = |line: &str| {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let plain = |sign: &char| sign.is_alphanumeric() || "-_".contains(*sign);
        words.replace(' ', "-").chars().filter(plain).collect()
    };
    lines.map(name).collect()
}

#[test]
fn configuration_and_rules_are_what_promtool_takes_and_the_rules_do_what_their_tests_say() {
    for words in [
        ["check", "config", "deploy/prometheus/prometheus.yml"],
        ["check", "rules", "deploy/prometheus/rules.yml"],
        ["test", "rules", "deploy/prometheus/rules_test.yml"],
    ] {
        tools::promtool(&words, "");
    }
}
