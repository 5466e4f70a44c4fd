//! A short-lived connection to one node, for the few commands that a set's upkeep needs.
//!
//! Every answer is bounded in time: a paused mongod still accepts connections and then says nothing.

use std::time::Duration;

use mongodb::{
    Client,
    bson::{Bson, Document, doc},
    error::{Error, ErrorKind},
    options::{ClientOptions, ServerAddress},
};
use tokio::time::timeout;

/// How long one command may take, in all.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A client of one node.
#[derive(Debug)]
pub(crate) struct Admin(Client);

impl Admin {
    /// Makes the client; it connects with its first command.
    pub(crate) fn connect(port: u16) -> Result<Self, Error> {
        let host = ServerAddress::Tcp {
            host: "127.0.0.1".to_owned(),
            port: Some(port),
        };
        let options = ClientOptions::builder()
            .hosts(vec![host])
            .app_name("mongoplex-mongod".to_owned())
            .direct_connection(true)
            .connect_timeout(Duration::from_secs(2))
            .server_selection_timeout(Duration::from_secs(2))
            .heartbeat_freq(Duration::from_millis(500))
            .retry_reads(false)
            .retry_writes(false)
            .build();
        Client::with_options(options).map(Self)
    }

    /// Runs a command on `admin`, for at most 5 s.
    pub(crate) async fn run(&self, command: Document) -> Result<Document, Error> {
        match timeout(ANSWER_WITHIN, self.0.database("admin").run_command(command)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::custom(format!("no answer within {ANSWER_WITHIN:?}"))),
        }
    }

    /// Returns the node's process id.
    pub(crate) async fn pid(&self) -> Result<Option<u32>, Error> {
        let left_out = [
            "metrics",
            "wiredTiger",
            "locks",
            "tcmalloc",
            "network",
            "opcounters",
        ];
        let mut command = doc! { "serverStatus": 1 };
        command.extend(left_out.map(|section| (section.to_owned(), Bson::Int32(0))));
        let status = self.run(command).await?;
        let pid = status
            .get_i64("pid")
            .ok()
            .or_else(|| status.get_i32("pid").ok().map(i64::from));
        Ok(pid.and_then(|pid| u32::try_from(pid).ok()))
    }

    /// Closes the connections.
    pub(crate) async fn close(self) {
        self.0.shutdown().immediate(true).await;
    }
}

/// Returns the server's code of a refused command.
pub(crate) fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(refused) => Some(refused.code),
        _ => None,
    }
}
