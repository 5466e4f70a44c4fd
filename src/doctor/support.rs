//! Until when MongoDB supports which of its versions.
//!
//! From <https://www.mongodb.com/legal/support-policy/lifecycles>, where a date for a later one is a
//! line more. A version whose end is not announced stands in no line.

use mongodb::bson::DateTime;

/// Release series and the last day of its support.
const ENDS: &[((u32, u32), &str)] = &[
    ((4, 2), "2023-04-30"),
    ((4, 4), "2024-02-29"),
    ((5, 0), "2024-10-31"),
    ((6, 0), "2025-07-31"),
    ((7, 0), "2027-08-31"),
    ((8, 0), "2029-10-31"),
    ((8, 2), "2026-07-31"),
];

/// Returns the last day on which a version such as `6.0.5` is supported, as `2025-07-31`.
pub(super) fn end(version: &str) -> Option<&'static str> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let series = (parts.next()??, parts.next()??);
    let known = ENDS.iter().find(|(known, _)| *known == series);
    known.map(|(_, end)| *end)
}

/// Returns the day of a moment, as `2025-07-31`, so that days can be compared as texts.
pub(super) fn day(moment: DateTime) -> Option<String> {
    let text = moment.try_to_rfc3339_string().ok()?;
    text.get(..10).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_its_series_end_and_an_unknown_one_none() {
        assert_eq!(end("6.0.5"), Some("2025-07-31"));
        assert_eq!(end("8.0.0-rc1"), Some("2029-10-31"));
        assert_eq!(end("6.1.0"), None);
        assert_eq!(end("9.0.1"), None);
        assert_eq!(end("nonsense"), None);
    }

    #[test]
    fn days_are_written_so_that_they_compare() {
        let first = day(DateTime::from_millis(0)).unwrap();

        assert_eq!(first, "1970-01-01");
        assert!(first.as_str() < end("4.2.0").unwrap());
    }
}
