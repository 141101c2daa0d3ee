//! Dates in the forms that headers, signatures and bodies have. Not what they mean.

use countersign::Timestamp;
use jiff::fmt::{rfc2822, strtime};

/// A date of any of the forms: HTTP (RFC 9110 section 5.6.7, the obsolete ones too), RFC 3339, compact (`20240131T120000Z`),
/// or seconds, milliseconds or microseconds since the epoch.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_matches('"');
    if text.len() < 8 || text.len() > 64 {
        return None;
    }
    epoch(text).or_else(|| http(text)).or_else(|| compact(text)).or_else(|| iso(text))
}

/// An HTTP date.
pub(crate) fn http(text: &str) -> Option<Timestamp> {
    let imf = || rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok();
    let old = |form: &str| strtime::parse(form, text).and_then(|time| time.to_datetime()).ok().and_then(in_utc);
    imf().or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT")).map(|time| time.as_second()).or_else(|| {
        let asctime = old("%a %b %e %H:%M:%S %Y").or_else(|| old("%a, %d-%b-%Y %H:%M:%S GMT"));
        asctime.map(|time| time.as_second())
    })
}

fn in_utc(time: jiff::civil::DateTime) -> Option<jiff::Timestamp> {
    jiff::tz::TimeZone::UTC.to_timestamp(time).ok()
}

fn compact(text: &str) -> Option<Timestamp> {
    let time = strtime::parse("%Y%m%dT%H%M%SZ", text).and_then(|time| time.to_datetime()).ok()?;
    in_utc(time).map(|time| time.as_second())
}

fn iso(text: &str) -> Option<Timestamp> {
    let civil = || text.replacen(' ', "T", 1).trim_end_matches('Z').parse::<jiff::civil::DateTime>().ok().and_then(in_utc);
    text.parse::<jiff::Timestamp>().ok().or_else(civil).map(|time| time.as_second())
}

/// A number that can only be a time of this century.
fn epoch(text: &str) -> Option<Timestamp> {
    let (whole, _) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().ok()?;
    match number {
        946_684_800..=4_102_444_800 => Some(number),
        946_684_800_000..=4_102_444_800_000 => Some(number / 1_000),
        946_684_800_000_000..=4_102_444_800_000_000 => Some(number / 1_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<Timestamp>) {
        assert_eq!(read(text), expect, "{text}");
    }

    #[test]
    fn forms_of_dates() {
        check("Tue, 14 Nov 2023 22:13:20 GMT", Some(1_700_000_000));
        check("Mon, 14 Nov 2023 22:13:20 GMT", Some(1_700_000_000));
        check("Tuesday, 14-Nov-23 22:13:20 GMT", Some(1_700_000_000));
        check("Tue Nov 14 22:13:20 2023", Some(1_700_000_000));
        check("20231114T221320Z", Some(1_700_000_000));
        check("2023-11-14T22:13:20Z", Some(1_700_000_000));
        check("2023-11-14T22:13:20.123+00:00", Some(1_700_000_000));
        check("2023-11-14 22:13:20Z", Some(1_700_000_000));
        check("1700000000", Some(1_700_000_000));
        check("1700000000123", Some(1_700_000_000));
        check("12345678", None);
        check("never, or so", None);
        check("", None);
    }
}
