//! What is looked at beside writes: by numbers, with the rights there are, and once per deployment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mongoplex::{
    Config, Databases, Registry, Sources,
    bson::{Document, doc},
    health::{CheckSnapshot, CheckStatus, NodeSnapshot, Status},
    mongodb::{
        event::{EventHandler, command::CommandEvent},
        options::{Acknowledgment, WriteConcern},
    },
};
use mongoplex_testing::{Lone, Nodes, TestDatabases, own_set, raw};

use crate::house::{House, PATIENCE, eventually, registry, send, sources};

mongoplex::logical_database! { pub Shop = "shop" }

/// Returns the part whose name begins so.
fn part(databases: &Databases, name: &str) -> Option<NodeSnapshot> {
    let nodes = databases.health().snapshot().nodes;
    nodes.into_iter().find(|node| node.name.starts_with(name))
}

fn check(databases: &Databases, part_name: &str, check: &str) -> Option<CheckSnapshot> {
    let checks = part(databases, part_name)?.checks;
    checks.into_iter().find(|one| one.name == check)
}

fn status(databases: &Databases, part: &str, name: &str) -> Option<CheckStatus> {
    check(databases, part, name).map(|check| check.status)
}

#[tokio::test]
async fn every_check_of_a_healthy_set_has_been_made() {
    let house = House::new("health_checks").await;
    let looked_at = |name: &str| {
        let found = check(&house.databases, "deployment:", name);
        found.filter(|check| check.status != CheckStatus::Unknown)
    };

    eventually("all is looked at", async || {
        looked_at("oplog-window").is_some()
    })
    .await;

    for (name, unit) in [("ping", "ms"), ("connections", "%"), ("disk", "%")] {
        let check = looked_at(name).unwrap();
        assert!(check.observed > Some(0.0), "{check:?}");
        assert_eq!(check.unit, unit);
    }
    for name in ["members", "replication-lag", "oplog-window"] {
        assert_eq!(looked_at(name).unwrap().status, CheckStatus::Up, "{name}");
    }
    for name in ["memory", "cpu", "files", "runtime-lag"] {
        eventually(name, async || {
            check(&house.databases, "process", name).is_some_and(|check| check.observed.is_some())
        })
        .await;
    }
    house.close().await;
}

#[tokio::test]
async fn what_the_user_may_not_ask_is_unsupported_and_the_status_stays_up() {
    let server = Lone::start(&["--auth", "--replSet", "limited", "--keyFile", &key_file()]).await;
    server.initiate("limited").await;
    let admin = raw(&server.uri("admin")).await.database("admin");
    let user = doc! { "createUser": "root", "pwd": "canary", "roles": ["root"] };
    eventually("a first user", async || {
        admin.run_command(user.clone()).await.is_ok()
    })
    .await;
    let signed = |user: &str, database: &str| {
        let address = server.address();
        format!(
            "mongodb://{user}:canary@{address}/{database}?authSource=admin&directConnection=true"
        )
    };
    let root = raw(&signed("root", "admin")).await.database("admin");
    let role = doc! { "role": "readWrite", "db": "shop" };
    let user = doc! { "createUser": "writer", "pwd": "canary", "roles": [role] };
    root.run_command(user).await.unwrap();
    let databases = shop(&signed("writer", "shop")).await;

    for name in ["connections", "oplog-window"] {
        eventually(name, async || {
            status(&databases, "deployment:", name) == Some(CheckStatus::Unsupported)
        })
        .await;
    }

    let told = check(&databases, "deployment:", "connections").unwrap();
    let message = told.message.unwrap();
    assert!(message.contains("clusterMonitor"), "{message}");
    assert_eq!(part(&databases, "deployment:").unwrap().status, Status::Up);
    assert_eq!(
        part(&databases, "database:shop").unwrap().status,
        Status::Up
    );
    assert_eq!(part(&databases, "deployment:").unwrap().reasons, []);
    databases.shutdown(PATIENCE).await;
    server.stop().await;
}

