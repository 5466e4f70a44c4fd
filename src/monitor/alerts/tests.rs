mod house;
mod readings;

use self::house::{calm, check, down, ended, operation, tenant, windows};
use super::*;
use crate::{
    config::{When, built_in_rules},
    meter::{Outcome, Window},
};

/// Alerts with a clock of their own, which stands still between two seconds, and a log.
struct Bench {
    alerts: Alerts,
    start: Instant,
    second: u64,
    log: Vec<String>,
}

impl Bench {
    fn new(rules: Vec<Rule>) -> Self {
        Self {
            alerts: Alerts::new(rules),
            start: Instant::now(),
            second: 0,
            log: Vec::new(),
        }
    }

    /// Returns one with a single built-in rule, its times in seconds.
    fn of(id: &str, fires_after: u64, clears_after: u64, cooldown: u64) -> Self {
        let mut rule = rule(id);
        rule.fires_after = Duration::from_secs(fires_after);
        rule.clears_after = Duration::from_secs(clears_after);
        rule.cooldown = Duration::from_secs(cooldown);
        Self::new(vec![rule])
    }

    /// Lets so many seconds go by with a snapshot at the end of each.
    fn go(&mut self, seconds: u64, snapshot: &Snapshot) {
        for _ in 0..seconds {
            self.second += 1;
            let now = self.now();
            for change in self.alerts.evaluate(now, snapshot) {
                let alert = &change.alert;
                let told = if change.is_told { ", told" } else { "" };
                self.log.push(format!(
                    "{:>3} {} {}: {} to {}{told}",
                    self.second,
                    alert.rule,
                    alert.subject,
                    change.from.as_str(),
                    alert.state.as_str(),
                ));
            }
        }
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_secs(self.second)
    }

    fn states(&self) -> Vec<(String, &'static str)> {
        let views = self.alerts.views(self.now()).into_iter();
        views
            .map(|view| (view.subject, view.state.as_str()))
            .collect()
    }

    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }
}

fn rule(id: &str) -> Rule {
    let mut rules = built_in_rules().into_iter();
    rules.find(|rule| rule.id == id).unwrap()
}

#[test]
fn an_alert_is_pending_then_firing_then_resolved_and_forgotten_after_an_hour() {
    let mut bench = Bench::of("database-down", 10, 20, 300);

    bench.go(5, &calm());
    bench.go(30, &down(&["customer"]));
    bench.go(40, &calm());

    assert_eq!(
        bench.log(),
        [
            "  6 database-down customer: inactive to pending",
            " 16 database-down customer: pending to firing, told",
            " 56 database-down customer: firing to resolved, told",
        ]
    );
    assert_eq!(bench.states(), [("customer".into(), "resolved")]);
    bench.go(3_580, &calm());
    assert_eq!(bench.states(), [("customer".into(), "resolved")]);
    bench.go(1, &calm());
    assert_eq!(bench.states(), []);
    assert_eq!(bench.log(), [""; 0]);
}

#[test]
fn one_that_is_over_before_its_time_never_fires() {
    let mut bench = Bench::of("database-down", 10, 20, 300);

    bench.go(10, &down(&["admin"]));
    bench.go(10, &calm());

    assert_eq!(
        bench.log(),
        [
            "  1 database-down admin: inactive to pending",
            " 11 database-down admin: pending to inactive",
        ]
    );
    assert_eq!(bench.states(), []);
}

#[test]
fn two_databases_make_two_alerts_and_two_resolves() {
    let mut bench = Bench::of("database-down", 10, 20, 300);

    bench.go(3, &down(&["admin"]));
    bench.go(20, &down(&["admin", "customer"]));
    bench.go(5, &down(&["admin"]));
    bench.go(30, &calm());

    assert_eq!(
        bench.log(),
        [
            "  1 database-down admin: inactive to pending",
            "  4 database-down customer: inactive to pending",
            " 11 database-down admin: pending to firing, told",
            " 14 database-down customer: pending to firing, told",
            " 44 database-down customer: firing to resolved, told",
            " 49 database-down admin: firing to resolved, told",
        ]
    );
}

#[test]
fn what_flaps_around_the_threshold_stays_one_alert() {
    let mut bench = Bench::of("database-down", 3, 10, 300);

    bench.go(4, &down(&["admin"]));
    for _ in 0..20 {
        bench.go(9, &calm());
        bench.go(1, &down(&["admin"]));
    }
    bench.go(12, &calm());

    assert_eq!(
        bench.log(),
        [
            "  1 database-down admin: inactive to pending",
            "  4 database-down admin: pending to firing, told",
            "215 database-down admin: firing to resolved, told",
        ]
    );
}

