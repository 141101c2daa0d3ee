//! Times for people: UTC, and differences in the two largest units that matter.

use countersign::Timestamp;

/// A time as RFC 3339 in UTC; what lies outside the calendar is shown as seconds since the epoch.
pub fn utc(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| format!("@{at}"), |time| time.to_string())
}

/// The same to the millisecond.
pub(crate) fn utc_ms(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| format!("@{at_ms} ms"), |time| format!("{time:.3}"))
}

/// A length of time: `3 min 12 s`, `2 d 4 h`. The sign is left out.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(length, _)| seconds >= *length).unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, unit) in units.iter().skip(first).take(2) {
        let count = rest / length;
        rest %= length;
        if count > 0 || parts.is_empty() {
            parts.push(format!("{count} {unit}"));
        }
    }
    parts.join(" ")
}

/// Where a time lies as seen from the request.
pub(crate) fn from_request(at: Timestamp, request: Timestamp) -> String {
    match at.saturating_sub(request) {
        0 => "at the time of the request".to_owned(),
        before @ ..0 => format!("{} before the request", span(before)),
        after => format!("{} after the request", span(after)),
    }
}

/// Where a time lies as seen from now.
pub(crate) fn from_now(at: Timestamp, now: Timestamp) -> String {
    match at.saturating_sub(now) {
        0 => "just now".to_owned(),
        before @ ..0 => format!("{} ago", span(before)),
        after => format!("{} ahead of this machine's clock", span(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, expect: &str) {
        assert_eq!(span(seconds), expect);
        assert_eq!(span(-seconds), expect);
    }

    #[test]
    fn lengths_of_time() {
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min");
        check(192, "3 min 12 s");
        check(3_600, "1 h");
        check(3_659, "1 h");
        check(3_661 + 59, "1 h 2 min");
        check(2 * 86_400 + 4 * 3_600 + 59, "2 d 4 h");
        check(i64::MAX, "106751991167300 d 15 h");
    }

    #[test]
    fn times_and_where_they_lie() {
        assert_eq!(utc(1_700_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(utc_ms(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(utc(i64::MAX), format!("@{}", i64::MAX));
        assert_eq!(from_request(100, 292), "3 min 12 s before the request");
        assert_eq!(from_request(292, 292), "at the time of the request");
        assert_eq!(from_request(i64::MAX, -1), format!("{} after the request", span(i64::MAX)));
        assert_eq!(from_now(100, 161), "1 min 1 s ago");
    }
}
