//! How the guard treats the calls of one logical database.

use std::time::Duration;

use super::{parse, reader::Reader};

/// Deadlines, bulkhead, circuit breaker and retries of one logical database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuardConfig {
    /// How long calls may take in all.
    pub deadlines: Deadlines,
    /// How many calls may be under way at once.
    pub bulkhead: BulkheadConfig,
    /// When calls are refused for a while.
    pub breaker: BreakerConfig,
    /// When a call is sent again.
    pub retry: RetryConfig,
    /// From when on a call is kept among the slow operations, by class. The circuit has times of its own.
    pub slowlog: Deadlines,
}

/// How long calls may take in all, unless a request or a call says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// A read of one document.
    pub read: Duration,
    /// A write.
    pub write: Duration,
    /// Each batch of a find or an aggregate, and a count.
    pub scan: Duration,
}

/// How many calls may be under way at once: the pool's size less a reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadConfig {
    /// Connections that are left to health probes and commits.
    pub reserve: u32,
    /// Calls that may wait for a place at once.
    pub queue: u32,
    /// How long each of them waits; never longer than half of what its deadline leaves.
    pub wait: Duration,
    /// The share of the places that one tenant reaches alone, in per cent.
    pub tenant_share: u32,
}

/// When calls are refused for a while, without reaching the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerConfig {
    /// Failures in a row that open the circuit.
    pub failures: u32,
    /// The time over which rates are measured.
    pub window: Duration,
    /// Calls within the window without which no rate opens the circuit.
    pub min_calls: u32,
    /// The share of failures that opens it, in per cent.
    pub failure_rate: u8,
    /// The share of slow calls that opens it, in per cent.
    pub slow_rate: u8,
    /// From when on a call is slow, by class.
    pub slow: Deadlines,
    /// How long it stays open the first time, give or take a half; twice as long each time after.
    pub open: Duration,
    /// How long at most.
    pub open_max: Duration,
    /// Calls that are let through half-open; that many must succeed.
    pub probes: u32,
    /// How long they may take together.
    pub probe_wait: Duration,
    /// How long calls may wait for an eligible server before they are refused: a step-down is shorter.
    pub outage_grace: Duration,
}

/// When a call is sent again, where that is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Attempts in all; 1 for none but the first. The driver's own one counts as part of each.
    pub attempts: u32,
    /// The first pause, full jitter; twice as long each time after.
    pub pause: Duration,
    /// The longest pause.
    pub pause_max: Duration,
    /// Tokens of the deployment's budget: a retry takes 5, a success gives 1.
    pub budget: u32,
}

/// Reads all of it; `None` after a fault, which is noted.
pub(super) fn read(reader: &mut Reader, name: &str) -> Option<GuardConfig> {
    // Each is read even after a fault: all faults in one run.
    let deadlines = times(
        reader,
        name,
        ["READ_DEADLINE", "WRITE_DEADLINE", "SCAN_DEADLINE"],
    );
    let slow = times(reader, name, ["SLOW_READ", "SLOW_WRITE", "SLOW_SCAN"]);
    let bulkhead = bulkhead(reader, name);
    let breaker = slow.and_then(|slow| breaker(reader, name, slow));
    let retry = retry(reader, name);
    let slowlog = times(
        reader,
        name,
        ["SLOWLOG_READ", "SLOWLOG_WRITE", "SLOWLOG_SCAN"],
    );
    Some(GuardConfig {
        deadlines: deadlines?,
        bulkhead: bulkhead?,
        breaker: breaker?,
        retry: retry?,
        slowlog: slowlog?,
    })
}

fn times(reader: &mut Reader, name: &str, settings: [&str; 3]) -> Option<Deadlines> {
    let [read, write, scan] =
        settings.map(|setting| reader.database(name, setting, parse::duration));
    Some(Deadlines {
        read: read?.value,
        write: write?.value,
        scan: scan?.value,
    })
}

fn bulkhead(reader: &mut Reader, name: &str) -> Option<BulkheadConfig> {
    let reserve = reader.database(name, "POOL_RESERVE", parse::count_or_none);
    let queue = reader.database(name, "QUEUE_SIZE", parse::count_or_none);
    let wait = reader.database(name, "QUEUE_WAIT", parse::duration);
    let tenant_share = reader.database(name, "TENANT_SHARE", parse::percent);
    Some(BulkheadConfig {
        reserve: reserve?.value,
        queue: queue?.value,
        wait: wait?.value,
        tenant_share: tenant_share?.value.into(),
    })
}

fn breaker(reader: &mut Reader, name: &str, slow: Deadlines) -> Option<BreakerConfig> {
    let failures = reader.database(name, "BREAKER_FAILURES", parse::count);
    let window = reader.database(name, "BREAKER_WINDOW", parse::seconds);
    let min_calls = reader.database(name, "BREAKER_MIN_CALLS", parse::count);
    let failure_rate = reader.database(name, "BREAKER_FAILURE_RATE", parse::percent);
    let slow_rate = reader.database(name, "BREAKER_SLOW_RATE", parse::percent);
    let open = reader.database(name, "BREAKER_OPEN", parse::duration);
    let open_max = reader.database(name, "BREAKER_OPEN_MAX", parse::duration);
    let probes = reader.database(name, "BREAKER_PROBES", parse::count);
    let probe_wait = reader.database(name, "BREAKER_PROBE_WAIT", parse::duration);
    let outage_grace = reader.database(name, "OUTAGE_GRACE", parse::duration);
    Some(BreakerConfig {
        failures: failures?.value,
        window: window?.value,
        min_calls: min_calls?.value,
        failure_rate: failure_rate?.value,
        slow_rate: slow_rate?.value,
        slow,
        open: open?.value,
        open_max: open_max?.value,
        probes: probes?.value,
        probe_wait: probe_wait?.value,
        outage_grace: outage_grace?.value,
    })
}

fn retry(reader: &mut Reader, name: &str) -> Option<RetryConfig> {
    let attempts = reader.database(name, "RETRY_ATTEMPTS", parse::count);
    let pause = reader.database(name, "RETRY_PAUSE", parse::duration);
    let pause_max = reader.database(name, "RETRY_PAUSE_MAX", parse::duration);
    let budget = reader.database(name, "RETRY_BUDGET", parse::count_or_none);
    Some(RetryConfig {
        attempts: attempts?.value,
        pause: pause?.value,
        pause_max: pause_max?.value,
        budget: budget?.value,
    })
}
