//! The times that logs are written with, as seconds since the epoch. Read by hand, since a log of a gigabyte has millions
//! of them; a test holds them against the calendar's library. A time without a zone is taken for UTC.

/// `10/Oct/2000:13:55:36 -0700`, with or without parts of a second and zone.
pub(super) fn common(text: &[u8]) -> Option<i64> {
    zoned(text).map(|(at, _)| at)
}

/// The same, with the seconds that its zone is ahead of UTC.
pub(super) fn zoned(text: &[u8]) -> Option<(i64, i64)> {
    let day = digits(text, 0, 2)?;
    let month = month(text.get(3..6)?)?;
    let year = digits(text, 7, 4)?;
    let seconds = of_day(text.get(12..20)?)?;
    let zone = zone(text.get(20..).unwrap_or_default());
    Some((days(year, month, day)? * 86_400 + seconds - zone, zone))
}

/// RFC 3339, and the like of it: `2024-01-02T03:04:05.678Z`, `2024/01/02 03:04:05`.
pub(super) fn iso(text: &[u8]) -> Option<i64> {
    let (year, month, day) = (digits(text, 0, 4)?, digits(text, 5, 2)?, digits(text, 8, 2)?);
    let seconds = of_day(text.get(11..19)?)?;
    Some(days(year, month, day)? * 86_400 + seconds - zone(text.get(19..).unwrap_or_default()))
}

/// `Wed Oct 11 14:32:52.123456 2023`, as Apache's error log has it.
pub(super) fn apache(text: &[u8]) -> Option<i64> {
    let month = month(text.get(4..7)?)?;
    let day = digits(text, 8, 2)?;
    let year = digits(text, text.len().checked_sub(4)?, 4)?;
    Some(days(year, month, day)? * 86_400 + of_day(text.get(11..19)?)?)
}

/// Seconds, or from their size milli-, micro- or nanoseconds, since the epoch; parts of a second are left out.
pub(super) fn epoch(text: &[u8]) -> Option<i64> {
    let whole = text.split(|c| *c == b'.').next()?;
    let mut value: i64 = std::str::from_utf8(whole).ok()?.parse().ok()?;
    while value > 100_000_000_000 {
        value /= 1000;
    }
    (value > 0).then_some(value)
}

/// Any of them.
pub(super) fn any(text: &[u8]) -> Option<i64> {
    match text.get(2) {
        Some(b'/') => common(text),
        _ => iso(text).or_else(|| epoch(text)),
    }
}

fn digits(text: &[u8], at: usize, count: usize) -> Option<i64> {
    text.get(at..at + count)?.iter().try_fold(0, |number, c| match c {
        b'0'..=b'9' => Some(number * 10 + i64::from(c - b'0')),
        b' ' if number == 0 => Some(0),
        _ => None,
    })
}

fn month(name: &[u8]) -> Option<i64> {
    const NAMES: [&[u8]; 12] = [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    NAMES.iter().zip(1..).find(|(known, _)| **known == name).map(|(_, number)| number)
}

/// `13:55:36`
fn of_day(text: &[u8]) -> Option<i64> {
    let (hour, minute, second) = (digits(text, 0, 2)?, digits(text, 3, 2)?, digits(text, 6, 2)?);
    (hour < 24 && minute < 60 && second < 61).then_some(hour * 3600 + minute * 60 + second)
}

/// The seconds that a zone is ahead of UTC: `Z`, ` -0700`, `+02:00`, after parts of a second.
fn zone(text: &[u8]) -> i64 {
    let Some(at) = text.iter().take(16).position(|c| matches!(c, b'+' | b'-')) else { return 0 };
    let sign = if text.get(at) == Some(&b'-') { -1 } else { 1 };
    let colon = usize::from(text.get(at + 3) == Some(&b':'));
    let (Some(hours), Some(minutes)) = (digits(text, at + 1, 2), digits(text, at + 3 + colon, 2)) else { return 0 };
    sign * (hours * 3600 + minutes * 60)
}

/// Days since the epoch. The year is taken to begin in March, so that the leap day is its last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (from_march * 153 + 2) / 5 + day - 719_469)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[track_caller]
    fn check(read: fn(&[u8]) -> Option<i64>, text: &str, expect: &str) {
        let expect: Option<jiff::Timestamp> = if expect.is_empty() { None } else { Some(expect.parse().unwrap()) };
        assert_eq!(read(text.as_bytes()), expect.map(jiff::Timestamp::as_second), "{text}");
    }

    #[test]
    fn times_of_logs() {
        check(common, "10/Oct/2000:13:55:36 -0700", "2000-10-10T13:55:36-07:00");
        check(common, "06/Feb/2009:12:14:14.655", "2009-02-06T12:14:14Z");
        check(common, "29/Feb/2024:23:59:60 +0530", "2024-02-29T18:30:00Z");
        check(common, "10/Okt/2000:13:55:36 -0700", "");
        check(common, "10/Oct/2000:25:55:36 -0700", "");
        check(common, "", "");
        check(iso, "2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05Z");
        check(iso, "2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z");
        check(iso, "2024/01/02 03:04:05 [error]", "2024-01-02T03:04:05Z");
        check(apache, "Wed Oct 11 14:32:52.123456 2023", "2023-10-11T14:32:52Z");
        check(apache, "Wed Oct  1 14:32:52 2023", "2023-10-01T14:32:52Z");
        check(epoch, "1646861401.5241024", "2022-03-09T21:30:01Z");
        check(epoch, "1646861401524", "2022-03-09T21:30:01Z");
        check(any, "10/Oct/2000:13:55:36 +0000", "2000-10-10T13:55:36Z");
    }

    #[test]
    fn every_day_is_the_calendars() {
        let mut day = jiff::civil::date(1970, 1, 1);
        for number in 0..60_000 {
            assert_eq!(days(day.year().into(), day.month().into(), day.day().into()), Some(number), "{day}");
            day = day.tomorrow().unwrap();
        }
    }
}
