//! What the doctor writes down: one finding a line, none of which holds a secret.

use std::fmt;

use crate::health::Need;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// Whether the settings could be read.
    Configuration,
    /// Whether changes leave an audit entry, where a database lists them.
    AuditTrail,
    /// This process's own file descriptors against its pools.
    Descriptors,
    /// Whether the URI's hosts have addresses.
    Dns,
    /// Whether the servers accept connections and answer.
    Connection,
    /// Whether the way is encrypted, and the servers' certificates are accepted.
    Tls,
    /// Whether the server accepts the URI's user, or asks for none.
    Authentication,
    /// What the user may do.
    Rights,
    /// The server's version and its end of support.
    Version,
    /// Replica set, standalone or mongos, and how many members.
    Topology,
    /// How many servers hold a write before it is acknowledged.
    WriteConcern,
    /// How far the server's clock is from this process's.
    Clock,
    /// How the traffic is compressed.
    Compression,
    /// The common models' collections, validators and indexes.
    Schema,
    /// Those of some tenants' databases.
    Tenants,
    /// All pools of all instances against the server's limit of connections.
    Pools,
    /// The files that mongod will have open, as a forecast, against its limit.
    FileHandles,
}

impl Check {
    /// The checks of one logical database, in the order in which they are made.
    pub(super) const OF_A_DATABASE: [Self; 11] = [
        Self::Dns,
        Self::Connection,
        Self::Tls,
        Self::Authentication,
        Self::Rights,
        Self::Version,
        Self::Topology,
        Self::WriteConcern,
        Self::Clock,
        Self::Compression,
        Self::Schema,
    ];

    /// Returns the word for it, such as `write-concern`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::AuditTrail => "audit-trail",
            Self::Descriptors => "descriptors",
            Self::Dns => "dns",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::Rights => "rights",
            Self::Version => "version",
            Self::Topology => "topology",
            Self::WriteConcern => "write-concern",
            Self::Clock => "clock",
            Self::Compression => "compression",
            Self::Schema => "schema",
            Self::Tenants => "tenants",
            Self::Pools => "pools",
            Self::FileHandles => "file-handles",
        }
    }
}

/// How a check went, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Status {
    /// As it should be.
    Ok,
    /// It could not be looked at here, for the reason that is given.
    NotTested,
    /// Fine for where it is, such as one node under a private set.
    Note,
    /// It works, and somebody should act.
    Warning,
    /// Something does not work, or would lose data.
    Failure,
}

impl Status {
    /// Returns the words for it: `ok`, `not tested`, `note`, `warning` or `failure`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotTested => "not tested",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// The logical database that it concerns; `None` where it concerns several or none.
    pub database: Option<&'static str>,
    /// How it went.
    pub status: Status,
    /// What was found, or why nothing could be; it names no user, password or document.
    pub found: String,
    /// What to do about it, where there is something to do.
    pub cure: Option<String>,
}

impl Finding {
    pub(super) fn new(check: Check, status: Status, found: impl Into<String>) -> Self {
        Self {
            check,
            database: None,
            status,
            found: found.into(),
            cure: None,
        }
    }

    pub(super) fn ok(check: Check, found: impl Into<String>) -> Self {
        Self::new(check, Status::Ok, found)
    }

    pub(super) fn failure(check: Check, found: impl Into<String>) -> Self {
        Self::new(check, Status::Failure, found)
    }

    pub(super) fn not_tested(check: Check, reason: impl Into<String>) -> Self {
        Self::new(check, Status::NotTested, reason)
    }

    pub(super) fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// What an optional database lacks keeps nobody from starting: its failures are warnings.
    pub(super) fn of(mut self, database: &'static str, need: Need) -> Self {
        self.database = Some(database);
        if need == Need::Optional {
            self.status = self.status.min(Status::Warning);
        }
        self
    }
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// One finding a line: those of the process, of each database in the order of the registry, of
    /// each deployment.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Returns the worst status of all; ok where there is none.
    pub fn worst(&self) -> Status {
        let statuses = self.findings.iter().map(|finding| finding.status);
        statuses.max().unwrap_or(Status::Ok)
    }
}
