//! Alerts of databases that really go down, and a webhook that is really told.

mod lag;

use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use mongoplex::{
    Config, Databases,
    config::built_in_rules,
    monitor::{AlertState, Monitor},
};
use mongoplex_server::{Server, bind, run};
use mongoplex_testing::{Nodes, OwnSet, own_set};
use serde_json::Value;
use sha2::Sha256;
use tokio::{net::TcpListener, sync::oneshot, task::JoinSet};

use crate::house::{eventually, registry};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A webhook that keeps what it was told, and refuses what is not signed.
#[derive(Clone, Default)]
struct Webhook(Arc<Mutex<Vec<Value>>>);

impl Webhook {
    async fn start(&self, tasks: &mut JoinSet<()>) -> String {
        let router = Router::new().fallback(take).with_state(self.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// Returns type and logical database of each message.
    fn told(&self) -> Vec<(String, String)> {
        let told = self.0.lock().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        told.iter()
            .map(|body| (text(&body["type"]), text(&body["data"]["database"])))
            .collect()
    }
}

/// Verifies a message as docs/alerts.md says that a receiver should.
async fn take(State(webhook): State<Webhook>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap();
    let (id, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let key = STANDARD
        .decode(KEY.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(&body);
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    if header("webhook-signature") != expected {
        return StatusCode::UNAUTHORIZED;
    }
    let body = serde_json::from_slice(&body).unwrap();
    webhook.0.lock().unwrap().push(body);
    StatusCode::NO_CONTENT
}

/// Two deployments with a logical database each, and rules of which one holds, with short times.
struct Pair {
    admin: OwnSet,
    customer: OwnSet,
    config: Config,
    databases: Databases,
    rules: PathBuf,
}

impl Pair {
    async fn new(test: &str, webhook: &str) -> Self {
        let (admin, customer) = tokio::join!(own_set(Nodes::One), own_set(Nodes::One));
        let rules = rules(test);
        let sources = mongoplex::Sources::default()
            .variable("MONGOPLEX_ENV", "test")
            .variable("DATABASE_ADMIN_URI", admin.uri(test))
            .variable("DATABASE_CUSTOMER_URI", customer.uri(test))
            .variable("ALERT_RULES_FILE", rules.to_str().unwrap())
            .variable("ALERT_WEBHOOK_URL", webhook)
            .variable("ALERT_WEBHOOK_KEY", KEY);
        let config = Config::load(&registry(), &[], &sources).unwrap();
        let connecting = Databases::builder(registry(), config.clone()).connect();
        let databases = connecting.await.unwrap();
        Self {
            admin,
            customer,
            config,
            databases,
            rules,
        }
    }

    fn monitor(&self) -> Monitor {
        self.databases.monitor()
    }

    fn firing(&self) -> usize {
        let alerts = self.monitor().alerts();
        let firing = alerts.iter().filter(|one| one.state == AlertState::Firing);
        firing.count()
    }

    async fn close(self) {
        self.databases.shutdown(Duration::from_secs(5)).await;
        fs::remove_file(&self.rules).unwrap();
        tokio::join!(self.admin.stop(), self.customer.stop());
    }
}

/// Writes rules of which `database-down` holds after a second and is over after another.
fn rules(test: &str) -> PathBuf {
    let mut text = String::from("[database-down]\nfor = \"1s\"\nclear_for = \"1s\"\n");
    for rule in built_in_rules() {
        if rule.id != "database-down" {
            writeln!(text, "[{}]\nenabled = false", rule.id).unwrap();
        }
    }
    let name = format!("mongoplex-{test}-{}.toml", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn server() -> Server {
    Server::new("watched", 0, |_| Ok(Router::new()))
}

#[tokio::test]
async fn two_databases_down_make_two_alerts_and_two_resolves_at_the_webhook() {
    let (webhook, mut tasks) = (Webhook::default(), JoinSet::new());
    let url = webhook.start(&mut tasks).await;
    let pair = Pair::new("alerts_pair", &url).await;
    let bound = bind(&[server()], &pair.config).await.unwrap();
    let address = bound[0].address();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = run(bound, &pair.databases, &pair.config, async {
        let _ = stopped.await;
    });
    let told = async |count: usize| {
        let what = format!("the webhook was told {count} times");
        eventually(&what, async || webhook.told().len() == count).await;
    };
    let ask = async |path: &'static str| {
        let line = format!("GET {path}");
        let asking = move || {
            mongoplex_testing::http(address, &line, &[], "")
                .unwrap()
                .body
        };
        tokio::task::spawn_blocking(asking).await.unwrap()
    };

    let story = async {
        let is_up = async || pair.monitor().snapshot().health.status == "up";
        eventually("all is up", is_up).await;
        pair.admin.nodes()[0].kill().await;
        told(1).await;
        // A server that answers nothing is as far away as one that is gone.
        pair.customer.nodes()[0].pause();
        told(2).await;
        let alerts: Value = serde_json::from_str(&ask("/monitor/alerts").await).unwrap();
        let metrics = ask("/metrics").await;
        pair.admin.nodes()[0].restart().await.unwrap();
        pair.customer.nodes()[0].resume();
        told(4).await;
        stop.send(()).unwrap();
        (alerts, metrics)
    };
    let (drained, (alerts, metrics)) = tokio::join!(running, story);

    drained.unwrap();
    let mut told = webhook.told();
    told[2..].sort();
    let expected = [
        ("alert.firing", "admin"),
        ("alert.firing", "customer"),
        ("alert.resolved", "admin"),
        ("alert.resolved", "customer"),
    ];
    assert_eq!(told, expected.map(|(kind, of)| (kind.into(), of.into())));
    let first = webhook.0.lock().unwrap()[0].clone();
    let data = &first["data"];
    assert_eq!(
        (&data["rule"], &data["severity"]),
        (&"database-down".into(), &"page".into())
    );
    assert_eq!(data["source"]["servers"], serde_json::json!(["watched"]));
    let message = data["message"].as_str().unwrap();
    assert!(message.starts_with("`admin` is down: "), "{message}");
    let alerts = alerts["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts.iter().all(|alert| alert["state"] == "firing"));
    for subject in ["admin", "customer"] {
        let labels =
            format!(r#"rule="database-down",kind="database",subject="{subject}",severity="page""#);
        let row = format!("mongoplex_alert_state{{{labels}}} 1.0");
        assert!(metrics.contains(&row), "{metrics}");
    }
    let delivered = r#"mongoplex_alert_deliveries_total{outcome="delivered"} 2.0"#;
    assert!(metrics.contains(delivered), "{metrics}");
    pair.close().await;
}

/// It takes every connection and answers none: rules are looked at each second all the same.
#[tokio::test]
async fn a_webhook_that_hangs_delays_no_rule() {
    let hangs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", hangs.local_addr().unwrap());
    let pair = Pair::new("alerts_hang", &url).await;
    let bound = bind(&[server()], &pair.config).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = run(bound, &pair.databases, &pair.config, async {
        let _ = stopped.await;
    });
    let story = async {
        let is_up = async || pair.monitor().snapshot().health.status == "up";
        eventually("all is up", is_up).await;
        pair.admin.nodes()[0].pause();
        eventually("one fires", async || pair.firing() == 1).await;
        // The first message has its connection, and hangs.
        let (_held, _) = hangs.accept().await.unwrap();
        let ticks = pair.monitor().ticks();
        let before = *ticks.borrow();
        pair.customer.nodes()[0].pause();
        eventually("both fire", async || pair.firing() == 2).await;
        pair.admin.nodes()[0].resume();
        pair.customer.nodes()[0].resume();
        eventually("both are over", async || pair.firing() == 0).await;
        let seconds = *ticks.borrow() - before;
        stop.send(()).unwrap();
        seconds
    };

    let (drained, seconds) = tokio::join!(running, story);

    drained.unwrap();
    assert!(seconds >= 3, "{seconds} seconds were looked at");
    let alerts = pair.monitor().alerts();
    assert!(
        alerts
            .iter()
            .all(|alert| alert.state == AlertState::Resolved)
    );
    pair.close().await;
}
