use std::{collections::BTreeSet, fs, path::PathBuf};

use super::*;
use crate::{Config, Sources, fault::Faults, registry::Registry};

crate::logical_database! { Shop = "shop" }

/// A file of one test, which is removed with it.
struct File(PathBuf);

impl File {
    fn new(test: &str, text: &str) -> Self {
        let name = format!("mongoplex-alerts-{}-{test}.toml", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn sources() -> Sources {
    Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        .variable("DATABASE_SHOP_URI", "mongodb://h/shop")
}

fn load(sources: &Sources) -> Result<AlertConfig, Faults> {
    let registry = Registry::new().with::<Shop>();
    Config::load(&registry, &[], sources).map(|config| config.alerts)
}

fn rules(test: &str, text: &str) -> Result<Vec<Rule>, Vec<String>> {
    let file = File::new(test, text);
    let path = file.0.to_str().unwrap();
    let loaded = load(&sources().variable("ALERT_RULES_FILE", path));
    let origin = file.0.file_name().unwrap().to_str().unwrap().to_owned();
    loaded.map(|config| config.rules).map_err(|faults| {
        let texts = faults.iter().map(ToString::to_string);
        texts.map(|text| text.replace(&origin, "FILE")).collect()
    })
}

#[test]
fn without_a_file_the_built_in_rules_hold() {
    let config = load(&sources()).unwrap();

    assert_eq!(config.rules, built_in());
    assert_eq!(config.webhook, None);
    let ids: BTreeSet<_> = config.rules.iter().map(|rule| &rule.id).collect();
    assert_eq!(ids.len(), config.rules.len(), "each id is there once");
}

#[test]
fn a_file_changes_switches_off_and_adds_rules() {
    let text = r#"
        [database-down]
        for = "2s"
        clear_for = "0s"
        cooldown = "1m"
        severity = "ticket"

        [replication-lag]
        threshold = 20

        [disk]
        enabled = false

        [few-connections]
        measure = "check:connections"
        when = "below"
        threshold = 0.5
        runbook = "https://wiki.example/few"
    "#;

    let rules = rules("changes", text).unwrap();

    let rule = |id: &str| rules.iter().find(|rule| rule.id == id);
    let down = rule("database-down").unwrap();
    let times = (down.fires_after, down.clears_after, down.cooldown);
    let seconds = Duration::from_secs;
    assert_eq!(times, (seconds(2), seconds(0), seconds(60)));
    assert_eq!((down.severity, down.threshold), (Severity::Ticket, 0.0));
    assert_eq!(rule("replication-lag").unwrap().threshold, 20.0);
    assert_eq!(rule("disk"), None);
    let own = rule("few-connections").unwrap();
    assert_eq!(own.measure, Measure::Check("connections"));
    assert_eq!((own.when, own.threshold), (When::Below, 0.5));
    assert_eq!(own.runbook.as_deref(), Some("https://wiki.example/few"));
    assert_eq!(rules.len(), built_in().len());
}

#[test]
fn all_faults_of_a_file_are_told_without_a_value() {
    let text = r#"
        canary = 3

        [databse-down]
        for = "2s"

        [disk]
        treshold = 5
        for = "canary"
        severity = "canary"
        threshold = "canary"
        enabled = "canary"
        runbook = "canary\n"
        when = "canary"

        [own]
        measure = "check:canary"
        threshold = 1

        [other]
        measure = "p99"

        ["Not A Name"]
        measure = "p99"
    "#;

    let faults = rules("faults", text).unwrap_err();

    let start = |fault: &String| fault.split(':').next().unwrap().to_owned();
    let subjects: Vec<String> = faults.iter().map(start).collect();
    assert_eq!(
        subjects,
        [
            "rule `Not A Name` (from FILE)",
            "rule `canary` (from FILE)",
            "rule `databse-down` (from FILE)",
            "rule `disk`, `treshold` (from FILE)",
            "rule `disk`, `enabled` (from FILE)",
            "rule `disk`, `for` (from FILE)",
            "rule `disk`, `runbook` (from FILE)",
            "rule `disk`, `severity` (from FILE)",
            "rule `disk`, `threshold` (from FILE)",
            "rule `disk`, `when` (from FILE)",
            "rule `other` (from FILE)",
            "rule `own`, `measure` (from FILE)",
        ]
    );
    assert!(faults[2].ends_with("is not built in; did you mean `database-down`?"));
    assert!(faults[3].ends_with("is not a field of a rule; did you mean `threshold`?"));
    assert!(
        faults[11].contains("expected one of database-down, "),
        "{}",
        faults[11]
    );
    let values = faults.iter().filter(|fault| fault.contains("canary"));
    assert_eq!(values.count(), 1, "names of rules only: {faults:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_beside_the_others() {
    let sources = sources()
        .variable("ALERT_RULES_FILE", "/nowhere/canary.toml")
        .variable("REQUEST_TIMEOUT", "soon");

    let faults = load(&sources).unwrap_err().to_string();

    let expected =
        "ALERT_RULES_FILE (from environment): names a file that cannot be read (entity not found)";
    assert!(faults.contains(expected), "{faults}");
    assert!(faults.contains("REQUEST_TIMEOUT"), "{faults}");
    assert!(!faults.contains("canary"), "{faults}");
    assert_eq!(
        rules("broken", "[disk").unwrap_err(),
        [
            "ALERT_RULES_FILE (from environment): names a file that is not valid TOML; check it with a TOML linter; its text is not shown here"
        ]
    );
}

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

#[test]
fn a_webhook_has_an_address_and_a_key_and_prints_neither() {
    let url = "https://hooks.example/T0/canary?token=canary";
    let both = sources()
        .variable("ALERT_WEBHOOK_URL", url)
        .variable("ALERT_WEBHOOK_KEY", KEY);

    let config = load(&both).unwrap();

    let text = format!("{config:?}");
    assert!(!text.contains("canary") && !text.contains("MfKQ"), "{text}");
    let webhook = config.webhook.unwrap();
    assert_eq!((webhook.url.expose(), webhook.key.expose()), (url, KEY));
}

#[test]
fn a_secret_of_the_webhook_may_stand_in_a_file() {
    let file = File::new("key", &format!("{KEY}\n"));
    let sources = sources()
        .variable("ALERT_WEBHOOK_URL", "http://127.0.0.1:9/")
        .variable("ALERT_WEBHOOK_KEY_FILE", file.0.to_str().unwrap());

    let config = load(&sources).unwrap();

    assert_eq!(config.webhook.unwrap().key.expose(), KEY);
}

#[test]
fn half_a_webhook_and_unfit_halves_are_faults() {
    let half = sources().variable("ALERT_WEBHOOK_KEY", KEY);
    let half = load(&half).unwrap_err().to_string();
    assert!(half.starts_with("ALERT_WEBHOOK_URL: is not set"), "{half}");

    for url in [
        "ftp://canary/",
        "https://user:canary@h/",
        "https://",
        "https://h:0/",
        "https://h/canary#x",
        "https://h/a canary",
        "https://[::canary]/",
    ] {
        let sources = sources()
            .variable("ALERT_WEBHOOK_URL", url)
            .variable("ALERT_WEBHOOK_KEY", KEY);
        let faults = load(&sources).expect_err(url).to_string();
        assert!(
            faults.starts_with("ALERT_WEBHOOK_URL (from environment)"),
            "{faults}"
        );
        assert!(!faults.contains("canary"), "{faults}");
    }
    for key in ["canary", "whsec_", "whsec_c2hvcnQ=", "whsec_canary!"] {
        let sources = sources()
            .variable("ALERT_WEBHOOK_URL", "https://h/")
            .variable("ALERT_WEBHOOK_KEY", key);
        let faults = load(&sources).expect_err(key).to_string();
        assert!(
            faults.starts_with("ALERT_WEBHOOK_KEY (from environment)"),
            "{faults}"
        );
        assert!(!faults.contains("canary"), "{faults}");
    }
}
