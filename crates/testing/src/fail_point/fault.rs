//! The recipes of `failCommand`, as a small builder.

use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};

/// What shall go wrong, for which commands of which application, and how often; by default once.
#[derive(Debug, Clone)]
pub struct Fault {
    data: Document,
    mode: Bson,
}

impl Fault {
    /// Returns a fault of these commands, such as `["insert", "update"]`, of the clients with this application name.
    ///
    /// The application name is the one in their URI (`appName`) or `ClientOptions::app_name`. Say what goes wrong with
    /// at least one of the methods below.
    pub fn of<'a>(commands: impl IntoIterator<Item = &'a str>, app_name: &str) -> Self {
        let commands: Vec<Bson> = commands.into_iter().map(Bson::from).collect();
        Self {
            data: doc! { "failCommands": commands, "appName": app_name },
            mode: Bson::Document(doc! { "times": 1 }),
        }
    }

    /// Closes the connection instead of running the command. The driver hides one of these; two in a row it reports.
    #[must_use]
    pub fn close_connection(self) -> Self {
        self.with("closeConnection", true)
    }

    /// Answers with this error code and these labels instead of running the command.
    ///
    /// Codes 91 and 11600 make the driver wait for its next heartbeat: give its clients one of 500 ms.
    /// Overload is 462 with `SystemOverloadedError` and `RetryableError`.
    #[must_use]
    pub fn error<'a>(self, code: i32, labels: impl IntoIterator<Item = &'a str>) -> Self {
        let labels: Vec<Bson> = labels.into_iter().map(Bson::from).collect();
        self.with("errorCode", code).with("errorLabels", labels)
    }

    /// Answers with this error code and the labels that the server itself puts on it, such as those of a
    /// command within a transaction.
    #[must_use]
    pub fn code(self, code: i32) -> Self {
        self.with("errorCode", code)
    }

    /// Strikes only commands on this collection, such as `shop.orders`.
    #[must_use]
    pub fn on(self, namespace: &str) -> Self {
        self.with("namespace", namespace)
    }

    /// Waits before it runs the command; `maxTimeMS` still ends it.
    #[must_use]
    pub fn block(self, time: Duration) -> Self {
        let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.with("blockConnection", true)
            .with("blockTimeMS", milliseconds)
    }

    /// Runs the command, and then reports that its write concern failed with this code.
    #[must_use]
    pub fn write_concern_error(self, code: i32) -> Self {
        self.with(
            "writeConcernError",
            doc! { "code": code, "errmsg": "set by a fail point" },
        )
    }

    /// Strikes so often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.mode = Bson::Document(doc! { "times": i64::from(times) });
        self
    }

    /// Strikes at random, with this probability, until it is switched off.
    #[must_use]
    pub fn sometimes(mut self, probability: f64) -> Self {
        self.mode = Bson::Document(doc! { "activationProbability": probability });
        self
    }

    /// Strikes until it is switched off.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.mode = Bson::from("alwaysOn");
        self
    }

    pub(super) fn into_command(self) -> Document {
        doc! { "configureFailPoint": "failCommand", "mode": self.mode, "data": self.data }
    }

    fn with(mut self, field: &str, value: impl Into<Bson>) -> Self {
        self.data.insert(field, value.into());
        self
    }
}