/// A set with users needs one.
fn key_file() -> String {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("key-{}", std::process::id()));
    std::fs::write(&file, "canary0canary1canary2").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}

async fn shop(uri: &str) -> Databases {
    let sources = Sources::default()
        .variable("MONGOPLEX_ENV", "test")
        // However full this machine's disk is.
        .variable("HEALTH_LIMITS", "disk=100/100")
        .variable("DATABASE_SHOP_URI", uri);
    let registry = Registry::new().with::<Shop>();
    let config = Config::load(&registry, &[], &sources).unwrap();
    Databases::builder(registry, config)
        .connect()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_value_past_the_limit_of_the_operator_degrades_and_says_both() {
    let limits = [("HEALTH_LIMITS", "disk=0.001/0.002")];
    let house = House::on(mongoplex_testing::shared(), "health_limits", &limits).await;
    let server = house.clients_server();
    let past = async || status(&house.databases, "deployment:", "disk") == Some(CheckStatus::Down);

    eventually("past the limit", past).await;

    let part = part(&house.databases, "deployment:").unwrap();
    assert_eq!(part.status, Status::Degraded);
    let reason = &part.reasons[0];
    assert_eq!((reason.code, reason.unit), ("disk", "%"));
    assert_eq!(reason.threshold, Some(0.002));
    assert!(reason.observed > reason.threshold);
    assert_eq!(
        send(&server, "GET /health/ready", &[], "").await.status,
        200
    );
    let whole = send(&server, "GET /health", &[], "").await;
    assert_eq!(
        (whole.status.as_u16(), &whole.body["status"]),
        (200, &"degraded".into())
    );
    house.close().await;
}

/// What an application's clients send, by the command's name.
async fn commands(variables: &[(&str, &str)]) -> (Databases, TestDatabases, Arc<Counted>) {
    let names = TestDatabases::new("health_one");
    let given = variables
        .iter()
        .fold(sources(&names), |sources, (name, value)| {
            sources.variable(*name, *value)
        });
    let config = Config::load(&registry(), &[], &given).unwrap();
    let counted = Arc::new(Counted::default());
    let note = counted.clone();
    let handler = EventHandler::callback(move |event| note.note(&event));
    let builder = Databases::builder(registry(), config).command_events(handler);
    let databases = builder.connect().await.unwrap();
    (databases, names, counted)
}

#[derive(Default)]
struct Counted {
    /// Those that came before are of the start.
    counting: AtomicBool,
    writes: AtomicU64,
    all: AtomicU64,
}

impl Counted {
    fn note(&self, event: &CommandEvent) {
        let CommandEvent::Started(started) = event else {
            return;
        };
        if self.counting.load(Ordering::SeqCst) {
            self.all.fetch_add(1, Ordering::SeqCst);
            let is_probe = started.command.get_str("delete").ok() == Some("mongoplex_probe");
            self.writes.fetch_add(u64::from(is_probe), Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn a_deployment_is_probed_once_whatever_the_number_of_its_databases() {
    let (databases, names, counted) = commands(&[]).await;
    eventually("one deployment is seen", async || {
        databases.deployments()[0].shared_with.len() == 2
    })
    .await;
    eventually("looked at", async || {
        status(&databases, "deployment:", "oplog-window") == Some(CheckStatus::Up)
    })
    .await;

    counted.counting.store(true, Ordering::SeqCst);
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let probes = counted.writes.load(Ordering::SeqCst);
    let turns = started.elapsed().as_secs_f64() / 0.5;

    // Two databases, one write a turn of half a second, give or take a tenth.
    assert!(
        probes > 2 && (probes as f64) < turns * 1.2,
        "{probes} in {turns:.1} turns"
    );
    databases.shutdown(PATIENCE).await;
    names.drop().await;
}

#[tokio::test]
async fn without_health_checks_nothing_is_sent_and_heartbeats_make_it_ready() {
    let (databases, names, counted) = commands(&[("ENABLE_HEALTH_CHECKS", "false")]).await;
    eventually("ready", async || databases.health().snapshot().is_ready()).await;

    counted.counting.store(true, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;

    assert_eq!(counted.all.load(Ordering::SeqCst), 0);
    let nodes = databases.health().snapshot().nodes;
    let names_of: Vec<&str> = nodes.iter().map(|node| &*node.name).collect();
    assert_eq!(names_of, ["database:admin", "database:customer"]);
    databases.shutdown(PATIENCE).await;
    names.drop().await;
}

#[tokio::test]
async fn a_killed_member_degrades_its_deployment_and_is_named() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "health_member", &[]).await;
    eventually("all members answer", async || {
        status(&house.databases, "deployment:", "members") == Some(CheckStatus::Up)
            && house.databases.monitor().snapshot().deployments[0]
                .servers
                .len()
                == 3
    })
    .await;
    let primary = set.primary().await.unwrap().address();
    let secondary = set
        .nodes()
        .iter()
        .find(|node| node.address() != primary)
        .unwrap();

    secondary.kill().await;

    eventually("it is missed", async || {
        status(&house.databases, "deployment:", "members") == Some(CheckStatus::Degraded)
    })
    .await;
    let told = part(&house.databases, "deployment:").unwrap();
    assert_eq!(told.status, Status::Degraded);
    assert!(
        told.reasons[0].message.contains(&secondary.address()),
        "{told:?}"
    );
    assert!(house.databases.health().snapshot().is_ready());
    secondary.restart().await.unwrap();
    eventually("it is back", async || {
        status(&house.databases, "deployment:", "members") == Some(CheckStatus::Up)
    })
    .await;
    house.close().await;
    set.stop().await;
}

/// A secondary that is locked applies nothing, and says so in its heartbeats.
#[tokio::test]
async fn a_secondary_that_falls_behind_is_told_at_its_limit_and_once() {
    let set = own_set(Nodes::Three).await;
    let house = House::on(&set, "health_lag", &[]).await;
    let primary = set.primary().await.unwrap().address();
    let secondary = set
        .nodes()
        .iter()
        .find(|node| node.address() != primary)
        .unwrap();
    let direct = format!("mongodb://{}/?directConnection=true", secondary.address());
    let locked = raw(&direct).await.database("admin");
    let writes = raw(&set.uri("admin")).await.database(house.names.prefix());
    let writes = writes.collection::<Document>("lag");
    // The other secondary may copy from this one: then nothing reaches a majority.
    let one = WriteConcern::builder().w(Acknowledgment::Nodes(1)).build();
    let mut changes = Vec::new();
    let mut at_lag = 0.0;

    locked
        .run_command(doc! { "fsync": 1, "lock": true })
        .await
        .unwrap();
    let started = Instant::now();
    let mut unlocked = None;
    while started.elapsed() < PATIENCE * 4 {
        // So that there is something to be behind with.
        let insert = writes.insert_one(doc! {});
        insert.write_concern(one.clone()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let Some(found) = check(&house.databases, "deployment:", "replication-lag") else {
            continue;
        };
        if changes.last() != Some(&found.status) {
            changes.push(found.status);
        }
        if found.status == CheckStatus::Degraded && unlocked.is_none() {
            at_lag = found.observed.unwrap();
            locked.run_command(doc! { "fsyncUnlock": 1 }).await.unwrap();
            unlocked = Some(Instant::now());
        }
        if unlocked.is_some() && found.status == CheckStatus::Up {
            break;
        }
    }

    assert_eq!(
        changes,
        [CheckStatus::Up, CheckStatus::Degraded, CheckStatus::Up]
    );
    assert!((15.0..=60.0).contains(&at_lag), "{at_lag}");
    house.close().await;
    set.stop().await;
}
