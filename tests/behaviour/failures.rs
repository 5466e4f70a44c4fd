//! What a failure means is told from the driver's error alone: each class from its real cause, past
//! what the driver tries again by itself.

mod connections;
mod replies;
mod transactions;

use mongoplex::{
    error::Failure,
    mongodb::{Client, Collection, bson::Document, error::Error},
};
use mongoplex_testing::{TestDatabases, raw};

/// A plain client on databases of its own: the guard would translate the errors.
struct Bench {
    app: &'static str,
    names: TestDatabases,
    client: Client,
}

impl Bench {
    async fn new(app: &'static str) -> Self {
        Self::with(app, "").await
    }

    /// Returns a bench whose client has more options, such as `&maxPoolSize=1`.
    async fn with(app: &'static str, options: &str) -> Self {
        let names = TestDatabases::new(app);
        let uri = format!("{}&appName={app}{options}", names.uri("bench"));
        let client = raw(&uri).await;
        Self { app, names, client }
    }

    fn uri(&self) -> String {
        self.names.uri("bench")
    }

    fn collection(&self) -> Collection<Document> {
        let database = self.client.database(&self.names.name("bench"));
        database.collection("things")
    }

    async fn close(self) {
        self.client.shutdown().immediate(true).await;
        self.names.drop().await;
    }
}

#[track_caller]
fn assert_class<T: std::fmt::Debug>(result: Result<T, Error>, expected: Failure) -> Error {
    let error = result.unwrap_err();
    assert_eq!(Failure::of(&error), expected, "{error}");
    error
}
