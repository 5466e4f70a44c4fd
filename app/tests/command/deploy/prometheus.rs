//! A real Prometheus with the configuration of deploy/, in a folder of its own.

use std::{
    fs,
    net::SocketAddr,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use mongoplex_testing::{Nodes, Program, Signal, free_port, http};
use serde_json::Value;

use super::{
    files::{dashboard, read},
    tools::is_there,
};
use crate::{house::eventually, running::Running};

struct Prometheus {
    program: Program,
    address: SocketAddr,
}

impl Prometheus {
    /// Starts one that scrapes and evaluates once a second what the repository's configuration names,
    /// of one server.
    fn start(running: &Running) -> Self {
        let folder = running.project.path();
        let targets = format!(r#"["{}"]"#, running.ports.customer);
        let config = read("deploy/prometheus/prometheus.yml")
            .replace(r#"["127.0.0.1:3000", "127.0.0.1:3001"]"#, &targets)
            .replace(": 15s", ": 1s");
        fs::write(folder.join("prometheus.yml"), config).unwrap();
        fs::write(
            folder.join("rules.yml"),
            read("deploy/prometheus/rules.yml"),
        )
        .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new("prometheus");
        command
            .current_dir(folder)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address={address}"));
        let program = Program::start(&mut command);
        let started = Self { program, address };
        eventually("Prometheus is ready", || {
            let ready = http(address, "GET /-/ready", &[], "");
            ready.is_ok_and(|answer| answer.status == 200)
        });
        started
    }

    /// Returns what an expression gives at this moment.
    fn query(&self, expression: &str) -> Vec<Value> {
        let answer = self.ask(&format!("/api/v1/query?query={}", encoded(expression)));
        assert_eq!(answer["status"], "success", "`{expression}`: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    fn ask(&self, path: &str) -> Value {
        // By HTTP/1.0 the answer's body is what it is, without chunks.
        let answer = http(
            self.address,
            &format!("GET {path}"),
            &["Accept-Encoding: identity"],
            "",
        );
        serde_json::from_str(&plain(answer.unwrap())).unwrap()
    }

    /// Returns the state of the alerts of a name, with their database.
    fn alerts(&self, name: &str) -> Vec<(String, String)> {
        let answer = self.ask("/api/v1/alerts");
        let all = answer["data"]["alerts"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = all.filter(|alert| alert["labels"]["alertname"] == name);
        let mut own: Vec<_> = own
            .map(|alert| (text(&alert["labels"]["component"]), text(&alert["state"])))
            .collect();
        own.sort();
        own
    }
}

/// Puts an answer's chunks together, where it came in chunks.
fn plain(answer: mongoplex_testing::Response) -> String {
    if answer.header("transfer-encoding") != Some("chunked") {
        return answer.body;
    }
    let (mut text, mut rest) = (String::new(), &*answer.body);
    while let Some((length, behind)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        text.push_str(&behind[..length]);
        rest = behind[length..].trim_start_matches("\r\n");
    }
    text
}

fn encoded(text: &str) -> String {
    let bytes = text.bytes();
    let signs = bytes.map(|byte| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    signs.collect()
}

/// What Grafana puts in for its variables.
fn filled(expression: &str) -> String {
    let expression = expression.replace("$__rate_interval", "1m");
    ["$job", "$instance", "$db"]
        .iter()
        .fold(expression, |text, name| text.replace(name, ".*"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_prometheus_scrapes_graphs_and_tells_of_a_killed_node() {
    if !is_there("prometheus") {
        return;
    }
    let running = Running::on(Nodes::One, "deploy_prometheus").await;
    let mut prometheus = Prometheus::start(&running);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        // Rates need calls between two scrapes.
        scope.spawn(|| {
            for number in 0..600 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                running.call(&format!("P-{number}"));
                thread::sleep(Duration::from_millis(100));
            }
        });
        let p99 = "histogram_quantile(0.99, sum by (le) (rate(db_client_operation_duration_seconds_bucket[1m])))";
        eventually("the target is up", || {
            value(&prometheus, r#"up{job="mongoplex"}"#) == Some(1.0)
        });
        eventually("a quantile is there", || {
            value(&prometheus, p99).is_some_and(|seconds| seconds > 0.0)
        });
        // The name of the first that stays empty is what the failure should say.
        for shown in dashboard() {
            let what = format!("`{}` shows something", shown.title);
            let expression = filled(&shown.expression);
            eventually(&what, || !prometheus.query(&expression).is_empty());
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(prometheus.alerts("MongoplexDatabaseDown"), []);

    running.set.nodes()[0].kill().await;
    let all = |state: &str| ["admin", "customer"].map(|name| (name.to_owned(), state.to_owned()));
    eventually("both databases' alerts fire", || {
        prometheus.alerts("MongoplexDatabaseDown") == all("firing")
    });
    assert_eq!(prometheus.alerts("MongoplexNoPrimary").len(), 1);
    running.set.nodes()[0].restart().await.unwrap();
    eventually("they resolve", || {
        prometheus.alerts("MongoplexDatabaseDown").is_empty()
    });

    prometheus.program.signal(Signal::TERM);
    prometheus.program.end();
    running.close().await;
}

/// Returns the value of the one series that an expression gives.
fn value(prometheus: &Prometheus, expression: &str) -> Option<f64> {
    let found = prometheus.query(expression);
    let value = found.first()?["value"][1].as_str()?.parse().ok()?;
    Some(value)
}
