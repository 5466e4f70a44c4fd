//! The process that crashes: this very program, told by its environment what to do.

use std::{env, process::Command};

use mongoplex::{Config, Databases, Sources, migrate::Migrator};

use super::lists;
use crate::{house::registry, migrate::yard::Yard};

/// What tells this program that it is the one that crashes: a verb, and tenants.
const DRILL: &str = "MIGRATE_DRILL";

const VARIABLES: [&str; 4] = [
    "DATABASE_ADMIN_URI",
    "DATABASE_CUSTOMER_URI",
    "CONTROL_DATABASE",
    "MIGRATION_LEASE",
];

/// Returns a command that carries out a list at tenants of a yard, all of them where none is named; `verb` is
/// `up` or `down`.
pub(crate) fn command(
    yard: &Yard,
    (verb, list): (&str, &str),
    tenants: &[String],
    lease: &str,
) -> Command {
    let names = &yard.house.names;
    let values = [
        names.uri("admin"),
        names.uri("customer"),
        names.name("control"),
        lease.to_owned(),
    ];
    #[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "--nocapture",
            "migrate::drill::program::a_drill_ends_whole",
        ])
        .env(DRILL, format!("{verb} {list} {}", tenants.join(",")))
        .env("RUST_BACKTRACE", "0")
        .envs(VARIABLES.iter().zip(values));
    command
}

/// Where no drill tells what to do, the lists of the drills are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_drill_ends_whole() {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the test that spawned it says"
    )]
    let Ok(told) = env::var(DRILL) else {
        let kinds = lists::named("every-kind").ids().count();
        assert_eq!(kinds, 8);
        return;
    };
    let [verb, list, tenants]: [&str; 3] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let sources = Sources::default().variable("MONGOPLEX_ENV", "test");
    #[expect(
        clippy::disallowed_methods,
        reason = "what the test that spawned it says"
    )]
    let sources = VARIABLES.iter().fold(sources, |sources, name| {
        sources.variable(*name, env::var(name).unwrap())
    });
    let config = Config::load(&registry(), &[], &sources).unwrap();
    let databases = Databases::builder(registry(), config).migrations(lists::named(list));
    let databases = databases.connect().await.unwrap();

    let outcome = run(databases.migrator(), verb, tenants).await;

    assert!(outcome.is_whole(), "{outcome:?}");
}

async fn run(migrator: Migrator, verb: &str, tenants: &str) -> mongoplex::migrate::Outcome {
    let ids = tenants.split(',').filter(|id| !id.is_empty());
    let ids: Vec<_> = ids.map(|id| id.parse().unwrap()).collect();
    let migrator = match ids.is_empty() {
        true => migrator,
        false => migrator.tenants(ids),
    };
    let migrator = migrator.wait(std::time::Duration::from_secs(60));
    match verb {
        "up" => migrator.up().await.unwrap(),
        _ => migrator.steps(9).down().await.unwrap(),
    }
}
