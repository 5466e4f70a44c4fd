//! A logical database that answers: its client, and the commands that are asked of it.

use mongodb::{
    bson::{Document, doc},
    options::{ReadPreference, SelectionCriteria, ServerAddress},
};

use super::within;
use crate::{error::Cause, orchestrator::Connection};

/// A database whose server has answered, with what it said of itself.
pub(super) struct Live {
    pub(super) connection: Connection,
    /// The hosts of the URI.
    pub(super) hosts: Vec<ServerAddress>,
    /// Whom commands are sent to: the primary, or where there is none anybody.
    criteria: SelectionCriteria,
    pub(super) hello: Document,
}

impl Live {
    /// Asks the primary who it is, and any other server where there is no primary.
    ///
    /// # Errors
    /// Why nobody answers, with the connection, whose heartbeats may tell more.
    pub(super) async fn meet(
        connection: Connection,
        hosts: Vec<ServerAddress>,
    ) -> Result<Self, (Connection, Cause)> {
        let mut live = Self {
            connection,
            hosts,
            criteria: ReadPreference::Primary.into(),
            hello: doc! {},
        };
        let mut answer = live.command(doc! { "hello": 1 }).await;
        if answer
            .as_ref()
            .is_err_and(|cause| !cause.is_authentication())
        {
            live.criteria = ReadPreference::Nearest { options: None }.into();
            answer = live.command(doc! { "hello": 1 }).await;
        }
        match answer {
            Ok(hello) => Ok(Self { hello, ..live }),
            Err(cause) => Err((live.connection, cause)),
        }
    }

    /// Sends a command to `admin`, bounded.
    pub(super) async fn command(&self, command: Document) -> Result<Document, Cause> {
        self.send(&self.connection.client.database("admin"), command)
            .await
    }

    /// Sends a command to the logical database's own database, bounded.
    pub(super) async fn command_own(&self, command: Document) -> Result<Document, Cause> {
        self.send(&self.connection.own(), command).await
    }

    async fn send(
        &self,
        database: &mongodb::Database,
        command: Document,
    ) -> Result<Document, Cause> {
        let sent = database.run_command(command);
        within(async { sent.selection_criteria(self.criteria.clone()).await }).await
    }

    /// Returns whether all hosts of the URI are this machine.
    pub(super) fn is_here(&self) -> bool {
        self.hosts.iter().all(is_loopback)
    }

    /// Returns the server's own name for itself, or the first of the URI's.
    pub(super) fn server(&self) -> String {
        let own = self.hello.get_str("me").ok().map(str::to_owned);
        own.or_else(|| self.hosts.first().map(ToString::to_string))
            .unwrap_or_default()
    }

    /// Returns how many members of the replica set hold data, and 1 for a server alone; nothing
    /// where a mongos stands before them.
    pub(super) fn members(&self) -> Option<usize> {
        let count = |key| self.hello.get_array(key).map_or(0, Vec::len);
        let members = count("hosts") + count("passives");
        (!is_mongos(&self.hello)).then_some(members.max(1))
    }

    /// Returns whether it is MongoDB's own cloud.
    pub(super) fn is_atlas(&self) -> bool {
        let theirs = |host: &ServerAddress| matches!(host, ServerAddress::Tcp { host, .. } if host.ends_with(".mongodb.net"));
        self.hosts.iter().any(theirs)
    }
}

/// Returns whether a server said that it is the router of a sharded cluster.
pub(super) fn is_mongos(hello: &Document) -> bool {
    hello.get_str("msg").is_ok_and(|word| word == "isdbgrid")
}

/// Returns whether a host is this machine by its address or by the name that always is.
pub(super) fn is_loopback(host: &ServerAddress) -> bool {
    let ServerAddress::Tcp { host, .. } = host else {
        return true;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
