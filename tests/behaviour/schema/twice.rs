//! A second run changes nothing, as the driver's own command events say.

use std::sync::{Arc, Mutex};

use mongoplex::{
    Databases,
    mongodb::event::{EventHandler, command::CommandEvent},
    schema::{Mode, Report},
};
use mongoplex_testing::TestDatabases;

use crate::house::{PATIENCE, config, registry};

/// Commands that change nothing, of those that comparing and its neighbours may send.
const READING: [&str; 7] = [
    "aggregate",
    "count",
    "find",
    "hello",
    "listCollections",
    "listIndexes",
    "ping",
];

/// The commands that were started: their databases and their names.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<(String, String)>>>);

impl Heard {
    fn handler(&self) -> EventHandler<CommandEvent> {
        let heard = self.0.clone();
        EventHandler::callback(move |event| {
            let CommandEvent::Started(event) = event else {
                return;
            };
            let target = event.command.get_str(&event.command_name);
            // The probe's deletion, which goes on beside all else and matches nothing.
            if target.ok() != Some("mongoplex_probe") {
                let command = (event.db, event.command_name);
                heard.lock().unwrap().push(command);
            }
        })
    }

    /// Returns what was heard since the last time.
    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Completes the common databases and those of one tenant.
async fn settle(databases: &Databases) -> Report {
    let schema = databases.schema();
    let acme = "acme".parse().unwrap();
    let common = schema.common(Mode::Add).await.unwrap();
    common.merge(schema.tenant(&acme, Mode::Add).await.unwrap())
}

#[tokio::test]
async fn a_second_run_starts_only_commands_that_read() {
    let names = TestDatabases::new("schema_commands");
    let heard = Heard::default();
    let builder = Databases::builder(registry(), config(&names, &[]));
    let listening = builder.command_events(heard.handler());
    let databases = listening.connect().await.unwrap();
    let (admin, customer) = (names.name("admin"), names.name("customer"));
    let all = [admin, customer.clone(), format!("{customer}__acme")];
    heard.take();
    let first = settle(&databases).await;
    let started = heard.take();
    for database in &all {
        for command in ["create", "createIndexes"] {
            let wanted = (database.clone(), command.to_owned());
            assert!(started.contains(&wanted), "{wanted:?} of {started:?}");
        }
    }

    let second = settle(&databases).await;

    let started = heard.take();
    let writing = started
        .iter()
        .find(|(_, name)| !READING.contains(&name.as_str()));
    assert_eq!(writing, None, "{started:?}");
    for database in &all {
        let looks = |found: &&(String, String)| found.0 == *database && found.1 == "listIndexes";
        let of_it = |found: &&mongoplex::schema::Difference| {
            let (name, _) = found.namespace.split_once('.').unwrap();
            found.part == mongoplex::schema::Part::Collection && name == database
        };
        let collections = first.added.iter().filter(of_it).count();
        let looked = started.iter().filter(looks).count();
        assert_eq!(looked, collections, "each of {database} was looked at");
    }
    assert_eq!((second.added.len(), second.missing.len()), (0, 0));
    databases.shutdown(PATIENCE).await;
    names.drop().await;
}