#[test]
fn within_the_cooldown_nobody_is_told_twice_and_after_it_somebody_is() {
    let mut bench = Bench::of("database-down", 0, 0, 30);

    bench.go(1, &down(&["admin"]));
    bench.go(9, &calm());
    bench.go(5, &down(&["admin"]));
    bench.go(5, &calm());
    bench.go(20, &down(&["admin"]));
    bench.go(1, &calm());

    assert_eq!(
        bench.log(),
        [
            "  1 database-down admin: inactive to pending",
            "  1 database-down admin: pending to firing, told",
            "  2 database-down admin: firing to resolved, told",
            // Nobody heard of this one, so nobody hears that it is over.
            " 11 database-down admin: inactive to pending",
            " 11 database-down admin: pending to firing",
            " 16 database-down admin: firing to resolved",
            // This one lasts until the cooldown is over.
            " 21 database-down admin: inactive to pending",
            " 21 database-down admin: pending to firing",
            " 31 database-down admin: firing to firing, told",
            " 41 database-down admin: firing to resolved, told",
        ]
    );
}

#[test]
fn who_listens_later_hears_of_what_fires_and_was_told() {
    let mut bench = Bench::of("database-down", 2, 0, 30);
    let told = |bench: &Bench| bench.alerts.told(bench.now()).len();

    bench.go(2, &down(&["admin"]));
    assert_eq!(told(&bench), 0, "pending");
    bench.go(4, &down(&["admin"]));
    let fires = bench.alerts.told(bench.now()).remove(0);
    assert_eq!((fires.alert.since_seconds, fires.is_told), (3.0, true));
    bench.go(1, &calm());
    assert_eq!(told(&bench), 0, "over");
    bench.go(4, &down(&["admin"]));
    assert_eq!(told(&bench), 0, "held back by the cooldown");
}

#[test]
fn each_time_is_an_alert_of_its_own_and_one_that_never_fires_leaves_the_last_one() {
    let mut bench = Bench::of("database-down", 5, 0, 0);
    bench.go(6, &down(&["admin"]));
    let first = bench.alerts.views(bench.now())[0].id.clone();
    bench.go(10, &calm());

    bench.go(2, &down(&["admin"]));
    let second = bench.alerts.views(bench.now());
    bench.go(1, &calm());
    let third = bench.alerts.views(bench.now());

    assert_eq!(second[0].state, AlertState::Pending);
    assert_ne!(second[0].id, first);
    assert_eq!(
        (third[0].state, &third[0].id),
        (AlertState::Resolved, &first)
    );
    assert_eq!(third[0].since_seconds, 12.0);
}

#[test]
fn what_is_told_names_what_was_found() {
    let mut bench = Bench::of("database-down", 0, 0, 0);

    bench.go(3, &down(&["customer"]));

    let alert = &bench.alerts.views(bench.now())[0];
    let expected = serde_json::json!({
        "id": alert.id,
        "rule": "database-down",
        "kind": "database",
        "database": "customer",
        "severity": "page",
        "state": "firing",
        "sinceSeconds": 2.0,
        "message": "`customer` is down: gone",
        "observed": 1.0,
        "threshold": 0.0,
        "unit": "",
        "runbook": "docs/alerts.md#database-down",
    });
    assert_eq!(serde_json::json!(alert), expected);
    bench.go(1, &calm());
    let alert = &bench.alerts.views(bench.now())[0];
    assert_eq!(
        (alert.message.as_str(), alert.observed),
        ("`customer` is up", Some(0.0))
    );
}

#[test]
fn a_subject_that_is_gone_is_calm() {
    let mut bench = Bench::of("no-primary", 0, 2, 0);
    let mut away = calm();
    away.deployments[0].servers[0].kind = "unknown";
    let mut nothing = calm();
    nothing.deployments.clear();

    bench.go(1, &away);
    bench.go(3, &nothing);

    assert_eq!(
        bench.log(),
        [
            "  1 no-primary rs0: inactive to pending",
            "  1 no-primary rs0: pending to firing, told",
            "  4 no-primary rs0: firing to resolved, told",
        ]
    );
}

