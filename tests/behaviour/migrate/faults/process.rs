//! A process that carries out a list and may be killed over it: this very program, told by its environment
//! what to do.

use std::{
    env,
    os::unix::process::ExitStatusExt,
    process::{Command, ExitStatus},
};

use mongoplex::{Config, Databases, Sources};

use super::lists;
use crate::{house::registry, migrate::yard::Yard};

/// What tells this program which list it is to carry out.
const LIST: &str = "MIGRATE_FAULTS_LIST";

const VARIABLES: [&str; 3] = [
    "DATABASE_ADMIN_URI",
    "DATABASE_CUSTOMER_URI",
    "CONTROL_DATABASE",
];

/// SIGABRT, which is how a crash point ends the process.
const ABORTED: i32 = 6;

/// Returns a command that applies a list, by its name, to the databases of a yard.
pub(super) fn command(yard: &Yard, list: &str) -> Command {
    let names = &yard.house.names;
    let values = [
        names.uri("admin"),
        names.uri("customer"),
        names.name("control"),
    ];
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "--nocapture",
            "migrate::faults::process::a_process_is_told_a_list_or_knows_them_all",
        ])
        .env(LIST, list)
        .env("RUST_BACKTRACE", "0")
        .envs(VARIABLES.iter().zip(values));
    command
}

/// Returns whether a process ended at a crash point.
pub(super) fn has_crashed(status: ExitStatus) -> bool {
    status.signal() == Some(ABORTED)
}

/// Where nobody tells a list, each that has a name is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_told_a_list_or_knows_them_all() {
    let Some(name) = told(LIST) else {
        for name in lists::NAMES {
            assert!(lists::named(name).ids().count() > 0, "{name}");
        }
        return;
    };
    let sources = Sources::default().variable("MONGOPLEX_ENV", "test");
    let sources = VARIABLES.iter().fold(sources, |sources, name| {
        sources.variable(*name, told(name).unwrap())
    });
    let config = Config::load(&registry(), &[], &sources).unwrap();
    let databases = Databases::builder(registry(), config).migrations(lists::named(&name));
    let databases = databases.connect().await.unwrap();

    let outcome = databases.migrator().up().await.unwrap();

    assert!(outcome.is_whole(), "{outcome:?}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "what the test that spawned it says"
)]
fn told(name: &str) -> Option<String> {
    env::var(name).ok()
}
