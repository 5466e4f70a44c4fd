//! Instructions per request, counted under callgrind in two lengths whose difference holds no start-up.

use mongoplex_figures::{Arguments, Figure, Goal, Report, instructions};

use super::{
    load::Load,
    process::{Both, Uris},
};
use crate::Failure;

/// Counts both sides; the bare one twice, as the control.
pub(crate) fn figure(uris: Uris<'_>, path: &str, arguments: &Arguments) -> Result<Figure, Failure> {
    let (low, high) = (200, arguments.choose(1_200, 700));
    Report::note("callgrind: HTTP");
    // Nothing but the calls, and none may come to its end because callgrind is slow.
    let quiet = |uri: &str| format!("{uri}&serverMonitoringMode=poll");
    let (admin, customer) = (quiet(uris.admin), quiet(uris.customer));
    let per_request = |side: &str| -> Result<Option<f64>, Failure> {
        let run =
            |count: u32| instructions(&[&admin, &customer, path, "http", side, &count.to_string()]);
        let (Some(less), Some(more)) = (run(low)?, run(high)?) else {
            return Ok(None);
        };
        Ok(Some((more as f64 - less as f64) / f64::from(high - low)))
    };
    let mut rounds = Vec::new();
    for _ in 0..arguments.choose(3, 1) {
        let (Some(raw), Some(ours), Some(again)) = (
            per_request("raw")?,
            per_request("ours")?,
            per_request("raw")?,
        ) else {
            Report::note("valgrind is not there: no instructions are counted");
            break;
        };
        Report::note(&format!("raw {raw:.0}, ours {ours:.0}, raw {again:.0}"));
        rounds.push((ours / raw, again / raw));
    }
    Ok(Figure::ratio("instructions of HTTP", Goal::None, rounds))
}

/// What runs under callgrind: `count` requests to one side, one after the other, and nothing else. Who
/// asks is in the same thread and does the same for both.
pub(crate) async fn run(
    uris: Uris<'_>,
    path: &str,
    side: &str,
    count: usize,
) -> Result<(), Failure> {
    let out_of_the_way = [
        ("DB_HEARTBEAT_FREQUENCY", "1h"),
        ("DB_CONNECT_TIMEOUT", "1m"),
        ("DB_SERVER_SELECTION_TIMEOUT", "1m"),
        ("DB_MIN_POOL_SIZE", "0"),
        ("STARTUP_TIMEOUT", "1m"),
    ];
    let both = Both::open(uris, &out_of_the_way).await?;
    let (ours, raw) = both.addresses();
    let address = if side == "ours" { ours } else { raw };
    let ask = async { Load::open(address, path, 1).await?.window(count).await };
    tokio::select! {
        ended = both.run() => ended,
        asked = ask => asked,
    }
}