#[test]
fn of_two_deployments_with_one_name_the_worse_counts() {
    let mut bench = Bench::of("no-primary", 0, 0, 0);
    let mut both = calm();
    let mut second = both.deployments[0].clone();
    second.servers[0].kind = "unknown";
    both.deployments.insert(0, second);
    let mut swapped = both.clone();
    swapped.deployments.reverse();

    bench.go(3, &both);
    assert_eq!(bench.log().len(), 2, "pending and firing");
    bench.go(3, &swapped);

    assert_eq!(bench.log(), [""; 0], "it still fires");
}

#[test]
fn counters_fire_on_growth_and_are_calm_a_minute_later() {
    let mut bench = Bench::of("ambiguous-writes", 0, 0, 0);
    let mut one = calm();
    one.databases[0].operations = vec![ended(Outcome::Ambiguous, 3)];

    bench.go(10, &calm());
    bench.go(100, &one);

    assert_eq!(
        bench.log(),
        [
            " 11 ambiguous-writes admin: inactive to pending",
            " 11 ambiguous-writes admin: pending to firing, told",
            " 71 ambiguous-writes admin: firing to resolved, told",
        ]
    );
    let mut late = Bench::of("forced-drops", 0, 0, 0);
    let mut dropped = calm();
    dropped.databases[1].counts.forced_drops = 1;
    late.go(1, &dropped);
    assert_eq!(
        late.states(),
        [("customer".into(), "firing")],
        "counters begin with the process"
    );
}

#[test]
fn where_all_is_well_no_rule_fires() {
    let mut bench = Bench::new(built_in_rules());

    bench.go(400, &calm());

    assert_eq!(bench.log(), [""; 0]);
}

/// Each built-in rule fires on what it is for, after its own time.
#[test]
fn every_built_in_rule_fires_on_its_own_cause() {
    let mut all = down(&["admin"]);
    all.deployments[0].servers[0].kind = "unknown";
    all.deployments[0].servers[1].lag_seconds = Some(61.0);
    all.deployments[0].budget.tokens = 4;
    let bad = Window {
        calls: 1_000,
        errors: 500,
        error_rate: 0.5,
        p99_ms: Some(900.0),
        ..Window::default()
    };
    let customer = &mut all.databases[1];
    customer.circuit.state = "open".into();
    customer.windows = windows(bad);
    customer.bulkhead.in_use = 8;
    customer.counts.forced_drops = 1;
    customer.counts.unclassified_errors = 1;
    customer.operations = vec![
        operation("find_one", bad, Some(500.0)),
        ended(Outcome::Ambiguous, 1),
        ended(Outcome::Rejected, 1),
    ];
    all.tenants = ["north", "south", "east", "west"]
        .map(|name| tenant(name, if name == "north" { 900 } else { 40 }, 1.0))
        .into();
    all.health.components[0].checks = vec![
        check("connections", "degraded", Some(86.0)),
        check("disk", "degraded", Some(91.0)),
        check("oplog-window", "degraded", Some(3.0)),
    ];
    all.health.components[1].checks = vec![check("runtime-lag", "degraded", Some(101.0))];

    for rule in built_in_rules() {
        let mut bench = Bench::new(vec![rule.clone()]);
        bench.go(rule.fires_after.as_secs() + 1, &all);

        let told: Vec<_> = bench
            .log()
            .into_iter()
            .filter(|line| line.ends_with("told"))
            .collect();
        assert_eq!(told.len(), 1, "{}: {told:?}", rule.id);
        let at = format!("{:>3}", rule.fires_after.as_secs() + 1);
        assert!(told[0].starts_with(&at), "{}: {told:?}", rule.id);
    }
}

#[test]
fn those_that_are_over_are_kept_up_to_a_number() {
    let mut rule = rule("tenant-noisy");
    (rule.fires_after, rule.clears_after) = (Duration::ZERO, Duration::ZERO);
    (rule.when, rule.threshold) = (When::Above, 0.0);
    let mut bench = Bench::new(vec![rule]);

    for round in 0..300 {
        let mut snapshot = calm();
        snapshot.tenants = vec![
            tenant(&format!("t{round}"), 1_000, 1.0),
            tenant("_other", 1_000, 1.0),
            tenant("_other", 0, 0.0),
            tenant("_other", 0, 0.0),
        ];
        bench.go(1, &snapshot);
    }

    let states = bench.states();
    assert_eq!(states.len(), KEPT_COUNT + 1);
    assert_eq!(states[0], ("t299".into(), "firing"));
    assert_eq!(states[1], ("t298".into(), "resolved"), "the newest first");
    assert_eq!(states[KEPT_COUNT], ("t99".into(), "resolved"));
}
