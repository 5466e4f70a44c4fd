//! A house whose calls can be made slow, and whose `explain` commands are heard.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mongoplex::{
    Databases,
    bson::Document,
    mongodb::event::{EventHandler, command::CommandEvent},
    monitor::SlowView,
    schema::Mode,
};
use mongoplex_testing::{FailPoint, Fault, TestDatabases, shared};

use crate::house::{House, config, registry};

/// From when on a call is slow here. A quick one takes a thousandth.
const SLOW: [(&str, &str); 7] = [
    ("DB_SLOWLOG_READ", "1s"),
    ("DB_SLOWLOG_WRITE", "1s"),
    ("DB_SLOWLOG_SCAN", "1s"),
    ("DB_READ_DEADLINE", "20s"),
    ("DB_WRITE_DEADLINE", "20s"),
    ("DB_SCAN_DEADLINE", "20s"),
    ("DB_MAX_POOL_SIZE", "50"),
];

/// What a fault makes of a command.
pub(super) const BLOCKED: Duration = Duration::from_millis(1_050);

/// A house whose `explain` commands are heard.
pub(super) struct Scene {
    pub(super) house: House,
    pub(super) test: &'static str,
    pub(super) heard: Arc<Mutex<Vec<(String, Document)>>>,
}

impl Scene {
    pub(super) async fn new(test: &'static str, more: &[(&str, &str)]) -> Self {
        let names = TestDatabases::on(shared(), test);
        let variables: Vec<_> = SLOW.iter().chain(more).copied().collect();
        let config = config(&names, &variables);
        let heard: Arc<Mutex<Vec<(String, Document)>>> = Arc::default();
        let noted = heard.clone();
        let handler = EventHandler::callback(move |event| {
            if let CommandEvent::Started(event) = event
                && event.command_name == "explain"
            {
                noted.lock().unwrap().push((event.db, event.command));
            }
        });
        let builder = Databases::builder(registry(), config.clone()).application(test);
        let databases = builder.command_events(handler).connect().await.unwrap();
        databases.schema().common(Mode::Add).await.unwrap();
        Self {
            house: House {
                databases,
                config,
                names,
            },
            test,
            heard,
        }
    }

    /// Makes commands of the customers' client slow.
    pub(super) async fn slowed<'a>(
        &self,
        commands: impl IntoIterator<Item = &'a str>,
    ) -> FailPoint {
        self.faulty(commands, |fault| fault.block(BLOCKED)).await
    }

    pub(super) async fn faulty<'a>(
        &self,
        commands: impl IntoIterator<Item = &'a str>,
        with: impl FnOnce(Fault) -> Fault,
    ) -> FailPoint {
        let fault = Fault::of(commands, &format!("{}/customer", self.test));
        FailPoint::set(&self.house.names.uri("admin"), with(fault).always()).await
    }

    pub(super) fn slow(&self) -> Vec<SlowView> {
        self.house.databases.monitor().slow()
    }

    /// Returns operation, shape and count of all that was slow, sorted.
    pub(super) fn counts(&self) -> Vec<(&'static str, String, u64)> {
        let slow = self.slow().into_iter();
        let mut all: Vec<_> = slow
            .map(|own| (own.operation, own.shape, own.count))
            .collect();
        all.sort();
        all
    }

    pub(super) fn heard(&self) -> Vec<(String, Document)> {
        self.heard.lock().unwrap().clone()
    }
}
