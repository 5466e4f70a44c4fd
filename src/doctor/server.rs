//! What a server says of itself: users, version, clock, compression.

use std::time::{Duration, Instant, SystemTime};

use mongodb::{
    bson::{DateTime, Document, doc},
    options::Compressor,
};

use super::{Check, Finding, Live, Standing, Status, support};

/// Clocks of machines that are kept in time differ by milliseconds; by a second nobody keeps them.
const CLOCK_WARNING: Duration = Duration::from_secs(1);
/// The shortest time that anything here stores as a date and waits for is a minute (MongoDB's TTL):
/// by half of that dates decide wrongly.
const CLOCK_FAILURE: Duration = Duration::from_secs(30);

/// Says what a wrong user or password looks like.
pub(super) fn refused(variable: &str) -> Finding {
    let found = "the server did not accept user and password";
    Finding::failure(Check::Authentication, found).cure(format!(
        "correct user, password (percent-encoded) and authSource in {variable}"
    ))
}

/// Says who is signed in, and whether the server asks at all.
pub(super) async fn authentication(live: &Live, standing: Standing) -> Finding {
    let check = Check::Authentication;
    let listed = live
        .command_own(doc! { "listCollections": 1, "nameOnly": true })
        .await;
    let asked = listed.as_ref().is_err_and(|cause| cause.code() == Some(13));
    match live.command(doc! { "connectionStatus": 1 }).await {
        Err(cause) => Finding::not_tested(check, cause.to_string()),
        Ok(status) if is_signed_in(&status) => Finding::ok(check, "signed in"),
        Ok(_) if asked => {
            let found = "the server asks for a user, and the URI names none";
            Finding::failure(check, found)
                .cure("put user and password into the URI: mongodb://user:password@…")
        }
        Ok(_) => {
            let found = "off: whoever reaches the server may read and write everything";
            let finding = Finding::new(check, standing.open_door(), found);
            match standing.is_private {
                true => finding,
                false => finding.cure("switch it on in the server (security.authorization)"),
            }
        }
    }
}

fn is_signed_in(status: &Document) -> bool {
    let users = status
        .get_document("authInfo")
        .and_then(|info| info.get_array("authenticatedUsers"));
    users.is_ok_and(|users| !users.is_empty())
}

/// Compares the version with the day its support ends.
pub(super) async fn version(live: &Live, standing: Standing) -> Finding {
    let check = Check::Version;
    let info = match live.command(doc! { "buildInfo": 1 }).await {
        Ok(info) => info,
        Err(cause) => return Finding::not_tested(check, cause.to_string()),
    };
    let version = info.get_str("version").unwrap_or_default();
    let today = support::day(DateTime::now());
    match (support::end(version), today) {
        (Some(end), Some(today)) if today.as_str() > end => {
            let found = format!("MongoDB {version}, whose support ended on {end}");
            let finding = Finding::new(check, standing.limit(), found);
            match standing.is_private {
                true => finding,
                false => finding.cure("upgrade, one major version at a time"),
            }
        }
        (Some(end), Some(_)) => {
            Finding::ok(check, format!("MongoDB {version}, supported until {end}"))
        }
        _ => {
            let reason = format!("MongoDB {version}: the end of its support is not known here");
            Finding::not_tested(check, reason)
        }
    }
}

/// Compares the server's clock with this process's, at the middle of a round trip.
pub(super) async fn clock(live: &Live) -> Finding {
    let (wall, began) = (SystemTime::now(), Instant::now());
    let hello = match live.command(doc! { "hello": 1 }).await {
        Ok(hello) => hello,
        Err(cause) => return Finding::not_tested(Check::Clock, cause.to_string()),
    };
    let trip = began.elapsed();
    let Ok(server) = hello.get_datetime("localTime") else {
        return Finding::not_tested(Check::Clock, "the server does not tell its time");
    };
    let middle = DateTime::from_system_time(wall + trip / 2);
    let ahead = server.timestamp_millis() - middle.timestamp_millis();
    judge_clock(ahead, trip / 2)
}

/// `ahead` in milliseconds, sure to `doubt`.
fn judge_clock(ahead: i64, doubt: Duration) -> Finding {
    let difference = Duration::from_millis(ahead.unsigned_abs());
    let sure = difference.saturating_sub(doubt);
    let status = match sure {
        sure if sure > CLOCK_FAILURE => Status::Failure,
        sure if sure > CLOCK_WARNING => Status::Warning,
        _ => {
            let most = (difference + doubt).as_millis();
            return Finding::ok(Check::Clock, format!("differs by {most} ms at most"));
        }
    };
    let way = if ahead > 0 { "ahead of" } else { "behind" };
    let seconds = difference.as_secs_f64();
    let found = format!(
        "the server is {seconds:.1} s {way} this process: dates that expire do so at the wrong time"
    );
    Finding::new(Check::Clock, status, found).cure("keep both machines in time (NTP)")
}

/// Says what the connection was agreed to be compressed with.
pub(super) fn compression(live: &Live, ours: &[Compressor]) -> Finding {
    let offered: Vec<&str> = ours.iter().map(word).collect();
    let agreed = live.hello.get_array("compression");
    let agreed: Vec<&str> = agreed
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str())
        .collect();
    match agreed.is_empty() {
        false => Finding::ok(Check::Compression, agreed.join(", ")),
        true => {
            let found = format!("none: the server takes none of {}", offered.join(", "));
            let status = match live.is_here() {
                true => Status::Note,
                false => Status::Warning,
            };
            Finding::new(Check::Compression, status, found)
                .cure("let the server take snappy or zlib (net.compression.compressors)")
        }
    }
}

fn word(compressor: &Compressor) -> &'static str {
    match compressor {
        Compressor::Snappy => "snappy",
        Compressor::Zlib { .. } => "zlib",
        _ => "another",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_answer_proves_no_difference_of_clocks() {
        let second = Duration::from_secs(1);

        assert_eq!(judge_clock(1_500, second).status, Status::Ok);
        assert_eq!(judge_clock(-2_500, second).status, Status::Warning);
        assert_eq!(judge_clock(31_500, second).status, Status::Failure);
    }
}
